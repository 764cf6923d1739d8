using System.Text.Json;
using Merpati.Administration;
using Spectre.Console;

namespace Merpati.Cli.Terminal;

/// <summary>Output in the three forms: JSON for scripts, a drawn table for a terminal, plain columns for a pipe.</summary>
internal sealed class Printer(ITerminal terminal, bool json)
{
    /// <summary>JSON with <c>--json</c>, else whatever <paramref name="forPerson"/> prints.</summary>
    public void Print<T>(T value, Action forPerson)
    {
        if (json) terminal.Output.WriteLine(JsonSerializer.Serialize(value, typeof(T), AdministrationJson.Readable));
        else forPerson();
    }

    public void Line(string text = "") => terminal.Output.WriteLine(Visible(text));

    public void Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (terminal.OutputIsTerminal) Draw(headings, rows);
        else Align([headings, .. rows]);
    }

    private void Draw(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var heading in headings) table.AddColumn(new TableColumn(new Text(heading)));
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(Visible(cell))));
        terminal.Console.Write(table);
    }

    private void Align(IReadOnlyList<IReadOnlyList<string>> lines)
    {
        var widths = Enumerable.Range(0, lines[0].Count).Select(column => lines.Max(line => Visible(line[column]).Length)).ToList();
        foreach (var line in lines)
        {
            terminal.Output.WriteLine(string.Join("  ", line.Select((cell, column) => Visible(cell).PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>What strangers wrote (a remote reply, a sender) must not steer the terminal: control characters become visible ones.</summary>
    private static string Visible(string text)
        => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c)) : text;
}
