using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Suppressions;

[Description("Send no more mail to an address, or to a whole domain: it comes back to its sender.")]
internal sealed class AddSuppression(ITerminal terminal) : AdminCommand<AddSuppression.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var body = new NewSuppression(options.Pattern, options.Reason, options.Days is { } days ? TimeProvider.System.GetUtcNow().AddDays(days) : null);
        var added = await server.SendAsync(HttpMethod.Post, "suppressions", body, AdministrationJson.Default.NewSuppression, AdministrationJson.Default.SuppressionView, cancellationToken);
        printer.Print(added, () => printer.Line(added.Until is { } until ? $"No mail goes to {added.Pattern} until {When.Format(until)}." : $"No mail goes to {added.Pattern} any more."));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ADDRESS-OR-DOMAIN>")]
        [Description("Such as ann@example.org, or example.org for all in it.")]
        public required string Pattern { get; init; }

        [CommandOption("--reason <TEXT>")]
        [Description("Why; the sender reads it.")]
        public string? Reason { get; init; }

        [CommandOption("--days <N>")]
        [Description("For so many days; without it, for ever.")]
        public int? Days { get; init; }

        public override Spectre.Console.ValidationResult Validate()
            => Days is < 1 or > 36500 ? Spectre.Console.ValidationResult.Error("--days is 1 to 36500") : Spectre.Console.ValidationResult.Success();
    }
}
