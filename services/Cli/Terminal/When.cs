using System.Globalization;

namespace Merpati.Cli.Terminal;

/// <summary>Times for a person, in the zone of the machine.</summary>
internal static class When
{
    public static string Format(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string FormatExactly(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
