using System.Text;
using System.Text.RegularExpressions;

namespace Merpati.Tests.Chart;

/// <summary>The table of values for README.md: a row for each key of values.yaml, explained by the comment above it that begins with two dashes.</summary>
internal static partial class ValuesTable
{
    public static string Make(string yaml)
    {
        var table = new StringBuilder("| value | default | meaning |\n|---|---|---|\n");
        foreach (var row in Rows(yaml)) table.Append("| `").Append(row.Path).Append("` | `").Append(row.Default.Replace("|", "\\|", StringComparison.Ordinal)).Append("` | ").Append(row.Meaning).Append(" |\n");
        return table.ToString();
    }

    public static IReadOnlyList<Row> Rows(string yaml)
    {
        var rows = new List<Row>();
        var above = new List<(int Indent, string Key)>();
        var comment = "";
        foreach (var line in yaml.Split('\n'))
        {
            var text = line.TrimStart();
            if (text.StartsWith("# -- ", StringComparison.Ordinal))
            {
                comment = text["# -- ".Length..];
                continue;
            }
            if (KeyAndValue().Match(line) is not { Success: true } match) continue;
            var indent = match.Groups["indent"].Length;
            above.RemoveAll(outer => outer.Indent >= indent);
            above.Add((indent, match.Groups["key"].Value));
            if (match.Groups["value"].Value is { Length: > 0 } value) rows.Add(new Row(string.Join('.', above.Select(outer => outer.Key)), value, comment));
            comment = "";
        }
        return rows;
    }

    [GeneratedRegex("^(?<indent> *)(?<key>[A-Za-z][A-Za-z0-9]*):(?: (?<value>.+))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex KeyAndValue();

    internal sealed record Row(string Path, string Default, string Meaning);
}
