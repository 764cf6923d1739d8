namespace Merpati.Fuzz.Sessions;

/// <summary>What one client knows of one mailbox. It outlives the connection, as a client's cache does.</summary>
internal sealed class ClientMailbox
{
    private readonly Dictionary<uint, SortedSet<string>> _flags = [];
    private readonly Dictionary<uint, ulong> _modSeqs = [];

    public uint Validity { get; private set; }

    /// <summary>The UID of each number; 0 where it was not told yet.</summary>
    public List<uint> Uids { get; } = [];

    /// <summary>Everything up to here was told; 0 before it was told at all (RFC 7162 §3.1.2.1).</summary>
    public ulong HighestModSeq { get; private set; }

    /// <summary>Messages the running STORE names.</summary>
    public IReadOnlyList<uint> Targets { get; set; } = [];

    /// <summary>Messages told to be \Recent in this session.</summary>
    public HashSet<uint> Recent { get; } = [];

    /// <summary>UIDs in the cache, of this session and of those before.</summary>
    public IReadOnlyCollection<uint> Cached => _flags.Keys;

    public IReadOnlySet<string>? FlagsOf(uint uid) => _flags.GetValueOrDefault(uid);

    /// <summary>What is known of another mailbox that had the name is worth nothing (RFC 3501 §2.3.1.1).</summary>
    public void IsOf(uint validity)
    {
        if (Validity != validity) Forget();
        Validity = validity;
    }

    /// <summary>SELECT begins. Who does not ask what changed forgets what it knew.</summary>
    public void Opening(bool keep)
    {
        Uids.Clear();
        Recent.Clear();
        if (!keep) Forget();
    }

    public void Exists(int count)
    {
        if (count < Uids.Count) throw new DisagreementException($"{count} EXISTS, and there were {Uids.Count}: messages go by EXPUNGE alone.");
        while (Uids.Count < count) Uids.Add(0);
    }

    public void Expunge(int number)
    {
        if (number < 1 || number > Uids.Count) throw new DisagreementException($"{number} EXPUNGE, and there are {Uids.Count}.");
        Lose(Uids[number - 1]);
        Uids.RemoveAt(number - 1);
    }

    /// <param name="ordered">The places are those of the numbers; with UIDONLY they mean nothing.</param>
    public void Vanished(uint uid, bool ordered)
    {
        var index = Uids.IndexOf(uid);
        // A message whose UID was not told yet is the last of those below the first that is known to be above.
        if (index < 0)
        {
            var above = ordered ? Uids.FindIndex(known => known > uid) : -1;
            index = Uids[..(above < 0 ? Uids.Count : above)].FindLastIndex(known => known == 0);
        }
        if (index < 0) throw new DisagreementException($"VANISHED {uid}, which the client never had.");
        Lose(uid);
        Uids.RemoveAt(index);
    }

    public void VanishedEarlier(IEnumerable<uint> uids)
    {
        foreach (var uid in uids)
        {
            if (Uids.Contains(uid)) throw new DisagreementException($"VANISHED (EARLIER) {uid}, which has a number.");
            Lose(uid);
        }
    }

    /// <summary>The UID of the message of a FETCH response; 0 when it is still unknown.</summary>
    public uint Fetched(int number, Dictionary<string, object> items)
    {
        if (number < 1 || number > Uids.Count) throw new DisagreementException($"FETCH of {number}, and there are {Uids.Count}.");
        if (!items.TryGetValue("UID", out var value)) return Uids[number - 1];
        var uid = ResponseParser.Number((string)value);
        var known = Uids[number - 1];
        if (known != 0 && known != uid) throw new DisagreementException($"Message {number} is UID {known}, and now it is UID {uid}.");
        for (var i = number - 2; i >= 0; i--)
        {
            if (Uids[i] >= uid) throw new DisagreementException($"UIDs do not ascend: {i + 1} is {Uids[i]}, {number} is {uid}.");
            if (Uids[i] != 0) break;
        }
        for (var i = number; i < Uids.Count; i++)
        {
            if (Uids[i] == 0) continue;
            if (Uids[i] <= uid) throw new DisagreementException($"UIDs do not ascend: {number} is {uid}, {i + 1} is {Uids[i]}.");
            break;
        }
        return Uids[number - 1] = uid;
    }

    public uint FetchedByUid(uint uid)
    {
        if (Uids.Contains(uid)) return uid;
        var index = Uids.IndexOf(0);
        if (index < 0) throw new DisagreementException($"UIDFETCH of {uid}, which is not there.");
        // Without numbers there is no order to be told in: those that are known stand first.
        Uids.RemoveAt(index);
        var above = Uids.FindIndex(known => known == 0 || known > uid);
        Uids.Insert(above < 0 ? Uids.Count : above, uid);
        return uid;
    }

    public void Told(uint uid, List<string> flags, ulong modSeq)
    {
        if (uid == 0) return;
        if (flags.Remove("\\Recent")) Recent.Add(uid);
        _flags[uid] = new SortedSet<string>(flags, StringComparer.OrdinalIgnoreCase);
        if (modSeq == 0) return;
        if (_modSeqs.GetValueOrDefault(uid) > modSeq) throw new DisagreementException($"The MODSEQ of UID {uid} fell from {_modSeqs[uid]} to {modSeq}.");
        _modSeqs[uid] = modSeq;
    }

    public void Apply(uint uid, char operation, IEnumerable<string> change)
    {
        if (!_flags.TryGetValue(uid, out var flags)) return;
        if (operation == '=') flags.Clear();
        if (operation == '-') flags.ExceptWith(change);
        else flags.UnionWith(change);
    }

    /// <summary>
    /// What a command's end means for the mod-sequence to begin from the next time, as RFC 7162 §5 has it: HIGHESTMODSEQ is taken even if
    /// higher ones were seen; without it the highest of the MODSEQ items counts.
    /// </summary>
    public void Synchronised(Reply reply)
    {
        if (reply.HighestModSeq is { } told) HighestModSeq = told;
        else if (HighestModSeq > 0) HighestModSeq = Math.Max(HighestModSeq, reply.FetchedModSeq);
    }

    private void Forget()
    {
        _flags.Clear();
        _modSeqs.Clear();
        HighestModSeq = 0;
    }

    private void Lose(uint uid)
    {
        _flags.Remove(uid);
        _modSeqs.Remove(uid);
        Recent.Remove(uid);
    }
}
