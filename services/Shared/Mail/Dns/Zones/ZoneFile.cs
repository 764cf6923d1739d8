using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.Mail.Dns;

/// <summary>
/// A zone file (RFC 1035 §5.1) in memory: A, AAAA, CNAME, MX, PTR, TXT, TLSA; of other types only that the name exists. Names without a dot at the end are relative to
/// <c>$ORIGIN</c>, and without one they are whole. <c>name !TIMEOUT [type]</c> is ours: questions for it have no answer.
/// </summary>
public sealed class ZoneFile
{
    private static readonly HashSet<string> Types = new(StringComparer.OrdinalIgnoreCase) { "A", "AAAA", "CNAME", "MX", "PTR", "TXT", "TLSA", "NS", "SOA", "SPF", "SRV", "CAA", "DS", "DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "HINFO", "NAPTR", "SVCB", "HTTPS", "SSHFP" };

    private readonly Dictionary<string, List<Record>> _records = new(StringComparer.Ordinal);

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    private ZoneFile() { }

    internal readonly record struct Record(string Type, IReadOnlyList<string> Data);

    /// <exception cref="FormatException">A line is none of a zone file; the message names it.</exception>
    public static ZoneFile Parse(string text)
    {
        var zone = new ZoneFile();
        var origin = "";
        var owner = "";
        foreach (var (line, indented, words) in Entries(text))
        {
            if (words[0].Text == "$ORIGIN")
            {
                origin = words.Count > 1 ? Absolute(words[1].Text, origin) : "";
                continue;
            }
            if (words[0].Text.StartsWith('$')) continue;
            var at = 0;
            if (!indented) owner = Absolute(words[at++].Text, origin);
            // A time to live and a class, in either order (RFC 1035 §5.1); quoted text is neither.
            while (at < words.Count && !words[at].Quoted && (words[at].Text.ToUpperInvariant() is "IN" or "CH" || char.IsAsciiDigit(words[at].Text[0]))) at++;
            if (at >= words.Count) throw new FormatException($"Line {line}: a type is missing.");
            var type = words[at++].Text.ToUpperInvariant();
            if (type != "!TIMEOUT" && !Types.Contains(type) && !type.StartsWith("TYPE", StringComparison.Ordinal)) throw new FormatException($"Line {line}: '{type}' is no type of record.");
            List<string> data = [.. words[at..].Select(word => word.Text)];
            Check(line, type, data);
            if (type is "CNAME" or "PTR") data[0] = Absolute(data[0], origin);
            if (type == "MX") data[1] = Absolute(data[1], origin);
            if (!zone._records.TryGetValue(owner, out var records)) zone._records[owner] = records = [];
            records.Add(new Record(type, data));
            // Whatever has a name below it exists as well (RFC 4592 §2.2.2).
            for (var name = owner; zone._names.Add(name) && name.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0;) name = name[(dot + 1)..];
        }
        return zone;
    }

    /// <summary>Null for a name that does not exist; empty for one that exists without records.</summary>
    internal IReadOnlyList<Record>? Find(string name)
    {
        if (_records.TryGetValue(name, out var records)) return records;
        if (_names.Contains(name)) return [];
        // A wildcard stands for names below its closest ancestor that exists (RFC 4592 §3.3.1).
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            var parent = name[(dot + 1)..];
            if (_records.TryGetValue("*." + parent, out records)) return records;
            if (_names.Contains(parent)) break;
        }
        return null;
    }

    internal static string Plain(string name) => (Addresses.DomainName.ToAscii(name) ?? name).TrimEnd('.').ToLowerInvariant();

    private static string Absolute(string name, string origin)
    {
        if (name == "@") return origin;
        return name.EndsWith('.') || origin.Length == 0 ? Plain(name) : Plain(name + "." + origin);
    }

    private static void Check(int line, string type, List<string> data)
    {
        var right = type switch
        {
            "A" or "AAAA" => data.Count == 1 && IPAddress.TryParse(data[0], out var address) && address.AddressFamily == (type == "A" ? System.Net.Sockets.AddressFamily.InterNetwork : System.Net.Sockets.AddressFamily.InterNetworkV6),
            "CNAME" or "PTR" => data.Count == 1,
            "MX" => data.Count == 2 && ushort.TryParse(data[0], NumberStyles.None, CultureInfo.InvariantCulture, out _),
            "TXT" => data.Count > 0,
            "TLSA" => data.Count >= 3 && data.Take(3).All(number => byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)) && IsHex(string.Concat(data.Skip(3))),
            _ => true,
        };
        if (!right) throw new FormatException($"Line {line}: this is no {type} record.");
    }

    private static bool IsHex(string text) => text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);

    /// <summary>The entries of the file: comments gone, parentheses joined.</summary>
    private static IEnumerable<(int Line, bool Indented, List<Word> Words)> Entries(string text)
    {
        var words = new List<Word>();
        var (line, start, depth, indented, fresh) = (1, 1, 0, false, true);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\n')
            {
                line++;
                if (depth > 0) continue;
                if (words.Count > 0) yield return (start, indented, words);
                (words, fresh, indented, start) = ([], true, false, line);
                continue;
            }
            if (fresh) (indented, fresh) = (c is ' ' or '\t', false);
            switch (c)
            {
                case ' ' or '\t' or '\r':
                    break;
                case ';':
                    while (i + 1 < text.Length && text[i + 1] != '\n') i++;
                    break;
                case '(':
                    depth++;
                    break;
                case ')':
                    depth = Math.Max(0, depth - 1);
                    break;
                default:
                    words.Add(Word.Read(text, ref i, line));
                    break;
            }
        }
        if (words.Count > 0) yield return (start, indented, words);
    }

    private readonly record struct Word(string Text, bool Quoted)
    {
        /// <param name="at">Its first character before, its last one after.</param>
        public static Word Read(string text, ref int at, int line)
        {
            var quoted = text[at] == '"';
            var word = new StringBuilder();
            var i = quoted ? at + 1 : at;
            for (; i < text.Length && (quoted ? text[i] != '"' : text[i] is not (' ' or '\t' or '\r' or '\n' or ';' or '(' or ')' or '"')); i++)
            {
                if (text[i] != '\\')
                {
                    word.Append(text[i]);
                }
                else if (i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '9') < 0)
                {
                    word.Append((char)int.Parse(text.AsSpan(i + 1, 3), CultureInfo.InvariantCulture));
                    i += 3;
                }
                else if (++i < text.Length)
                {
                    word.Append(text[i]);
                }
            }
            if (quoted && i >= text.Length) throw new FormatException($"Line {line}: a quotation mark is missing.");
            at = quoted ? i : i - 1;
            return new Word(word.ToString(), quoted);
        }
    }
}
