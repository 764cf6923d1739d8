using System.Globalization;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Extensions;

/// <summary>DELIVERBY (RFC 2852): <c>BY=by-time;by-mode[by-trace]</c>.</summary>
internal static class DeliverByExtension
{
    private const int MaxDigits = 9; // RFC 2852 §4

    /// <summary>False for a bad value, and for a message that is to be returned after no time at all.</summary>
    /// <param name="now">The seconds count from here.</param>
    public static bool TryParse(string value, DateTimeOffset now, out DeliverBy? deliverBy)
    {
        deliverBy = null;
        var semicolon = value.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 1) return false;
        var digits = value.AsSpan(0, semicolon);
        var negative = digits[0] == '-';
        if (digits[0] is '-' or '+') digits = digits[1..];
        if (digits.Length is 0 or > MaxDigits || digits.ContainsAnyExceptInRange('0', '9')) return false;
        var seconds = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) * (negative ? -1 : 1);
        DeliverByMode? mode = value[(semicolon + 1)..].ToUpperInvariant() switch
        {
            "N" or "NT" => DeliverByMode.Notify,
            "R" or "RT" => DeliverByMode.Return,
            _ => null,
        };
        if (mode is null || (mode == DeliverByMode.Return && seconds <= 0)) return false;
        deliverBy = new DeliverBy(now.AddSeconds(seconds), mode.Value, Trace: value[^1] is 'T' or 't');
        return true;
    }
}
