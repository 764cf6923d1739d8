using System.Buffers;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>
/// What stands for a header field in UTF-8 where a client knows ASCII alone, by RFC 6858. Where that allows a value to be left out and MIME has a form for it in ASCII, that form is
/// taken: encoded words for texts, the encoded parameters of RFC 2231 for names of files.
/// </summary>
internal static class HeaderDowngrade
{
    /// <summary>A line with encoded words is that long at the most (RFC 2047 §2).</summary>
    private const int LineLength = 76;

    /// <summary>Characters of an encoded parameter that stand in one piece (RFC 2231 §3).</summary>
    private const int PieceLength = 54;

    private static readonly HashSet<string> AddressFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc",
        "Disposition-Notification-To", "Mail-Followup-To", "Errors-To",
    };

    /// <summary>Fields with a syntax in which nothing but ASCII has a place (RFC 6858 §2.4): they are left out.</summary>
    private static readonly HashSet<string> AsciiFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Message-ID", "In-Reply-To", "References", "Resent-Date", "Resent-Message-ID", "Received", "Return-Path", "Delivered-To", "MIME-Version",
        "Content-Transfer-Encoding", "Content-ID", "Content-Language", "Content-Location", "Content-MD5",
        "DKIM-Signature", "DomainKey-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "Authentication-Results", "Received-SPF",
        "List-ID", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
        "Original-Recipient", "Autocrypt", "Auto-Submitted", "TLS-Required",
    };

    /// <summary>What atoms have and tokens do not (RFC 2045 §5.1), and what would read as an encoded parameter (RFC 2231 §4).</summary>
    private static readonly SearchValues<char> NotInTokens = SearchValues.Create("/=?'*%");

    /// <summary>The field in ASCII with its line breaks; empty where it is left out.</summary>
    /// <param name="value">Unfolded.</param>
    public static string Of(string name, string value)
    {
        var content = AsciiFields.Contains(name) ? null
            : AddressFields.Contains(name) ? Addresses(value)
            : name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase) ? Parameters(value)
            : EncodedWords.Encode(value);
        return string.IsNullOrEmpty(content) ? "" : Fold($"{name}: {content}");
    }

    private static string Addresses(string value)
    {
        var list = new StringBuilder();
        var isFirst = true;
        foreach (var address in AddressListReader.Read(value).Select(address => address.InAscii()))
        {
            if (address is { Host: null, Mailbox: null })
            {
                list.Append(';');
                continue;
            }
            if (list.Length > 0) list.Append(isFirst ? " " : ", ");
            isFirst = address.Host is null;
            list.Append(isFirst ? Phrase(address.Mailbox!) + ":" : Mailbox(address));
        }
        return list.ToString();
    }

    private static string Mailbox(EnvelopeAddress address)
    {
        var specification = address.Host!.Length == 0 ? Word(address.Mailbox ?? "") : $"{Word(address.Mailbox ?? "")}@{address.Host}";
        return string.IsNullOrEmpty(address.Name) ? specification : $"{Phrase(address.Name)} <{specification}>";
    }

    /// <summary>A phrase (RFC 5322 §3.2.5): atoms and encoded words as they are, all else quoted.</summary>
    private static string Phrase(string text) => text.Split(' ').All(word => word.Length > 0 && (IsAtom(word) || IsEncodedWord(word))) ? text : Quote(text);

    private static string Word(string local) => IsAtom(local) ? local : Quote(local);

    private static bool IsEncodedWord(string word) => word.StartsWith("=?", StringComparison.Ordinal) && word.EndsWith("?=", StringComparison.Ordinal);

    /// <summary>atext of RFC 5322 §3.2.3, with dots between where they may stand.</summary>
    private static bool IsAtom(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal)) return false;
        }
        return text.Length > 0 && text[0] != '.' && text[^1] != '.' && !text.Contains("..", StringComparison.Ordinal);
    }

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Null where the value itself is none, or where a boundary would no longer be the one that stands in the body.</summary>
    private static string? Parameters(string value)
    {
        var parameters = ParameterReader.Read(value, out var head);
        if (!Ascii.IsValid(head) || parameters.Any(parameter => !Ascii.IsValid(parameter.Name) || parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase) && !Ascii.IsValid(parameter.Value))) return null;
        var field = new StringBuilder(head);
        foreach (var parameter in parameters)
        {
            if (Ascii.IsValid(parameter.Value)) field.Append("; ").Append(parameter.Name).Append('=').Append(IsToken(parameter.Value) ? parameter.Value : Quote(parameter.Value));
            else AppendEncoded(field, parameter);
        }
        return field.ToString();
    }

    private static bool IsToken(string text) => IsAtom(text) && !text.AsSpan().ContainsAny(NotInTokens);

    private static void AppendEncoded(StringBuilder field, BodyParameter parameter)
    {
        var encoded = "utf-8''" + Uri.EscapeDataString(parameter.Value);
        if (encoded.Length <= PieceLength)
        {
            field.Append("; ").Append(parameter.Name).Append("*=").Append(encoded);
            return;
        }
        for (int piece = 0, start = 0; start < encoded.Length; piece++)
        {
            var length = Math.Min(PieceLength, encoded.Length - start);
            // Not within "%C3".
            if (start + length < encoded.Length && encoded.LastIndexOf('%', start + length - 1, 2) is var percent and > 0) length = percent - start;
            field.Append(System.Globalization.CultureInfo.InvariantCulture, $"; {parameter.Name}*{piece}*={encoded.AsSpan(start, length)}");
            start += length;
        }
    }

    /// <summary>Folded at blanks (RFC 5322 §2.2.3), which stay.</summary>
    private static string Fold(string field)
    {
        var folded = new StringBuilder(field.Length + 16);
        var lineStart = 0;
        for (var at = 0; at < field.Length;)
        {
            var end = field.IndexOf(' ', at + 1) is var blank and > 0 ? blank : field.Length;
            if (end - lineStart > LineLength && at > lineStart)
            {
                folded.Append("\r\n");
                lineStart = at;
            }
            folded.Append(field, at, end - at);
            at = end;
        }
        return folded.Append("\r\n").ToString();
    }
}

