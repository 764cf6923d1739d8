using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Stores;

/// <summary>Reads the stores of a running Standalone to their last page.</summary>
[Description("Reads every store of the running server and names what is damaged in its structure, or does not fit together (Standalone; merpati fsck for a cluster).")]
internal sealed class Check(ITerminal terminal) : AdminCommand<GlobalOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GlobalOptions options, Printer printer, CancellationToken cancellationToken)
    {
        server.WaitForever();
        var checks = await server.GetAsync("stores/check", AdministrationJson.Default.IReadOnlyListStoreCheck, cancellationToken);
        printer.Print(checks, () =>
        {
            foreach (var check in checks) printer.Line(check.Problems.Count == 0 ? $"{check.Store}: ok" : $"{check.Store}: {string.Join("; ", check.Problems)}");
        });
        if (checks.Any(check => check.Problems.Count > 0)) throw new DamageFailure("Damage was found; see docs/operations/backup.md.");
    }
}
