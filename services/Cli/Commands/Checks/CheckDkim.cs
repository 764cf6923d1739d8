using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Cli.Commands.Checks;

[Description("Verify the DKIM signatures of a message (RFC 6376).")]
internal sealed class CheckDkim(ITerminal terminal) : SenderCheck<MessageCheckOptions>(terminal)
{
    protected override async Task RunAsync(IMailDns dns, MessageCheckOptions options, Printer printer, CancellationToken cancellationToken)
    {
        using var message = await ReadMessageAsync(options.File, cancellationToken);
        var view = View(await DkimVerifier.VerifyAsync(message, dns, DkimPolicy.Standard, options.TimeOr(TimeProvider.System), cancellationToken));
        printer.Print(view, () =>
        {
            printer.Line(view.Result);
            foreach (var one in view.Signatures) printer.Line($"{one.Result}: {one.Selector}._domainkey.{one.Domain} {one.Algorithm}{(one.KeyBits is { } bits ? $" ({bits} bits)" : "")}{(one.Testing ? " (testing)" : "")}{(one.Reason is null ? "" : $" ({one.Reason})")}");
        });
    }

    internal static DkimCheckView View(IReadOnlyList<DkimResult> results)
    {
        var overall = results.Any(result => result.Result == AuthResult.Pass) ? AuthResult.Pass : results.Count > 0 ? results[0].Result : AuthResult.None;
        return new DkimCheckView("dkim", overall.Name(), [.. results.Select(one => new DkimSignatureView(one.Result.Name(), one.Domain, one.Selector, one.Identity, one.Algorithm, one.KeyBits, one.Testing, one.Reason))]);
    }
}
