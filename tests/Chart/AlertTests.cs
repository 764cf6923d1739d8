using System.Text.RegularExpressions;
using AwesomeAssertions;

namespace Merpati.Tests.Chart;

/// <summary>The alerts fire when they should, about metrics that there are, and say what to do.</summary>
public sealed partial class AlertTests
{
    private const string Rules = "charts/merpati/files/alerts.yaml";

    private static readonly Lazy<IReadOnlyList<Node>> All = new(() => [.. Node.Parse(Repository.Read(Rules))["groups"].Items.SelectMany(group => group["rules"].Items)]);

    private static IEnumerable<Node> Alerts => All.Value.Where(rule => rule["alert"].IsThere);

    [Fact]
    public async Task Prometheus_can_read_the_rules()
    {
        var result = await Tool.RunAsync("promtool", ["check", "rules", Rules]);
        result.ExitCode.Should().Be(0, result.ToString());
    }

    [Fact]
    public async Task Each_alert_fires_when_it_should_and_only_then()
    {
        var result = await Tool.RunAsync("promtool", ["test", "rules", "tests/Chart/alerts.test.yaml"]);
        result.ExitCode.Should().Be(0, result.ToString());
    }

    [Fact]
    public void Each_alert_is_tested_both_ways()
    {
        var tests = Node.Parse(Repository.Read("tests/Chart/alerts.test.yaml"))["tests"].Items.SelectMany(test => test["alert_rule_test"].Items).ToList();
        Names(tests.Where(test => test["exp_alerts"].Items.Any())).Should().BeEquivalentTo(Names(Alerts), "something makes it fire");
        Names(tests.Where(test => !test["exp_alerts"].Items.Any())).Should().BeEquivalentTo(Names(Alerts), "something does not make it fire");

        static IEnumerable<string> Names(IEnumerable<Node> nodes) => nodes.Select(node => node[node["alertname"].IsThere ? "alertname" : "alert"].Text).Distinct();
    }

    [Fact]
    public void Each_alert_has_a_severity_a_summary_and_a_runbook()
    {
        var sections = Heading().Matches(Repository.Read("docs/operations/runbooks.md")).Select(match => match.Groups["name"].Value).ToList();
        sections.Should().BeEquivalentTo(Alerts.Select(alert => alert["alert"].Text), "each alert has a section, and each section an alert");
        foreach (var alert in Alerts)
        {
            var name = alert["alert"].Text;
            alert["labels"]["severity"].Text.Should().BeOneOf("critical", "warning");
            alert["annotations"]["summary"].Text.Should().EndWith(".");
            // The anchor of a heading is its text in small letters.
#pragma warning disable CA1308
            alert["annotations"]["runbook_url"].Text.Should().Be("RUNBOOK#" + name.ToLowerInvariant());
#pragma warning restore CA1308
        }
    }

    [Fact]
    public void The_rules_name_series_and_labels_that_there_are()
    {
        foreach (var rule in All.Value)
        {
            Instruments.SeriesIn(rule["expr"].Text).Should().BeSubsetOf(Instruments.Series, rule["expr"].Text);
            Instruments.LabelsIn(rule["expr"].Text).Should().OnlyContain(label => Instruments.HasLabel(label), rule["expr"].Text);
        }
        var recorded = All.Value.Where(rule => rule["record"].IsThere).Select(rule => rule["record"].Text).ToHashSet();
        Alerts.SelectMany(alert => Recorded().Matches(alert["expr"].Text)).Select(match => match.Value).Should().NotBeEmpty().And.BeSubsetOf(recorded);
    }

    [Theory]
    [InlineData("Counter", "merpati.bus.dead_letters", "{event}", "merpati_bus_dead_letters_total")]
    [InlineData("Counter", "merpati.content.collected_bytes", "By", "merpati_content_collected_bytes_total")]
    [InlineData("Counter", "merpati.pop3.sent.octets", "By", "merpati_pop3_sent_octets_bytes_total")]
    [InlineData("ObservableGauge", "merpati.queue.oldest_age", "s", "merpati_queue_oldest_age_seconds")]
    [InlineData("UpDownCounter", "merpati.imap.sessions", "{session}", "merpati_imap_sessions")]
    public void Names_are_written_as_the_exporter_writes_them(string kind, string instrument, string unit, string series)
    {
        Instruments.SeriesOf(kind, instrument, unit).Should().Equal(series);
        Instruments.Series.Should().Contain(series);
    }

    [Fact]
    public void The_examples_name_series_that_there_are()
    {
        // A pattern of the adapter stands for several names.
        var text = Repository.Read("charts/merpati/examples/prometheus-adapter.yaml").Replace("merpati_(smtp_active_connections|imap_sessions|pop3_sessions)", "merpati_smtp_active_connections merpati_imap_sessions merpati_pop3_sessions", StringComparison.Ordinal);
        Instruments.SeriesIn(text).Should().HaveCount(4).And.BeSubsetOf(Instruments.Series);
        Instruments.SeriesIn(Repository.Read("charts/merpati/templates/_helpers.tpl") + Repository.Read("charts/merpati/templates/scaling.yaml") + Repository.Read("docs/operations/runbooks.md"))
            .Should().NotBeEmpty().And.OnlyContain(series => Instruments.Series.Any(known => known.StartsWith(series, StringComparison.Ordinal)));
    }

    [GeneratedRegex("^## (?<name>Merpati[A-Za-z]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Heading();

    [GeneratedRegex("merpati:[a-z_]+:[a-z0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Recorded();
}
