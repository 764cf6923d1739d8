using System.Text.Json;
using Merpati.Administration;

namespace Merpati.Storage;

/// <summary>What the last <see cref="ConsistencyCheck"/> found, where those see it who show it: a job is gone when somebody comes to ask.</summary>
public static class LastCheck
{
    private const string Kind = "fsck";
    private const string Key = "last";

    /// <summary>Longer than anybody leaves a check out on purpose.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    public static ValueTask WriteAsync(ISharedRecords records, FsckReport report, CancellationToken cancellationToken)
        => records.PutAsync([new SharedRecord(Kind, Key, JsonSerializer.SerializeToUtf8Bytes(report with { Findings = [] }, AdministrationJson.Default.FsckReport), report.At + Kept)], cancellationToken);

    /// <summary>Without the findings; null when there was none, or it cannot be read.</summary>
    public static async ValueTask<FsckReport?> ReadAsync(ISharedRecords records, CancellationToken cancellationToken)
    {
        if (await records.FindAsync(Kind, Key, cancellationToken) is not { } record) return null;
        try { return JsonSerializer.Deserialize(record.Value.Span, AdministrationJson.Default.FsckReport); }
        catch (JsonException) { return null; } // of another version
    }
}
