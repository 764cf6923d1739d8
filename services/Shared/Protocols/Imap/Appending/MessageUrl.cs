using System.Globalization;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The URL of a message or of a part of one (RFC 5092 §4, §6), relative to this server: <c>/Drafts;UIDVALIDITY=4/;UID=20/;SECTION=1.MIME/;PARTIAL=0.100</c>.
/// With a server in it, it is not taken: nothing tells which names are ours.
/// </summary>
/// <param name="Mailbox">Null: the selected one.</param>
internal sealed record MessageUrl(MailboxName? Mailbox, UidValidity? UidValidity, Uid Uid, FetchItem.Section Section)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null for what is no such URL.</summary>
    public static MessageUrl? TryParse(string text)
    {
        if (text.StartsWith("//", StringComparison.Ordinal)) return null;
        // The parts begin with ";UID=", after the mailbox and a slash, or alone.
        var parts = ("/" + text.TrimStart('/')).Split("/;");
        if (parts.Length < 2) return null;
        MailboxName? mailbox = null;
        UidValidity? validity = null;
        if (parts[0].Length > 0)
        {
            var name = parts[0][1..];
            if (name.IndexOf(";UIDVALIDITY=", StringComparison.OrdinalIgnoreCase) is var at and >= 0)
            {
                if (!TryNumber(name[(at + 13)..], out var number)) return null;
                validity = new UidValidity(number);
                name = name[..at];
            }
            if (name.Contains(':', StringComparison.Ordinal) || Decode(name) is not { } decoded || !MailboxName.TryParse(decoded, out var parsed)) return null;
            mailbox = parsed;
        }
        if (Value(parts[1], "UID") is not { } uidText || !TryNumber(uidText, out var uid)) return null;
        var next = 2;
        var section = "";
        if (next < parts.Length && Value(parts[next], "SECTION") is { } sectionText)
        {
            if (Decode(sectionText) is not { Length: > 0 } decoded) return null;
            section = decoded;
            next++;
        }
        var partial = "";
        if (next < parts.Length && Value(parts[next], "PARTIAL") is { } partialText)
        {
            // PARTIAL=offset without a length goes to the end (RFC 5092 §11 partial-range).
            partial = partialText.Contains('.', StringComparison.Ordinal) ? $"<{partialText}>" : $"<{partialText}.{uint.MaxValue}>";
            next++;
        }
        if (next < parts.Length || FetchItems.TryParseSection($"[{section}]{partial}") is not { } item) return null;
        return new MessageUrl(mailbox, validity, new Uid(uid), item);
    }

    private static string? Value(string part, string name)
        => part.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase) ? part[(name.Length + 1)..] : null;

    private static bool TryNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;

    /// <summary>Without its percent-encoding, which stands for UTF-8; null for what is none.</summary>
    private static string? Decode(string text)
    {
        var octets = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is <= ' ' or > '~') return null;
            if (c == '%')
            {
                if (i + 2 >= text.Length || !byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)) return null;
                octets[length++] = octet;
                i += 2;
            }
            else
            {
                octets[length++] = (byte)c;
            }
        }
        try { return StrictUtf8.GetString(octets, 0, length); }
        catch (DecoderFallbackException) { return null; }
    }
}
