using System.Text;
using System.Text.RegularExpressions;
using AwesomeAssertions;

namespace Merpati.Tests.Chart;

public sealed partial class GeneratedTests
{
    [Theory]
    [InlineData("minimal")]
    [InlineData("full")]
    public async Task What_the_chart_makes_is_what_it_made_before(string values)
        => await Generated.ShouldBeAsync($"tests/Chart/golden/{values}.yaml", Steady(await Helm.RenderAsync($"ci/{values}-values.yaml")));

    [Fact]
    public async Task The_README_has_the_values_as_they_are()
    {
        var readme = Repository.Read("charts/merpati/README.md");
        var table = ValuesTable.Make(Repository.Read("charts/merpati/values.yaml"));
        BetweenMarks().Count(readme).Should().Be(1);
        await Generated.ShouldBeAsync("charts/merpati/README.md", BetweenMarks().Replace(readme, match => match.Groups["begin"].Value + table + match.Groups["end"].Value));
    }

    [Fact]
    public void Every_value_has_a_comment()
        => ValuesTable.Rows(Repository.Read("charts/merpati/values.yaml")).Where(row => row.Meaning.Length == 0).Select(row => row.Path).Should().BeEmpty();

    /// <summary>Keys and tokens are made by chance, and dashboards are files of their own: both would only hide what has changed.</summary>
    private static string Steady(string rendered)
    {
        var steady = new StringBuilder();
        foreach (var text in rendered.Split("\n---\n"))
        {
            var node = Node.Parse(text);
            if (!node.IsThere || RenderedChart.NameOf(node).Contains("-dashboard-", StringComparison.Ordinal) || node["kind"].Text == "PrometheusRule") continue;
            steady.Append("---\n").Append(node["kind"].Text == "Secret" ? MadeByChance().Replace(text.Trim(), "${key} (made)") : text.Replace("---\n", "", StringComparison.Ordinal).Trim()).Append('\n');
        }
        return steady.ToString();
    }

    [GeneratedRegex("^(?<key>  (token|tls\\.crt|tls\\.key|ca\\.crt):).*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex MadeByChance();

    [GeneratedRegex("(?<begin><!-- values: [^>]*-->\n).*?(?<end><!-- end of values -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BetweenMarks();
}
