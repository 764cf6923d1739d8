using Merpati.Storage;

namespace Merpati.Platform.Sharing;

/// <summary>Something that each process counts and decides by itself, and that all processes of a service count together a moment later.</summary>
public interface ISharedCounts
{
    /// <summary>Adds what was counted here since the last time to what all have counted, and takes over the sum. What fails is tried again the next time.</summary>
    ValueTask ShareAsync(ISharedRecords records, CancellationToken cancellationToken);
}
