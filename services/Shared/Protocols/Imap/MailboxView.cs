using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// What this session has told its client of the selected mailbox: which message has which number.
/// Pure: it learns of changes by <see cref="Apply"/> and <see cref="Expunge"/>, and gives them out when the protocol allows.
/// Numbers shift only in <see cref="TakeExpunges"/>, so that a command that may not announce an EXPUNGE (RFC 3501 §7.4.1)
/// keeps its numbers whatever other sessions do. Costs four bytes a message, and none before the first change:
/// the array of the snapshot is shared until then.
/// </summary>
internal sealed class MailboxView
{
    private Uid[] _uids;
    private int _count;
    private bool _ownsArray;
    private readonly List<UidRange> _recent = [];
    private readonly HashSet<Uid> _expunged = [];
    private readonly Dictionary<Uid, ModSeq> _told = [];
    private List<MessageState> _flagChanges = [];
    private int _announced;
    private int _lastNumber;
    private ModSeq _beforeExpunges;

    /// <param name="uids">Ascending; not changed here, may be shared.</param>
    /// <param name="modSeq">HIGHESTMODSEQ of the same moment.</param>
    public MailboxView(Uid[] uids, ModSeq modSeq)
    {
        _uids = uids;
        _count = _announced = uids.Length;
        ModSeq = modSeq;
    }

    /// <summary>Messages that have a number.</summary>
    public int Count => _count;

    /// <summary>Everything up to here is known.</summary>
    public ModSeq ModSeq { get; private set; }

    /// <summary>Everything up to here the client has been told once a command ends: expunges that are held back count from before they were known.</summary>
    public ModSeq ToldModSeq => HoldsExpunges ? _beforeExpunges : ModSeq;

    /// <summary>Messages are gone whose EXPUNGE or VANISHED has to wait for another command.</summary>
    public bool HoldsExpunges => _expunged.Count > 0;

    /// <summary>The UIDs in order; message n stands at n-1.</summary>
    public ReadOnlySpan<Uid> Uids => _uids.AsSpan(0, _count);

    /// <summary>The highest UID; null in an empty mailbox.</summary>
    public Uid? LastUid => _count == 0 ? null : _uids[_count - 1];

    public int RecentCount
    {
        get
        {
            var recent = 0;
            foreach (var range in _recent) recent += LowerBound(range.Last.Value + 1L) - LowerBound(range.First.Value);
            return recent;
        }
    }

    public UidSet RecentSet => UidSet.Of(_recent);

    /// <summary>All UIDs up to the last that has a number.</summary>
    public UidSet KnownSet => LastUid is { } last ? UidSet.Of([new UidRange(new Uid(1), last)]) : UidSet.Empty;

    /// <summary>Messages that are gone and still have their numbers.</summary>
    public IReadOnlyCollection<Uid> Vanishing => _expunged;

    /// <summary>What '$' stands for (RFC 5182 §2.1). Messages that are gone may be in it: they have no number any more.</summary>
    public UidSet Saved { get; set; } = UidSet.Empty;

    public bool IsRecent(Uid uid)
    {
        foreach (var range in _recent)
        {
            if (range.Contains(uid)) return true;
        }
        return false;
    }

    /// <summary>This session has the messages from <paramref name="first"/> to the last it knows as recent.</summary>
    public void ClaimRecent(Uid first)
    {
        if (LastUid is not { } last || first > last) return;
        if (_recent.Count > 0 && first.Value <= _recent[^1].Last.Value + 1L) _recent[^1] = _recent[^1] with { Last = last };
        else _recent.Add(new UidRange(first, last));
    }

    /// <summary>IMAP4rev2 has no \Recent.</summary>
    public void ForgetRecent() => _recent.Clear();

    /// <summary>The number of a message; 0 when the client knows none of this UID.</summary>
    public int NumberOf(Uid uid)
    {
        // Mostly it is asked of one message after the other, or of one several times.
        if (_lastNumber < _count && _uids[_lastNumber] == uid) return ++_lastNumber;
        if (_lastNumber > 0 && _lastNumber <= _count && _uids[_lastNumber - 1] == uid) return _lastNumber;
        var index = LowerBound(uid.Value);
        return index < _count && _uids[index] == uid ? _lastNumber = index + 1 : 0;
    }

