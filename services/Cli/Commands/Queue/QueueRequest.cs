using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Queue;

/// <summary>Has the server do something to entries, and says which ones it did it to.</summary>
internal static class QueueRequest
{
    /// <param name="done">What is said of the entries afterwards: "released".</param>
    public static async Task SendAsync(AdminClient server, Printer printer, string verb, string done, QueueSelection selection, CancellationToken cancellationToken)
    {
        var change = await server.SendAsync(HttpMethod.Post, $"queue/{verb}", selection, AdministrationJson.Default.QueueSelection, AdministrationJson.Default.QueueChange, cancellationToken);
        printer.Print(change, () =>
        {
            foreach (var id in change.Changed) printer.Line(id);
            printer.Line(change.Changed.Count switch
            {
                0 => "No entry was changed.",
                1 => $"One entry was {done}.",
                var count => string.Create(CultureInfo.InvariantCulture, $"{count} entries were {done}."),
            });
        });
    }
}
