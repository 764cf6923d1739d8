using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;

namespace Merpati.Cli.Commands.Policies;

internal static class PolicyFiles
{
    /// <exception cref="UsageFailure">It cannot be read, or is no policy.</exception>
    public static async Task<MailPolicy> ReadAsync(ITerminal terminal, string? file, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = file is null ? terminal.OpenInput() : File.OpenRead(file);
            using var reader = new StreamReader(stream);
            return PolicyReader.Read(await reader.ReadToEndAsync(cancellationToken));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException) { throw new UsageFailure($"{file} cannot be read: {fault.Message}"); }
        catch (PolicyException fault) { throw new UsageFailure($"{file ?? "The input"} is no policy: {fault.Message}"); }
    }
}