    /// <summary>
    /// The messages of a set, as UIDs, with how many of them have a number here. Null when a message number is not in use:
    /// that is the client's error (RFC 3501 §9 seq-number). UIDs that are not there are no error (§6.4.8), nor are ranges that end in '*'
    /// in an empty mailbox: clients ask for <c>1:*</c> without looking at EXISTS.
    /// </summary>
    public (UidSet Uids, int Count)? Resolve(SequenceSet set, bool byUid)
    {
        if (set.IsSaved) return (Saved, CountOf(Saved));
        if (byUid) return ResolveUids(set);
        var ranges = new List<UidRange>(set.Ranges.Count);
        foreach (var range in set.Ranges)
        {
            if (_count == 0 && range.IsOpen) continue;
            var (first, last) = range.Resolve((uint)_count);
            if (first == 0 || last > _count) return null;
            ranges.Add(new UidRange(_uids[first - 1], _uids[last - 1]));
        }
        var uids = UidSet.Of(ranges);
        return (uids, CountOf(uids));
    }

    /// <summary>The messages of a set of numbers; those not in use match nothing, as SEARCH has it.</summary>
    public UidSet ResolveKnown(SequenceSet numbers)
    {
        if (numbers.IsSaved) return Saved;
        var ranges = new List<UidRange>(numbers.Ranges.Count);
        foreach (var range in numbers.Ranges)
        {
            var (first, last) = range.Resolve((uint)_count);
            first = Math.Max(first, 1);
            last = Math.Min(last, (uint)_count);
            if (first <= last) ranges.Add(new UidRange(_uids[first - 1], _uids[last - 1]));
        }
        return UidSet.Of(ranges);
    }

    /// <summary>A set of UIDs as a search key: '*' is the last that has a number, and whatever else is named may still come.</summary>
    public UidSet ResolveOpen(SequenceSet set)
    {
        if (set.IsSaved) return Saved;
        var highest = LastUid;
        var ranges = new List<UidRange>(set.Ranges.Count);
        foreach (var range in set.Ranges)
        {
            if (highest is null && (range.First == SequenceRange.Star || range.Last == SequenceRange.Star)) continue;
            var (first, last) = range.Resolve(highest?.Value ?? 0);
            ranges.Add(new UidRange(new Uid(first), new Uid(last)));
        }
        return UidSet.Of(ranges);
    }

    private (UidSet Uids, int Count) ResolveUids(SequenceSet set)
    {
        if (LastUid is not { } highest) return (UidSet.Empty, 0);
        var lowest = _uids[0];
        var ranges = new List<UidRange>(set.Ranges.Count);
        foreach (var range in set.Ranges)
        {
            var (first, last) = range.Resolve(highest.Value);
            // Messages that arrived but have no number yet are above the last we know: they stay out.
            if (first > highest.Value || last < lowest.Value) continue;
            ranges.Add(new UidRange(new Uid(Math.Max(first, lowest.Value)), new Uid(Math.Min(last, highest.Value))));
        }
        var uids = UidSet.Of(ranges);
        return (uids, CountOf(uids));
    }

    /// <summary>The same messages in sets of <paramref name="size"/> messages each, in order.</summary>
    public IEnumerable<UidSet> Split(UidSet uids, int size)
    {
        var batch = new List<UidRange>();
        var room = size;
        foreach (var range in uids)
        {
            var last = LowerBound(range.Last.Value + 1L);
            for (var first = LowerBound(range.First.Value); first < last;)
            {
                var taken = Math.Min(room, last - first);
                batch.Add(new UidRange(_uids[first], _uids[first + taken - 1]));
                first += taken;
                room -= taken;
                if (room > 0) continue;
                yield return UidSet.Of(batch);
                batch = [];
                room = size;
            }
        }
        if (batch.Count > 0) yield return UidSet.Of(batch);
    }

    /// <summary>Those from the <paramref name="first"/> to the <paramref name="last"/> of a set's messages, counted from 1 (RFC 9394).</summary>
    public UidSet Slice(UidSet uids, long first, long last)
    {
        var ranges = new List<UidRange>();
        var passed = 0L;
        foreach (var range in uids)
        {
            var start = LowerBound(range.First.Value);
            var count = LowerBound(range.Last.Value + 1L) - start;
            var from = Math.Max(first - 1 - passed, 0);
            var to = Math.Min(last - passed, count);
            if (from < to) ranges.Add(new UidRange(_uids[start + (int)from], _uids[start + (int)to - 1]));
            passed += count;
        }
        return UidSet.Of(ranges);
    }

    /// <summary>The messages of a set that have a number, in order.</summary>
    public IEnumerable<Uid> Known(UidSet uids)
    {
        foreach (var range in uids)
        {
            for (var i = LowerBound(range.First.Value); i < _count && _uids[i] <= range.Last; i++) yield return _uids[i];
        }
    }

