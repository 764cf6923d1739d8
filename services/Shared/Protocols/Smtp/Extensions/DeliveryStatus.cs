using System.Buffers;
using System.Globalization;
using System.Text;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Extensions;

/// <summary>The parameters of DSN (RFC 3461 §4).</summary>
internal static class DeliveryStatus
{
    private const int MaxOriginalRecipient = 500; // RFC 3461 §4.2
    private const int MaxEnvelopeId = 100; // RFC 3461 §4.4

    private static readonly SearchValues<char> UpperHex = SearchValues.Create("0123456789ABCDEF");

    /// <summary>RET; null when it is neither FULL nor HDRS.</summary>
    public static DsnReturn? ParseReturn(string value) => value.ToUpperInvariant() switch { "FULL" => DsnReturn.Full, "HDRS" => DsnReturn.Headers, _ => null };

    public static bool IsEnvelopeId(string value) => value.Length is > 0 and <= MaxEnvelopeId && Xtext.IsValid(value);

    /// <summary>NEVER alone, or a list of the others (RFC 3461 §4.1). Null when it is neither.</summary>
    public static DsnNotify? ParseNotify(string value)
    {
        var notify = DsnNotify.Unspecified;
        foreach (var word in value.ToUpperInvariant().Split(','))
        {
            DsnNotify? flag = word switch
            {
                "NEVER" => DsnNotify.Never,
                "SUCCESS" => DsnNotify.Success,
                "FAILURE" => DsnNotify.Failure,
                "DELAY" => DsnNotify.Delay,
                _ => null,
            };
            if (flag is null) return null;
            notify |= flag.Value;
        }
        return notify.HasFlag(DsnNotify.Never) && notify != DsnNotify.Never ? null : notify;
    }

    /// <summary>ORCPT: <c>addr-type ";" xtext</c> (RFC 3461 §4.2), or the type utf-8 with its own encoding (RFC 6533 §3).</summary>
    public static bool IsOriginalRecipient(string value)
    {
        var semicolon = value.IndexOf(';', StringComparison.Ordinal);
        if (value.Length > MaxOriginalRecipient || semicolon < 1 || semicolon == value.Length - 1) return false;
        var type = value.AsSpan(0, semicolon);
        foreach (var c in type)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.')) return false;
        }
        var address = value.AsSpan(semicolon + 1);
        return type.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? IsUnicodeAddress(address) : Xtext.IsValid(address);
    }

    /// <summary>QCHAR, <c>\x{HEX}</c> and, where MAIL asked for SMTPUTF8, UTF-8 itself; that one is judged with the whole argument.</summary>
    private static bool IsUnicodeAddress(ReadOnlySpan<char> address)
    {
        while (!address.IsEmpty)
        {
            if (address[0] == '\\')
            {
                var end = address.IndexOf('}');
                if (end < 5 || end > 9 || address[1] != 'x' || address[2] != '{' || address[3..end].ContainsAnyExcept(UpperHex)) return false;
                if (!Rune.IsValid(int.Parse(address[3..end], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))) return false;
                address = address[(end + 1)..];
                continue;
            }
            if (address[0] is < '!' or '+' or '=' or '\x7f') return false;
            address = address[1..];
        }
        return true;
    }
}
