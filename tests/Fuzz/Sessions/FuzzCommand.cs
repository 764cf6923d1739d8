namespace Merpati.Fuzz.Sessions;

/// <summary>What a command does, as far as a client's view and the model care.</summary>
internal enum CommandKind
{
    /// <summary>Changes no message, and tells all that is new.</summary>
    Look = 0,

    Fetch,
    Store,
    Expunge,
    Copy,
    Move,
    Append,
    Replace,
    Search,
    Sort,
    Thread,

    /// <summary>ESEARCH of several mailboxes.</summary>
    SearchMailboxes,
    CancelUpdate,
    Status,
    List,
    Annotate,
    Annotation,
    Create,
    Delete,
    Rename,
    Select,
    Notify,

    /// <summary>CLOSE, or UNSELECT where it is <see cref="FuzzCommand.Silent"/>.</summary>
    Close,
    Enable,

    /// <summary>Not IMAP: answered with BAD, and nothing happens.</summary>
    Broken,
}

/// <summary>One command as the client sends it, with what the model has to know of it.</summary>
internal sealed record FuzzCommand(CommandKind Kind, string Text)
{
    /// <summary>Names messages by UID, or by no number at all: EXPUNGE may be told at its end (RFC 3501 §7.4.1).</summary>
    public bool ByUid { get; init; }

    /// <summary>Numbers must not shift while it runs.</summary>
    public bool KeepsNumbers => Kind is CommandKind.Fetch or CommandKind.Store or CommandKind.Search or CommandKind.Sort or CommandKind.Thread && !ByUid;

    public MessageSet? Messages { get; init; }

    /// <summary>FETCH with PARTIAL: of the messages that the set names, those at these places.</summary>
    public (int First, int Last)? Partial { get; init; }

    public string Mailbox { get; init; } = "";

    /// <summary>Of ESEARCH.</summary>
    public IReadOnlyList<string> Mailboxes { get; init; } = [];

    /// <summary>Of RENAME.</summary>
    public string NewName { get; init; } = "";

    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>'+', '-' or '=' of STORE.</summary>
    public char Operation { get; init; }

    public bool Silent { get; init; }

    public ulong? UnchangedSince { get; init; }

    public ulong? ChangedSince { get; init; }

    /// <summary>FETCH asks for FLAGS.</summary>
    public bool AsksFlags { get; init; }

    /// <summary>FETCH asks for UIDs and nothing else: these are known also of messages that are gone.</summary>
    public bool OnlyUids { get; init; }

    /// <summary>FETCH reads the body, and the message is \Seen by it.</summary>
    public bool Reads { get; init; }

    /// <summary>UID FETCH with VANISHED, SELECT with QRESYNC.</summary>
    public bool AsksVanished { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>The command makes the client one that knows mod-sequences (RFC 7162 §3.1).</summary>
    public bool EnablesCondStore { get; init; }

    /// <summary>A search key, for the model: of the flags, UID, mod-sequence of a message.</summary>
    public Func<ModelMessage, bool>? Matches { get; init; }

    /// <summary>RETURN of SEARCH and SORT.</summary>
    public SearchReturn? Return { get; init; }

    /// <summary>Of SORT: messages by number, in the order of the answer.</summary>
    public Func<IEnumerable<ModelMessage>, IEnumerable<ModelMessage>>? Order { get; init; }

    /// <summary>Names a number that no message has: BAD.</summary>
    public bool IsOutOfRange { get; init; }

    /// <summary>The messages that APPEND and REPLACE bring.</summary>
    public IReadOnlyList<NewMessage> Appended { get; init; } = [];

    /// <summary>Of SETMETADATA; null takes the entry away.</summary>
    public string? Value { get; init; }

    /// <summary>The tag of the search that CANCELUPDATE ends.</summary>
    public string Tag { get; init; } = "";

    /// <summary>NOTIFY: how the selected mailbox is told of.</summary>
    public Notified Notified { get; init; }
}

/// <summary>A message with its flags, put together of pieces.</summary>
internal sealed record NewMessage(IReadOnlyList<string> Flags, IReadOnlyList<Piece> Pieces);

/// <summary>Text, or what the URL of a message stands for (RFC 4469).</summary>
/// <param name="Validity">0 where the URL does not say.</param>
/// <param name="Text">Null for a URL.</param>
internal sealed record Piece(string? Text, string Mailbox = "", uint Validity = 0, uint Uid = 0, bool OnlyBody = false);

/// <summary>RETURN options, and what they leave of a result.</summary>
internal sealed record SearchReturn(bool Min, bool Max, bool All, bool Count, bool Save, bool Update, (int First, int Last)? Partial)
{
    public override string ToString()
    {
        var options = new List<string>();
        if (Min) options.Add("MIN");
        if (Max) options.Add("MAX");
        if (All) options.Add("ALL");
        if (Count) options.Add("COUNT");
        if (Save) options.Add("SAVE");
        if (Update) options.Add("UPDATE");
        if (Partial is var (first, last)) options.Add($"PARTIAL {first}:{last}");
        return $"RETURN ({string.Join(' ', options)}) ";
    }