    /// <summary>The UIDs of a range at which no message has a number.</summary>
    public IEnumerable<UidRange> Gaps(UidRange range)
    {
        var next = (long)range.First.Value;
        for (var i = LowerBound(next); i < _count && _uids[i] <= range.Last; i++)
        {
            if (_uids[i].Value > next) yield return new UidRange(new Uid((uint)next), new Uid(_uids[i].Value - 1));
            next = _uids[i].Value + 1L;
        }
        if (next <= range.Last.Value) yield return range with { First = new Uid((uint)next) };
    }

    /// <summary>How many messages of a set have a number.</summary>
    public int CountOf(UidSet uids)
    {
        var count = 0;
        foreach (var range in uids) count += LowerBound(range.Last.Value + 1L) - LowerBound(range.First.Value);
        return count;
    }

    /// <summary>Takes in what happened since <see cref="ModSeq"/>. Nothing is announced yet, but arrivals have their numbers from here on.</summary>
    public void Apply(MailboxChanges changes)
    {
        var highest = LastUid;
        foreach (var state in changes.Changed)
        {
            if (highest is null || state.Uid > highest)
            {
                Append(state.Uid);
            }
            else if (!_told.TryGetValue(state.Uid, out var told) || told != state.ModSeq)
            {
                if (NumberOf(state.Uid) > 0) _flagChanges.Add(state);
            }
        }
        _told.Clear();
        if (!HoldsExpunges) _beforeExpunges = ModSeq;
        foreach (var uid in Known(changes.Expunged)) _expunged.Add(uid);
        if (changes.Mailbox.HighestModSeq > ModSeq) ModSeq = changes.Mailbox.HighestModSeq;
    }

    /// <summary>The message is gone; it keeps its number until <see cref="TakeExpunges"/>.</summary>
    public void Expunge(Uid uid)
    {
        if (NumberOf(uid) == 0) return;
        if (!HoldsExpunges) _beforeExpunges = ModSeq;
        _expunged.Add(uid);
    }

    /// <summary>The client knows these flags of the message already: our own STORE does not come back to it as news.</summary>
    public void Told(MessageState state) => _told[state.Uid] = state.ModSeq;

    /// <summary>A change of this session alone, of which the client knows all: if it is the next one, there is no news up to it.</summary>
    public void Made(ModSeq change)
    {
        if (change.Value == ModSeq.Value + 1) ModSeq = change;
    }

    /// <summary>
    /// The numbers to announce as EXPUNGE, in this order; each already counts the ones before it (RFC 3501 §7.4.1).
    /// A message that came and went before its EXISTS was told of goes without a word.
    /// </summary>
    public IReadOnlyList<int> TakeExpunges() => TakeGone(static (number, _) => number);

    /// <summary>The same as UIDs, for VANISHED (RFC 7162 §3.2.10).</summary>
    public UidSet TakeVanished() => UidSet.Of(TakeGone(static (_, uid) => uid));

    private List<T> TakeGone<T>(Func<int, Uid, T> told)
    {
        if (_expunged.Count == 0) return [];
        OwnArray(_count);
        var gone = new List<T>(_expunged.Count);
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!_expunged.Contains(_uids[i])) _uids[kept++] = _uids[i];
            else if (i < _announced) gone.Add(told(kept + 1, _uids[i]));
        }
        _count = kept;
        _announced -= gone.Count;
        _expunged.Clear();
        return gone;
    }

    /// <summary>Messages that have come and that EXISTS has not told of.</summary>
    public UidSet Arrivals => _count == _announced ? UidSet.Empty : UidSet.Of([new UidRange(_uids[_announced], _uids[_count - 1])]);

    /// <summary>True once after messages arrived: EXISTS and RECENT are due.</summary>
    public bool TakeArrivals()
    {
        var arrivals = _count > _announced;
        _announced = _count;
        return arrivals;
    }

    /// <summary>Flags that changed elsewhere, of messages that are still there, UID ascending.</summary>
    public IReadOnlyList<MessageState> TakeFlagChanges()
    {
        if (_flagChanges.Count == 0) return [];
        var changes = _flagChanges;
        _flagChanges = [];
        changes.RemoveAll(state => _expunged.Contains(state.Uid) || NumberOf(state.Uid) == 0);
        return changes;
    }

    private void Append(Uid uid)
    {
        OwnArray(_count + 1);
        _uids[_count++] = uid;
    }

    private void OwnArray(int capacity)
    {
        if (_ownsArray && capacity <= _uids.Length) return;
        var grown = new Uid[Math.Max(capacity, _ownsArray ? _uids.Length + _uids.Length / 4 + 8 : capacity)];
        Uids.CopyTo(grown);
        _uids = grown;
        _ownsArray = true;
    }

    /// <summary>How many UIDs are below <paramref name="value"/>.</summary>
    private int LowerBound(long value)
    {
        int low = 0, high = _count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_uids[middle].Value < value) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
