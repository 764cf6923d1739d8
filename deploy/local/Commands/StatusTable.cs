using System.Globalization;
using Spectre.Console;

namespace Merpati.Local.Commands;

internal static class StatusTable
{
    public static void Print(IAnsiConsole console, LocalState state)
    {
        var grid = new Grid().AddColumn().AddColumn();
        grid.AddRow("MongoDB", Markup.Escape(state.MongoDb));
        grid.AddRow("RabbitMQ", Markup.Escape(state.RabbitMq));
        grid.AddRow("Logs", Markup.Escape(state.Logs));
        grid.AddRow("Process", state.ProcessId.ToString(CultureInfo.InvariantCulture));
        console.Write(grid);
    }
}
