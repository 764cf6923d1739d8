using Merpati.Administration;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Dkim;

internal static class DkimKeyPrinting
{
    /// <summary>New keys with the records that are to be published.</summary>
    public static void PrintNew(this Printer printer, IReadOnlyList<DkimKeyView> keys) => printer.Print(keys, () =>
    {
        printer.Line(keys.All(key => key.State == "active")
            ? "The domain signs with these keys from now on. Publish, if that is not done yet:"
            : "Publish these records; the domain signs with the keys as soon as they can be seen in DNS, and the old ones retire:");
        foreach (var key in keys) printer.Line(key.ZoneLine());
    });

    public static string Row(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture);
}
