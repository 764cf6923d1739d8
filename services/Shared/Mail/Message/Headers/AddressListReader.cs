using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>
/// Reads an address list (RFC 5322 §3.4 with §4.4) into ENVELOPE form (RFC 3501 §7.4.2). It takes whatever there is: a broken address becomes
/// one with an empty part, never an error. Encoded words stay as they are. One pass, linear.
/// </summary>
internal ref struct AddressListReader
{
    /// <summary>Addresses of one field; the rest is not shown.</summary>
    public const int MaxAddresses = 5000;

    private readonly ReadOnlySpan<char> _text;
    private readonly List<EnvelopeAddress> _addresses = [];
    private int _at;
    private string? _comment;

    private AddressListReader(ReadOnlySpan<char> text) => _text = text;

    public static IReadOnlyList<EnvelopeAddress> Read(string text)
    {
        var reader = new AddressListReader(text);
        reader.ReadList();
        return reader._addresses;
    }

    private void ReadList()
    {
        var inGroup = false;
        while (_addresses.Count < MaxAddresses)
        {
            _comment = null;
            SkipBlank();
            if (_at >= _text.Length) break;
            switch (_text[_at])
            {
                case ',' or '>':
                    _at++;
                    continue;
                case ';':
                    _at++;
                    if (inGroup) _addresses.Add(GroupEnd);
                    inGroup = false;
                    continue;
            }
            var words = ReadWords(out var spaced);
            switch (Peek())
            {
                case ':' when !inGroup:
                    _at++;
                    _addresses.Add(new EnvelopeAddress(null, null, words, null));
                    inGroup = true;
                    break;
                case ':':
                    _at++;
                    break;
                case '<':
                    _at++;
                    _addresses.Add(ReadAngle(words.Length == 0 ? null : words));
                    SkipToNext();
                    break;
                case '@':
                    _at++;
                    // Blanks may stand around the dots of a local part (RFC 5322 §4.4). Of "Ann ann@example" only the last word can be one.
                    if (spaced) words = words.Replace(" .", ".", StringComparison.Ordinal).Replace(". ", ".", StringComparison.Ordinal);
                    var cut = spaced ? words.LastIndexOf(' ') : -1;
                    var local = words[(cut + 1)..];
                    var domain = ReadDomain();
                    SkipBlank();
                    _addresses.Add(new EnvelopeAddress(cut > 0 ? words[..cut] : _comment, null, local, domain));
                    SkipToNext();
                    break;
                default:
                    if (words.Length > 0) _addresses.Add(new EnvelopeAddress(_comment, null, words, ""));
                    break;
            }
        }
        if (inGroup) _addresses.Add(GroupEnd);
    }

    private static EnvelopeAddress GroupEnd => new(null, null, null, null);

    /// <summary>After '&lt;': an optional source route, then the address, up to '&gt;'.</summary>
    private EnvelopeAddress ReadAngle(string? name)
    {
        SkipBlank();
        string? route = null;
        if (Peek() == '@')
        {
            // obs-route (RFC 5322 §4.4): @a,@b:
            var start = _at;
            while (_at < _text.Length && _text[_at] is not (':' or '>')) _at++;
            route = _text[start.._at].Trim().ToString();
            if (Peek() == ':') _at++;
        }
        var local = ReadWords(out _);
        if (Peek() != '@') return new EnvelopeAddress(name, route, local, "");
        _at++;
        return new EnvelopeAddress(name, route, local, ReadDomain());
    }

    private string ReadDomain()
    {
        SkipBlank();
        if (Peek() == '[')
        {
            var start = _at;
            while (_at < _text.Length && _text[_at] is not (']' or '>' or ',')) _at++;
            if (Peek() == ']') _at++;
            return _text[start.._at].ToString();
        }
        var domain = new StringBuilder();
        while (true)
        {
            var start = _at;
            while (_at < _text.Length && _text[_at] is not (',' or ';' or ':' or '<' or '>' or '(' or '@' or '"' or ' ' or '\t')) _at++;
            domain.Append(_text[start.._at]);
            SkipBlank();
            // Blanks and comments may stand around the dots of a domain (RFC 5322 §4.4), not elsewhere.
            if (_at >= _text.Length || _at == start || (_text[_at] != '.' && (domain.Length == 0 || domain[^1] != '.'))) return domain.ToString();
        }
    }

    /// <summary>Words up to a special: quotes undone, comments left out, one space where there was any.</summary>
    private string ReadWords(out bool spaced)
    {
        spaced = false;
        var words = new StringBuilder();
        while (_at < _text.Length)
        {
            var before = _at;
            SkipBlank();
            if (_at >= _text.Length) break;
            if (_text[_at] is ',' or ';' or ':' or '<' or '>' or '@') break;
            if (_at > before && words.Length > 0)
            {
                words.Append(' ');
                spaced = true;
            }
            if (_text[_at] == '"') ReadQuoted(words);
            else ReadAtom(words);
        }
        return words.ToString();
    }

    private void ReadAtom(StringBuilder words)
    {
        var start = _at;
        if (EncodedWordLength() is var length and > 0) _at += length;
        else do _at++; while (_at < _text.Length && _text[_at] is not (',' or ';' or ':' or '<' or '>' or '@' or '(' or '"' or ' ' or '\t'));
        words.Append(_text[start.._at]);
    }

    private void ReadQuoted(StringBuilder words)
    {
        _at++;
        while (_at < _text.Length && _text[_at] != '"')
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length) _at++;
            words.Append(_text[_at++]);
        }
        _at++;
    }

    /// <summary>Encoded words with a bare comma or at sign inside are wrong (RFC 2047 §5) and common. Bounded by the length of one.</summary>
    private readonly int EncodedWordLength()
    {
        var rest = _text[_at..];
        if (!rest.StartsWith("=?", StringComparison.Ordinal)) return 0;
        rest = rest[..Math.Min(rest.Length, 200)];
        var marks = 0;
        for (var i = 1; i < rest.Length && rest[i] is not (' ' or '\t' or '"'); i++)
        {
            if (rest[i] != '?') continue;
            if (++marks >= 4 && i + 1 < rest.Length && rest[i + 1] == '=') return i + 2;
            if (marks == 4) return 0;
        }
        return 0;
    }

    private readonly char Peek() => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>To the separator that ends this address; what stands between is not one.</summary>
    private void SkipToNext()
    {
        while (_at < _text.Length && _text[_at] is not (',' or ';'))
        {
            if (_text[_at] == '(') SkipComment();
            else if (_text[_at] == '"') ReadQuoted(new StringBuilder());
            else _at++;
        }
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

    /// <summary>A nested comment; its text stands in for a missing name, as mail did before RFC 822's phrase.</summary>
    private void SkipComment()
    {
        var comment = new StringBuilder();
        var depth = 0;
        for (; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (c == '\\' && _at + 1 < _text.Length) c = _text[++_at];
            else if (c == '(' && depth++ == 0) continue;
            else if (c == ')' && --depth == 0)
            {
                _at++;
                break;
            }
            comment.Append(c);
        }
        var text = comment.ToString().Trim();
        _comment = text.Length == 0 ? null : text;
    }
}