/// <summary>
/// Gathers the header fields of a message that are in UTF-8, octet by octet as they come, and says how they read in ASCII. What it keeps is bounded: of a field too long, and of all
/// once there is enough, nothing is kept and they are left out; beyond <see cref="MaxRewrites"/> they stay as they are.
/// </summary>
internal sealed class HeaderDowngrades
{
    private const int MaxField = 64 * 1024;
    private const int MaxText = 64 * 1024;
    private const int MaxRewrites = 500;

    private readonly List<HeaderRewrite> _rewrites = [];
    private byte[] _field = new byte[512];
    private int _kept;
    private long _offset;
    private long _length;
    private int _lines;
    private bool _isOpen;
    private bool _isAscii;
    private int _text;

    public IReadOnlyList<HeaderRewrite> All => _rewrites;

    /// <summary>A field begins; the one before is complete.</summary>
    public void Begin(long offset, bool leftAlone)
    {
        End(leftAlone);
        (_offset, _length, _lines, _kept, _isOpen, _isAscii) = (offset, 0, 0, 0, true, true);
    }

    /// <summary>Octets of the field, line breaks among them.</summary>
    public void Append(ReadOnlySpan<byte> octets)
    {
        if (!_isOpen) return;
        _length += octets.Length;
        _lines += octets.Count((byte)'\n');
        _isAscii = _isAscii && Ascii.IsValid(octets);
        if (_kept + octets.Length > MaxField) return;
        if (_kept + octets.Length > _field.Length) Array.Resize(ref _field, Math.Max(_field.Length * 2, _kept + octets.Length));
        octets.CopyTo(_field.AsSpan(_kept));
        _kept += octets.Length;
    }

    /// <summary>The header, or the field, ends.</summary>
    /// <param name="leftAlone">What is signed, and what is not of a header to a client that knows none in UTF-8.</param>
    public void End(bool leftAlone)
    {
        if (_isOpen && !_isAscii && !leftAlone && _rewrites.Count < MaxRewrites && Rewrite() is { } text)
        {
            if (_text + text.Length > MaxText) text = "";
            _text += text.Length;
            _rewrites.Add(new HeaderRewrite(_offset, _length, _lines, text));
        }
        _isOpen = false;
    }

    /// <summary>Null for octets that are no UTF-8: nobody knows what they mean, and clients see them as ever.</summary>
    private string? Rewrite()
    {
        var field = _field.AsSpan(0, _kept);
        if (_kept < _length) return "";
        if (!System.Text.Unicode.Utf8.IsValid(field)) return null;
        var name = HeaderFields.NameLength(field, out var value);
        var unfolded = HeaderText.Read(field[value..]);
        return HeaderDowngrade.Of(Encoding.ASCII.GetString(field[..name]), unfolded);
    }
}
