using System.Globalization;

namespace Merpati.Cli.Terminal;

/// <summary>Sizes as people write them: <c>500M</c>, <c>10G</c>, in powers of 1024.</summary>
internal static class Octets
{
    private static readonly string[] Units = ["", "K", "M", "G", "T"];

    public static bool TryParse(string text, out long octets)
    {
        octets = 0;
        var trimmed = text.Trim().ToUpperInvariant();
        if (trimmed is "NONE" or "UNLIMITED") return true;
        trimmed = trimmed.EndsWith("IB", StringComparison.Ordinal) ? trimmed[..^2] : trimmed.EndsWith('B') ? trimmed[..^1] : trimmed;
        var unit = trimmed.Length == 0 ? -1 : Array.IndexOf(Units, trimmed[^1..]);
        var digits = unit > 0 ? trimmed[..^1] : trimmed;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        var factor = 1L << (10 * Math.Max(unit, 0));
        if (number > long.MaxValue / factor) return false;
        octets = number * factor;
        return true;
    }

    public static string Format(long? octets)
    {
        if (octets is not { } rest) return "no limit";
        var unit = 0;
        double size = rest;
        for (; size >= 1024 && unit < Units.Length - 1; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}{(unit > 0 ? "iB" : "octets")}");
    }
}
