using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Accounts;

internal static class QuotaOption
{
    /// <summary>Null when none was given.</summary>
    public static long? Parse(string? text)
    {
        if (text is null) return null;
        return Octets.TryParse(text, out var octets) ? octets : throw new UsageFailure($"'{text}' is not a size; write it as 500M or 10G, or none for no limit.");
    }
}
