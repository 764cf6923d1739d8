using System.Globalization;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>
/// Reads a value with parameters, Content-Type (RFC 2045 §5.1) or Content-Disposition (RFC 2183), with the continuations and character sets of
/// RFC 2231. Tolerant and linear: what cannot be read is left out.
/// </summary>
internal ref struct ParameterReader
{
    private const int MaxParameters = 100;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private ParameterReader(ReadOnlySpan<char> text) => _text = text;

    /// <param name="value">The text before the first semicolon, without comments.</param>
    public static IReadOnlyList<BodyParameter> Read(string text, out string value)
    {
        var reader = new ParameterReader(text);
        value = reader.ReadHead();
        return reader.ReadParameters();
    }

    private IReadOnlyList<BodyParameter> ReadParameters()
    {
        var segments = new List<Segment>();
        while (_at < _text.Length && segments.Count < MaxParameters)
        {
            _at++; // the semicolon
            var name = ReadBare(stopAtEquals: true);
            if (_at >= _text.Length || _text[_at] != '=') continue;
            _at++;
            SkipBlank();
            var value = _at < _text.Length && _text[_at] == '"' ? ReadQuoted() : ReadBare(stopAtEquals: false);
            if (name.Length > 0) segments.Add(Segment.Of(name, value));
        }
        if (segments.Count == 0) return [];
        if (segments.TrueForAll(s => s.Index is null && !s.Extended)) return [.. segments.DistinctBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Select(s => new BodyParameter(s.Name, s.Value))];
        return [.. segments.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Select(g => new BodyParameter(g.Key, Join([.. g])))];
    }

    /// <summary>The extended form wins over the plain one beside it (RFC 6266 §4.3 says so, RFC 2231 is silent); continuations end at a gap.</summary>
    private static string Join(IReadOnlyList<Segment> segments)
    {
        if (segments.FirstOrDefault(s => s.Index is null && s.Extended) is { } whole) return Decode([whole]);
        var parts = segments.Where(s => s.Index is not null).DistinctBy(s => s.Index).OrderBy(s => s.Index).TakeWhile((s, i) => s.Index == i).ToList();
        return parts.Count > 0 ? Decode(parts) : segments[0].Value;
    }

    private static string Decode(IReadOnlyList<Segment> segments)
    {
        var first = segments[0];
        Encoding? charset = null;
        var head = first.Value;
        if (first.Extended && head.Split('\'', 3) is [var name, _, var rest])
        {
            charset = Charsets.Find(name);
            head = rest;
        }
        var text = new StringBuilder();
        var octets = new List<byte>();
        for (var i = 0; i < segments.Count; i++)
        {
            var value = i == 0 ? head : segments[i].Value;
            if (segments[i].Extended)
            {
                PercentDecode(value, octets);
                continue;
            }
            Flush();
            text.Append(value);
        }
        Flush();
        return HeaderText.Read(Encoding.UTF8.GetBytes(text.ToString()));

        // Octets of neighbouring segments belong together: a character may be cut between them.
        void Flush()
        {
            if (octets.Count == 0) return;
            var run = octets.ToArray();
            text.Append((charset ?? Charsets.Guess(run)).GetString(run));
            octets.Clear();
        }
    }

    private static void PercentDecode(string value, List<byte> octets)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '%' && i + 2 < value.Length && byte.TryParse(value.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                octets.Add(octet);
                i += 2;
            }
            else if (value[i] < 0x80)
            {
                octets.Add((byte)value[i]);
            }
            else
            {
                octets.AddRange(Encoding.UTF8.GetBytes(value[i..(i + 1)]));
            }
        }
    }

    /// <summary>Up to the first semicolon; blanks and comments may stand between all tokens.</summary>
    private string ReadHead()
    {
        var head = new StringBuilder();
        for (SkipBlank(); _at < _text.Length && _text[_at] != ';'; SkipBlank()) head.Append(_text[_at++]);
        return head.ToString();
    }

    /// <summary>Up to the next semicolon (or equals sign), blanks and comments at both ends left out.</summary>
    private string ReadBare(bool stopAtEquals)
    {
        SkipBlank();
        var start = _at;
        var end = _at;
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (c == ';' || (stopAtEquals && c == '=')) break;
            if (c is ' ' or '\t')
            {
                SkipBlank();
                continue;
            }
            _at++;
            end = _at;
        }
        return _text[start..end].ToString();
    }

    private string ReadQuoted()
    {
        var value = new StringBuilder();
        _at++;
        while (_at < _text.Length && _text[_at] != '"')
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length) _at++;
            value.Append(_text[_at++]);
        }
        while (_at < _text.Length && _text[_at] != ';') _at++;
        return value.ToString();
    }

    private void SkipBlank()
    {
        while (_at < _text.Length)
        {
            if (_text[_at] is ' ' or '\t') _at++;
            else if (_text[_at] == '(') SkipComment();
            else break;
        }
    }

    private void SkipComment()
    {
        var depth = 0;
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == '\\') _at++;
            else if (_text[_at] == '(') depth++;
            else if (_text[_at] == ')' && --depth == 0)
            {
                _at++;
                break;
            }
        }
        _at = Math.Min(_at, _text.Length);
    }

    /// <summary><c>name</c>, <c>name*</c>, <c>name*0</c> or <c>name*0*</c> (RFC 2231 §3, §4).</summary>
    private sealed record Segment(string Name, int? Index, bool Extended, string Value)
    {
        public static Segment Of(string name, string value)
        {
            var extended = name[^1] == '*';
            var bare = extended ? name[..^1] : name;
            if (bare.LastIndexOf('*') is var star and > 0
                && int.TryParse(bare.AsSpan(star + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                return new Segment(bare[..star], index, extended, value);
            return bare.Length == 0 ? new Segment(name, null, false, value) : new Segment(bare, null, extended, value);
        }
    }
}
