using System.Globalization;

namespace Merpati.Cli.Terminal;

/// <summary>A time as a person writes it: a whole number of minutes, hours or days.</summary>
internal static class Age
{
    /// <param name="text">Such as 90m, 12h or 3d.</param>
    public static bool TryParse(string text, out TimeSpan age)
    {
        age = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > 100_000) return false;
        age = text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            'd' => TimeSpan.FromDays(count),
            _ => TimeSpan.MinValue,
        };
        return age != TimeSpan.MinValue;
    }
}
