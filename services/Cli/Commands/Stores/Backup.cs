using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Stores;

internal sealed class BackupOptions : GlobalOptions
{
    [CommandArgument(0, "<FOLDER>")]
    [Description("A new folder for the copy, on the server's machine.")]
    public required string Folder { get; init; }
}

/// <summary>Copies the data folder of a running Standalone; the copy is a data folder.</summary>
[Description("Copies all that is kept into a new folder while the server runs (Standalone).")]
internal sealed class Backup(ITerminal terminal) : AdminCommand<BackupOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, BackupOptions options, Printer printer, CancellationToken cancellationToken)
    {
        server.WaitForever();
        var done = await server.SendAsync(HttpMethod.Post, "stores/backup", new BackupOrder(Path.GetFullPath(options.Folder)), AdministrationJson.Default.BackupOrder, AdministrationJson.Default.BackupDone, cancellationToken);
        printer.Print(done, () => printer.Line($"{done.Folder} is a data folder now, {Octets.Format(done.Octets)}."));
    }
}
