using Merpati.Cli.Terminal;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Checks;

/// <summary>A check of who sends, made here with the same code as at the door. Whatever its result is, the command is done: exit code 0.</summary>
internal abstract class SenderCheck<TOptions>(ITerminal terminal) : AsyncCommand<TOptions>
    where TOptions : CheckOptions
{
    private const int MaxHeader = 16_777_216;

    protected abstract Task RunAsync(IMailDns dns, TOptions options, Printer printer, CancellationToken cancellationToken);

    public sealed override async Task<int> ExecuteAsync(CommandContext context, TOptions settings, CancellationToken cancellationToken)
    {
        var printer = new Printer(terminal, settings.Json);
        if (settings.Dns is { } file)
        {
            await RunAsync(await ZoneFiles.ReadAsync(file, cancellationToken), settings, printer, cancellationToken);
        }
        else
        {
            using var dns = new MailDns(new DnsOptions(), TimeProvider.System, NullLogger<MailDns>.Instance);
            await RunAsync(dns, settings, printer, cancellationToken);
        }
        return ExitCode.Done;
    }

    protected async Task<ReceivedMessage> ReadMessageAsync(string? file, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = file is null or "-" ? terminal.OpenInput() : File.OpenRead(file);
            var message = new ReceivedMessage(MaxHeader, DkimPolicy.Standard.MaxSignatures);
            var buffer = new byte[65_536];
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0) message.Write(buffer.AsSpan(0, read));
            message.Complete();
            return message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageFailure($"{file} cannot be read: {e.Message}"); }
    }
}
