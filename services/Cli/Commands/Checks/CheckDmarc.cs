using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Checks;

[Description("Whether a message comes from the domain that its From names (RFC 9989); with --ip, SPF counts too.")]
internal sealed class CheckDmarc(ITerminal terminal) : SenderCheck<CheckDmarc.Options>(terminal)
{
    protected override async Task RunAsync(IMailDns dns, Options options, Printer printer, CancellationToken cancellationToken)
    {
        using var message = await ReadMessageAsync(options.File, cancellationToken);
        var dkim = await DkimVerifier.VerifyAsync(message, dns, DkimPolicy.Standard, options.TimeOr(TimeProvider.System), cancellationToken);
        var spf = options.Client is null
            ? new SpfResult(AuthResult.None, "", null, null, "no client was named")
            : await CheckSpf.VerifyAsync(dns, options.Client, options.Sender, options.Hello, receiver: null, options.ClockOr(TimeProvider.System), cancellationToken);
        var dmarc = await new DmarcVerifier(dns, options.OrganizationalDomain).VerifyAsync(message.AuthorDomains, spf, dkim, cancellationToken);
        var view = new DmarcCheckView(
            "dmarc",
            dmarc.Result.Name(),
            dmarc.Domain,
            dmarc.Domain.Length == 0 ? "" : (await new DmarcDomains(dns, options.OrganizationalDomain).OrganizationAsync(dmarc.Domain, cancellationToken)).Domain,
            dmarc.Policy.Name(),
            dmarc.Percent,
            dmarc.AlignedBy,
            options.Client is null ? null : CheckSpf.View(spf, string.IsNullOrEmpty(options.Sender) ? "helo" : "mailfrom"),
            CheckDkim.View(dkim),
            dmarc.Reason);
        printer.Print(view, () => printer.Line($"{view.Result}: {view.Domain} (policy {view.Policy}){(view.AlignedBy.Count == 0 ? "" : $" by {string.Join(" and ", view.AlignedBy)}")}{(view.Reason is null ? "" : $" ({view.Reason})")}"));
    }

    internal sealed class Options : MessageCheckOptions
    {
        [CommandOption("--ip|--client <ADDRESS>")]
        [Description("The IP address of the client.")]
        public string? Client { get; init; }

        [CommandOption("--sender|--mail-from <ADDRESS>")]
        [Description("The reverse-path.")]
        public string? Sender { get; init; }

        [CommandOption("--organizational-domain <METHOD>")]
        [Description("How it is found which domains are of one organization, as smtpIngress:dmarc:organizationalDomain has it: treeWalk or publicSuffixList.")]
        [DefaultValue(DmarcDiscovery.TreeWalk)]
        public DmarcDiscovery OrganizationalDomain { get; init; }

        [CommandOption("--helo|--ehlo <NAME>")]
        [Description("What the client called itself.")]
        public string? Hello { get; init; }
    }
}
