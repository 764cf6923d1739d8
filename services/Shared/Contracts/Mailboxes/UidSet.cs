using System.Collections;

namespace Merpati.Mailboxes;

/// <summary>A closed range of UIDs, First not above Last.</summary>
public readonly record struct UidRange(Uid First, Uid Last)
{
    public bool Contains(Uid uid) => uid >= First && uid <= Last;
}

/// <summary>A set of UIDs as sorted, disjoint, non-adjacent ranges; memory grows with the ranges, not with the members.</summary>
public sealed class UidSet : IReadOnlyList<UidRange>
{
    private readonly UidRange[] _ranges;

    private UidSet(UidRange[] ranges) => _ranges = ranges;

    public static UidSet Empty { get; } = new([]);

    /// <summary>Every UID from 1 to 2^32-1.</summary>
    public static UidSet All { get; } = new([new UidRange(new Uid(1), new Uid(uint.MaxValue))]);

    public int Count => _ranges.Length;

    public bool IsEmpty => _ranges.Length == 0;

    public UidRange this[int index] => _ranges[index];

    public static UidSet Of(params ReadOnlySpan<Uid> uids)
    {
        var ranges = new UidRange[uids.Length];
        for (var i = 0; i < uids.Length; i++) ranges[i] = new UidRange(uids[i], uids[i]);
        return Of(ranges);
    }

    public static UidSet Of(IEnumerable<Uid> uids) => Of(uids.Select(uid => new UidRange(uid, uid)));

    /// <summary>Sorts and joins ranges given in any order.</summary>
    public static UidSet Of(IEnumerable<UidRange> ranges)
    {
        var sorted = ranges.Select(r => r.First <= r.Last ? r : new UidRange(r.Last, r.First)).OrderBy(r => r.First.Value).ToArray();
        if (sorted.Length == 0) return Empty;
        var joined = new List<UidRange>(sorted.Length) { sorted[0] };
        foreach (var range in sorted.AsSpan(1))
        {
            var last = joined[^1];
            if (range.First.Value <= last.Last.Value || range.First.Value == last.Last.Value + 1)
                joined[^1] = last with { Last = range.Last > last.Last ? range.Last : last.Last };
            else
                joined.Add(range);
        }
        return new UidSet([.. joined]);
    }

    /// <summary>How many UIDs are in it.</summary>
    public long Members => _ranges.Sum(range => range.Last.Value - (long)range.First.Value + 1);

    /// <summary>The UIDs that are in both.</summary>
    public UidSet Intersect(UidSet other)
    {
        var both = new List<UidRange>();
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            var (one, two) = (_ranges[i], other._ranges[j]);
            var first = one.First > two.First ? one.First : two.First;
            var last = one.Last < two.Last ? one.Last : two.Last;
            if (first <= last) both.Add(new UidRange(first, last));
            if (one.Last < two.Last) i++;
            else j++;
        }
        return new UidSet([.. both]);
    }

    public bool Contains(Uid uid)
    {
        int low = 0, high = _ranges.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (uid < _ranges[middle].First) high = middle - 1;
            else if (uid > _ranges[middle].Last) low = middle + 1;
            else return true;
        }
        return false;
    }

    /// <summary>As in a UID set of IMAP: <c>1:3,7</c>.</summary>
    public override string ToString()
        => string.Join(',', _ranges.Select(r => r.First == r.Last ? r.First.ToString() : $"{r.First}:{r.Last}"));

    public IEnumerator<UidRange> GetEnumerator() => ((IEnumerable<UidRange>)_ranges).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _ranges.GetEnumerator();
}
