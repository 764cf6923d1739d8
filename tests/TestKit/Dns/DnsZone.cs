using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.TestKit.Dns;

/// <summary>
/// What a <see cref="DnsTestServer"/> answers, a line each:
/// <code>
/// example.org          MX 10 mx.example.org      name [ttl] type data; the ttl is 60 unless it is given
/// mx.example.org   300 A 192.0.2.1
/// *.example.org        TXT "one" "two"           a wildcard, for records and for misbehaviour
/// $SECURE example.org                            AD is set for this name and what is below
/// bad.example.org      !SERVFAIL AAAA            misbehaviour, for one type or (without it) for all
/// </code>
/// Misbehaviours: !SERVFAIL, !REFUSED, !SILENT, !TRUNCATE (over UDP), !WRONGID, !WRONGQUESTION, !GARBAGE, !NOSOA, !ALIASONLY (does not follow),
/// !STRAY (a referral), !DELAY milliseconds.
/// A label may hold <c>\046</c>.
/// </summary>
public sealed class DnsZone
{
    private readonly Dictionary<string, List<DnsZoneRecord>> _records = [];
    private readonly List<string> _secure = [];
    private readonly List<(string Name, string Kind, string? Type, int Milliseconds)> _misbehaviour = [];

    public static DnsZone Parse(string text)
    {
        var zone = new DnsZone();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line[0] is not (';' or '#')) zone.Add(line);
        }
        return zone;
    }

    /// <summary>Null for a name that does not exist; empty for one that exists without such records.</summary>
    public IReadOnlyList<DnsZoneRecord>? Find(string name)
    {
        if (_records.TryGetValue(name, out var records)) return records;
        if (_records.Keys.Any(other => other.EndsWith("." + name, StringComparison.Ordinal) && !other.StartsWith('*'))) return [];
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_records.TryGetValue("*" + name[dot..], out records)) return [.. records.Select(record => record with { Name = name })];
        }
        return null;
    }

    public bool IsSecure(string name) => _secure.Any(top => name == top || top.Length == 0 || name.EndsWith("." + top, StringComparison.Ordinal));

    public (string Kind, int Milliseconds)? Misbehaviour(string name, string type)
    {
        foreach (var one in _misbehaviour)
        {
            var fits = one.Name == name || one.Name == "*" || one.Name.StartsWith("*.", StringComparison.Ordinal) && name.EndsWith(one.Name[1..], StringComparison.Ordinal);
            if (fits && (one.Type is null || one.Type == type)) return (one.Kind, one.Milliseconds);
        }
        return null;
    }

    internal static string Plain(string name) => name.TrimEnd('.').ToLowerInvariant();

    private void Add(string line)
    {
        var words = Words(line);
        if (words[0] == "$SECURE")
        {
            _secure.Add(Plain(words[1]));
            return;
        }
        var name = Plain(words[0]);
        if (words[1].StartsWith('!'))
        {
            var delay = words[1] == "!DELAY" ? int.Parse(words[2], CultureInfo.InvariantCulture) : 0;
            _misbehaviour.Add((name, words[1], words.ElementAtOrDefault(words[1] == "!DELAY" ? 3 : 2), delay));
            return;
        }
        var hasTtl = uint.TryParse(words[1], CultureInfo.InvariantCulture, out var ttl);
        var rest = words.Skip(hasTtl ? 2 : 1).ToArray();
        if (!_records.TryGetValue(name, out var records)) _records[name] = records = [];
        records.Add(new DnsZoneRecord(name, rest[0], hasTtl ? ttl : 60, Data(rest[0], rest[1..]), rest[0] == "CNAME" ? Plain(rest[1]) : null));
    }

    private static byte[] Data(string type, string[] words)
    {
        switch (type)
        {
            case "A" or "AAAA":
                return IPAddress.Parse(words[0]).GetAddressBytes();
            case "CNAME" or "PTR":
                return WireName(words[0]);
            case "MX":
                return [.. Number(ushort.Parse(words[0], CultureInfo.InvariantCulture)), .. WireName(words[1])];
            case "TXT":
                return [.. words.SelectMany(word => Encoding.UTF8.GetBytes(word).Prepend((byte)Encoding.UTF8.GetByteCount(word)))];
            case "TLSA":
                return [.. words.Take(3).Select(word => byte.Parse(word, CultureInfo.InvariantCulture)), .. Convert.FromHexString(words.ElementAtOrDefault(3) ?? "")];
            default:
                throw new FormatException($"No record of type {type} is known here.");
        }
    }

    internal static byte[] Number(ushort number)
    {
        var octets = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(octets, number);
        return octets;
    }

    /// <summary>Not checked: a name in data may be longer than any name.</summary>
    internal static byte[] WireName(string name)
    {
        var wire = new List<byte>();
        foreach (var label in name.TrimEnd('.').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var octets = new List<byte>();
            for (var i = 0; i < label.Length; i++)
            {
                if (label[i] == '\\' && i + 3 < label.Length)
                {
                    octets.Add(byte.Parse(label.AsSpan(i + 1, 3), CultureInfo.InvariantCulture));
                    i += 3;
                }
                else
                {
                    octets.Add((byte)label[i]);
                }
            }
            wire.Add((byte)octets.Count);
            wire.AddRange(octets);
        }
        wire.Add(0);
        return [.. wire];
    }

    private static List<string> Words(string line)
    {
        var words = new List<string>();
        for (var i = 0; i < line.Length; i++)
        {
            if (char.IsWhiteSpace(line[i])) continue;
            var quoted = line[i] == '"';
            var end = quoted ? line.IndexOf('"', i + 1) : line.AsSpan(i).IndexOfAny(" \t") is var gap and >= 0 ? i + gap : line.Length;
            words.Add(quoted ? line[(i + 1)..end] : line[i..end]);
            i = end;
        }
        return words;
    }
}

public sealed record DnsZoneRecord(string Name, string Type, uint TimeToLive, byte[] Data, string? Alias)
{
    internal ushort Number => Type switch { "A" => 1, "CNAME" => 5, "SOA" => 6, "PTR" => 12, "MX" => 15, "TXT" => 16, "AAAA" => 28, "TLSA" => 52, _ => 0 };

    internal static string TypeName(int number) => number switch { 1 => "A", 5 => "CNAME", 12 => "PTR", 15 => "MX", 16 => "TXT", 28 => "AAAA", 52 => "TLSA", _ => "TYPE" + number.ToString(CultureInfo.InvariantCulture) };
}
