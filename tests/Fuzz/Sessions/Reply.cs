using System.Globalization;
using System.Text;

namespace Merpati.Fuzz.Sessions;

/// <summary>What came back for one command.</summary>
internal sealed class Reply
{
    /// <summary>OK, NO or BAD; BYE when the connection ended first.</summary>
    public string Status { get; set; } = "";

    /// <summary>The response code of the tagged line, without brackets; empty for none.</summary>
    public string Code { get; set; } = "";

    /// <summary>UIDs of FETCH responses, with their items.</summary>
    public List<(uint Uid, Dictionary<string, object> Items)> Fetched { get; } = [];

    /// <summary>Of SEARCH and SORT, and ALL of ESEARCH.</summary>
    public List<uint>? Found { get; set; }

    /// <summary>ESEARCH came; what it holds besides ALL.</summary>
    public bool Extended { get; set; }

    public uint? Min { get; set; }

    public uint? Max { get; set; }

    public uint? Count { get; set; }

    public List<uint>? Partial { get; set; }

    /// <summary>UIDVALIDITY and UIDs of each mailbox that ESEARCH found something in.</summary>
    public Dictionary<string, (uint Validity, List<uint> Uids)> FoundIn { get; } = new(StringComparer.Ordinal);

    /// <summary>Numbers of THREAD, one conversation in each.</summary>
    public List<List<uint>>? Threads { get; set; }

    public HashSet<string> Listed { get; } = new(StringComparer.Ordinal);

    /// <summary>The value that METADATA told; null for NIL.</summary>
    public string? Annotation { get; set; }

    public Dictionary<string, ulong> StatusItems { get; } = new(StringComparer.Ordinal);

    /// <summary>COPYUID or APPENDUID of an untagged OK, as MOVE and REPLACE give them.</summary>
    public string UntaggedUid { get; set; } = "";

    public ulong? HighestModSeq { get; set; }

    public ulong FetchedModSeq { get; set; }

    public bool Ok => Status == "OK";
}

/// <summary>One response, taken apart: atoms and strings are strings, parenthesised lists are lists.</summary>
internal static class ResponseParser
{
    public static List<object> Parse(string line)
    {
        var at = 0;
        var items = ParseList(line, ref at, nested: false);
        return at == line.Length ? items : throw new DisagreementException($"A parenthesis too many: {line}");
    }

    public static Dictionary<string, object> Pairs(List<object> items)
    {
        if (items.Count % 2 != 0) throw new DisagreementException("An item without a value.");
        var pairs = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i += 2)
        {
            if (!pairs.TryAdd((string)items[i], items[i + 1])) throw new DisagreementException($"{items[i]} stands twice in one response.");
        }
        return pairs;
    }

    public static uint Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new DisagreementException($"'{text}' is no number.");

    public static ulong ModSeq(object value) => ulong.Parse((string)(value is List<object> list ? list.Single() : value), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>A set without '*', in its order: COPYUID pairs the members of two.</summary>
    public static List<uint> Set(string text)
    {
        var members = new List<uint>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split(':').Select(Number).ToArray();
            var (first, last) = (ends[0], ends[^1]);
            if (first == 0 || last < first || last - first > 100_000) throw new DisagreementException($"'{text}' is no set.");
            for (var uid = first; uid <= last; uid++) members.Add(uid);
        }
        return members;
    }

    /// <summary>UIDs that APPENDUID and COPYUID say were given.</summary>
    public static IEnumerable<uint> GivenUids(Reply reply)
        => ((string[])[reply.Code, reply.UntaggedUid]).Select(code => code.Split(' ')).Where(words => words is ["APPENDUID", _, _] or ["COPYUID", _, _, _]).SelectMany(words => Set(words[^1]));

    /// <summary>All numbers in it, however deep.</summary>
    public static IEnumerable<uint> Numbers(object word)
        => word is List<object> list ? list.SelectMany(Numbers) : [Number((string)word)];

    private static List<object> ParseList(string line, ref int at, bool nested)
    {
        var items = new List<object>();
        while (at < line.Length)
        {
            switch (line[at])
            {
                case ' ':
                    at++;
                    break;
                case ')':
                    if (!nested) return items;
                    at++;
                    return items;
                case '(':
                    at++;
                    items.Add(ParseList(line, ref at, nested: true));
                    break;
                case '"':
                    items.Add(ParseQuoted(line, ref at));
                    break;
                default:
                    items.Add(ParseAtom(line, ref at));
                    break;
            }
        }
        return nested ? throw new DisagreementException($"A parenthesis is missing: {line}") : items;
    }

    private static string ParseQuoted(string line, ref int at)
    {
        var text = new StringBuilder();
        for (at++; at < line.Length && line[at] != '"'; at++)
        {
            if (line[at] == '\\') at++;
            text.Append(line[at]);
        }
        at++;
        return text.ToString();
    }

    /// <summary>Brackets hold together: BODY[HEADER.FIELDS (SUBJECT)] is one atom.</summary>
    private static string ParseAtom(string line, ref int at)
    {
        var start = at;
        var brackets = 0;
        for (; at < line.Length; at++)
        {
            if (line[at] == '[') brackets++;
            else if (line[at] == ']') brackets--;
            else if (brackets == 0 && line[at] is ' ' or '(' or ')' && brackets == 0) break;
        }
        return line[start..at];
    }
}

/// <summary>The server does not do what the model says, or what IMAP says.</summary>
internal sealed class DisagreementException(string message) : Exception(message);
