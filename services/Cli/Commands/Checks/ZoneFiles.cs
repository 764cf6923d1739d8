using Merpati.Mail.Dns;

namespace Merpati.Cli.Commands.Checks;

/// <summary>A zone file that a person names instead of DNS.</summary>
internal static class ZoneFiles
{
    /// <exception cref="UsageFailure">It cannot be read.</exception>
    public static async Task<ZoneFileDns> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try { return new ZoneFileDns(ZoneFile.Parse(await File.ReadAllTextAsync(file, cancellationToken))); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException) { throw new UsageFailure($"{file} cannot be read: {e.Message}"); }
    }
}
