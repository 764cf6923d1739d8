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
        foreach (var (name, port) in state.MailPorts) grid.AddRow(name, $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        foreach (var (address, password) in state.Accounts) grid.AddRow(Markup.Escape(address), Markup.Escape(password));
        grid.AddRow("Certificate", Markup.Escape(state.Certificate));
        grid.AddRow("Administration", Markup.Escape($"merpati --admin {state.Admin} --token-file {state.TokenFile}"));
        grid.AddRow("Logs", Markup.Escape(state.Logs));
        grid.AddRow("Process", state.ProcessId.ToString(CultureInfo.InvariantCulture));
        console.Write(grid);
    }
}