    /// <summary>ALL is meant where nothing else is said.</summary>
    public bool TellsAll => All || !Min && !Max && !Count && !Save && !Update && Partial is null;

    /// <summary>With SAVE alone nothing is told (RFC 5182 §2.1).</summary>
    public bool Answers => TellsAll || Min || Max || Count || Partial is not null;

    /// <summary>What '$' stands for afterwards (RFC 5182 §2.4, RFC 9394 §3.1).</summary>
    public IEnumerable<uint> Saved(IReadOnlyList<uint> found)
    {
        if (All || Count || !Min && !Max && Partial is null) return found;
        return [.. Min ? found.Take(1) : [], .. Max ? found.TakeLast(1) : [], .. Partial is { } partial ? Of(found, partial) : []];
    }

    /// <summary>Places from 1 on, or from -1 at the end.</summary>
    public static IEnumerable<uint> Of(IReadOnlyList<uint> found, (int First, int Last) partial)
    {
        var (low, high) = (Math.Min(partial.First, partial.Last), Math.Max(partial.First, partial.Last));
        return found.Where((_, index) => low > 0 ? index + 1 >= low && index + 1 <= high : index - found.Count >= low && index - found.Count <= high);
    }
}

/// <summary>How a client with NOTIFY is told of the selected mailbox.</summary>
internal enum Notified
{
    No = 0,

    /// <summary>EXPUNGE when a command allows it.</summary>
    Delayed,

    /// <summary>EXPUNGE at any time: numbers are of no use any more.</summary>
    AtOnce,
}

/// <summary>A sequence-set; 0 is '*'.</summary>
/// <param name="Saved">UIDs that '$' stands for, where the set is that.</param>
internal sealed record MessageSet(IReadOnlyList<(uint First, uint Last)> Ranges, IReadOnlyCollection<uint>? Saved = null)
{
    public override string ToString()
        => Saved is not null ? "$" : string.Join(',', Ranges.Select(range => range.First == range.Last ? Text(range.First) : $"{Text(range.First)}:{Text(range.Last)}"));

    /// <summary>The members of <paramref name="all"/>, ascending, that the set names: by place, counted from 1, or by value.</summary>
    public IReadOnlyList<uint> Of(IReadOnlyList<uint> all, bool byUid)
    {
        if (Saved is not null) return [.. all.Where(Saved.Contains)];
        var highest = !byUid ? (uint)all.Count : all.Count > 0 ? all[^1] : 0;
        return [.. all.Where((uid, index) => Ranges.Any(range => Within(range, byUid ? uid : (uint)index + 1, highest)))];
    }

    /// <summary>As a search key of UIDs: '*' is the last of this moment, and whatever else is named may still come.</summary>
    public Func<ModelMessage, bool> Matching(IReadOnlyList<uint> all)
    {
        var highest = all.Count > 0 ? all[^1] : 0;
        return message => Ranges.Any(range => (highest > 0 || range is { First: > 0, Last: > 0 }) && Within(range, message.Uid, highest));
    }

    private static bool Within((uint First, uint Last) range, uint value, uint highest)
    {
        var (first, last) = (range.First == 0 ? highest : range.First, range.Last == 0 ? highest : range.Last);
        return value >= Math.Min(first, last) && value <= Math.Max(first, last);
    }

    private static string Text(uint value) => value == 0 ? "*" : $"{value}";
}
