using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Cli.Commands.Checks;

[Description("Validate the ARC chain of a message (RFC 8617).")]
internal sealed class CheckArc(ITerminal terminal) : SenderCheck<MessageCheckOptions>(terminal)
{
    protected override async Task RunAsync(IMailDns dns, MessageCheckOptions options, Printer printer, CancellationToken cancellationToken)
    {
        using var message = await ReadMessageAsync(options.File, cancellationToken);
        var arc = await ArcVerifier.VerifyAsync(message, dns, DkimPolicy.Standard, options.TimeOr(TimeProvider.System), cancellationToken);
        var view = new ArcCheckView("arc", arc.Result.Name(), arc.Instances, arc.Sealers, arc.Reason);
        printer.Print(view, () => printer.Line($"{view.Result}: {view.Instances} sets{(view.Sealers.Count == 0 ? "" : $", sealed by {string.Join(", ", view.Sealers)}")}{(view.Reason is null ? "" : $" ({view.Reason})")}"));
    }
}
