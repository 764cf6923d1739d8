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
    Search,
    Status,
    Select,

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

    public MessageSet? Messages { get; init; }

    public string Mailbox { get; init; } = "";

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

    /// <summary>Names a number that no message has: BAD.</summary>
    public bool IsOutOfRange { get; init; }

    /// <summary>Octets of the message that APPEND brings.</summary>
    public int Size { get; init; }
}

/// <summary>A sequence-set; 0 is '*'.</summary>
internal sealed record MessageSet(IReadOnlyList<(uint First, uint Last)> Ranges)
{
    public override string ToString() => string.Join(',', Ranges.Select(range => range.First == range.Last ? Text(range.First) : $"{Text(range.First)}:{Text(range.Last)}"));

    /// <summary>The members of <paramref name="all"/>, ascending, that the set names: by place, counted from 1, or by value.</summary>
    public IReadOnlyList<uint> Of(IReadOnlyList<uint> all, bool byUid)
    {
        var highest = !byUid ? (uint)all.Count : all.Count > 0 ? all[^1] : 0;
        return [.. all.Where((uid, index) => Ranges.Any(range => Within(range, byUid ? uid : (uint)index + 1, highest)))];
    }

    private static bool Within((uint First, uint Last) range, uint value, uint highest)
    {
        var (first, last) = (range.First == 0 ? highest : range.First, range.Last == 0 ? highest : range.Last);
        return value >= Math.Min(first, last) && value <= Math.Max(first, last);
    }

    private static string Text(uint value) => value == 0 ? "*" : $"{value}";
}
