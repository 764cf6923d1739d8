using Merpati.Administration;

namespace Merpati.Storage;

/// <summary>Adds up what a <see cref="ConsistencyCheck"/> finds: all of it is counted, the first of each kind are kept.</summary>
public sealed class DamageTally(TimeProvider time, bool readBodies)
{
    /// <summary>Of one kind.</summary>
    private const int MostKept = 100;

    private readonly long _startedAt = time.GetTimestamp();
    private readonly SortedDictionary<DamageKind, FsckCount> _counts = [];
    private readonly List<FsckFinding> _findings = [];

    /// <returns>Null when there are so many of its kind that it is counted only.</returns>
    public FsckFinding? Add(Damage damage)
    {
        var count = _counts.GetValueOrDefault(damage.Kind) ?? new FsckCount(Damage.Name(damage.Kind), 0, 0, 0);
        _counts[damage.Kind] = count = count with { Found = count.Found + 1, Repaired = count.Repaired + (damage.Mended ? 1 : 0), Octets = count.Octets + damage.Octets };
        if (count.Found > MostKept) return null;
        _findings.Add(new FsckFinding(count.Kind, damage.Where, damage.What, damage.Mended));
        return _findings[^1];
    }

    public FsckReport Report() => new(time.GetUtcNow(), Math.Round(time.GetElapsedTime(_startedAt).TotalSeconds, 3), readBodies, [.. _counts.Values], [.. _findings]);
}
