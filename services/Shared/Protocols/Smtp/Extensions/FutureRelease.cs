using System.Globalization;

namespace Merpati.Protocols.Smtp.Extensions;

/// <summary>FUTURERELEASE (RFC 4865): a message that is kept until its time has come.</summary>
internal static class FutureRelease
{
    private const int MaxDigits = 9; // RFC 4865 §3

    // RFC 3339 §5.6; the fraction of a second is optional, the offset is not.
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    /// <summary>The EHLO line: how long a message is kept, in seconds, and what moment that is.</summary>
    public static string Advertise(TimeSpan longest, DateTimeOffset now)
        => string.Create(CultureInfo.InvariantCulture, $"FUTURERELEASE {(long)longest.TotalSeconds} {(now + longest).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");

    /// <summary>HOLDFOR, seconds from <paramref name="now"/>.</summary>
    public static bool TryParseFor(string value, DateTimeOffset now, out DateTimeOffset until)
    {
        until = now;
        if (value.Length is 0 or > MaxDigits || value[0] == '0' || value.AsSpan().ContainsAnyExceptInRange('0', '9')) return false;
        until = now.AddSeconds(int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>HOLDUNTIL, a moment of RFC 3339; one that is past releases at once.</summary>
    public static bool TryParseUntil(string value, out DateTimeOffset until)
        => DateTimeOffset.TryParseExact(value.ToUpperInvariant(), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out until);
}
