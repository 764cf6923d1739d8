using System.ComponentModel;
using System.Net;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Checks;

[Description("What the SPF record of a sender's domain says about a client (RFC 7208).")]
internal sealed class CheckSpf(ITerminal terminal) : SenderCheck<CheckSpf.Options>(terminal)
{
    protected override async Task RunAsync(IMailDns dns, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var view = await CheckAsync(dns, options.Client, options.Sender, options.Hello, options.Receiver, options.ClockOr(TimeProvider.System), cancellationToken);
        printer.Print(view, () =>
        {
            printer.Line($"{view.Result}: {view.Domain}{(view.Mechanism is null ? "" : $" by {view.Mechanism}")}{(view.Reason is null ? "" : $" ({view.Reason})")}");
            if (view.Explanation is not null) printer.Line(view.Explanation);
        });
    }

    /// <summary>Of MAIL FROM, and of HELO when there is no sender.</summary>
    internal static async Task<SpfCheckView> CheckAsync(IMailDns dns, string client, string? sender, string? hello, string? receiver, TimeProvider clock, CancellationToken cancellationToken)
        => View(await VerifyAsync(dns, client, sender, hello, receiver, clock, cancellationToken), string.IsNullOrEmpty(sender) ? "helo" : "mailfrom");

    internal static ValueTask<SpfResult> VerifyAsync(IMailDns dns, string client, string? sender, string? hello, string? receiver, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!IPAddress.TryParse(client, out var address)) throw new UsageFailure($"'{client}' is no IP address.");
        return new SpfVerifier(dns, receiver ?? "", clock).CheckMailFromAsync(address, sender?.Trim('<', '>') ?? "", hello ?? "", cancellationToken);
    }

    internal static SpfCheckView View(SpfResult result, string identity) => new("spf", result.Result.Name(), result.Domain, identity, result.Mechanism, result.Explanation, result.Reason);

    internal sealed class Options : CheckOptions
    {
        [CommandOption("--ip|--client <ADDRESS>", isRequired: true)]
        [Description("The IP address of the client.")]
        public string Client { get; init; } = "";

        [CommandOption("--sender|--mail-from <ADDRESS>")]
        [Description("The reverse-path; without it, or empty, the name of HELO is checked.")]
        public string? Sender { get; init; }

        [CommandOption("--helo|--ehlo <NAME>")]
        [Description("What the client called itself.")]
        public string? Hello { get; init; }

        [CommandOption("--receiver <NAME>")]
        [Description("The name of the server that asks, for explanations.")]
        public string? Receiver { get; init; }
    }
}
