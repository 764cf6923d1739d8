using System.Diagnostics.CodeAnalysis;
using System.Text;
using Merpati.Addresses;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>The Path production of RFC 5321 §4.1.2, with the UTF-8 of RFC 6531 §3.3.</summary>
public abstract record SmtpPath
{
    private SmtpPath() { }

    /// <summary><c>&lt;&gt;</c>, the reverse-path of reports.</summary>
    public sealed record Null : SmtpPath;

    /// <summary><c>&lt;postmaster&gt;</c> without a domain, in any case (RFC 5321 §4.1.1.3).</summary>
    public sealed record Postmaster : SmtpPath;

    public sealed record Mailbox(EmailAddress Address) : SmtpPath;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a path from the start of <paramref name="input"/>. A source route is checked and dropped (RFC 5321 §4.1.1.3, appendix C).</summary>
    /// <param name="consumed">Octets of the path, angle brackets included.</param>
    public static bool TryParse(ReadOnlySpan<byte> input, [NotNullWhen(true)] out SmtpPath? path, out int consumed)
    {
        path = null;
        consumed = 0;
        if (input.IsEmpty || input[0] != (byte)'<' || FindEnd(input) is not (> 0 and var end)) return false;
        consumed = end + 1;
        var inner = input[1..end];
        if (inner.IsEmpty)
        {
            path = new Null();
            return true;
        }
        if (inner[0] == (byte)'@')
        {
            var colon = inner.IndexOf((byte)':');
            if (colon < 0 || !IsSourceRoute(inner[..colon])) return false;
            inner = inner[(colon + 1)..];
        }
        if (Ascii.EqualsIgnoreCase(inner, "postmaster"u8))
        {
            path = new Postmaster();
            return true;
        }
        if (!TryDecode(inner, out var text) || !EmailAddress.TryParse(text, out var address)) return false;
        path = new Mailbox(address);
        return true;
    }

    /// <summary>The closing bracket: the first one that no quoted string hides. -1 when there is none.</summary>
    private static int FindEnd(ReadOnlySpan<byte> input)
    {
        var quoted = false;
        for (var i = 1; i < input.Length; i++)
        {
            switch (input[i])
            {
                case (byte)'"': quoted = !quoted; break;
                case (byte)'\\' when quoted: i++; break;
                case (byte)'>' when !quoted: return i;
                case (byte)' ' when !quoted: return -1;
            }
        }
        return -1;
    }

    /// <summary>At-domain *( "," At-domain ).</summary>
    private static bool IsSourceRoute(ReadOnlySpan<byte> route)
    {
        foreach (var range in route.Split((byte)','))
        {
            var hop = route[range];
            if (hop.Length < 2 || hop[0] != (byte)'@' || !SmtpHello.IsDomain(hop[1..])) return false;
        }
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> octets, out string text)
    {
        try
        {
            text = StrictUtf8.GetString(octets);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
