using System.Text;
using System.Text.Json;
using AwesomeAssertions;

namespace Merpati.Tests.Chart;

/// <summary>The dashboards ask what Prometheus can answer.</summary>
public sealed class DashboardTests
{
    private const string Folder = "charts/merpati/files/dashboards";

    private static readonly string[] Files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, Folder), "*.json").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Dashboards => [.. Files];

    [Fact]
    public void There_is_one_for_each_service_one_over_all_and_one_for_a_message()
        => Files.Should().BeEquivalentTo("overview.json", "message.json", "smtp-ingress.json", "delivery.json", "outbound-relay.json", "imap-gateway.json", "pop3-gateway.json", "user-directory.json");

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task Prometheus_understands_every_expression(string file)
    {
        // As recording rules, since promtool checks those.
        var rules = new StringBuilder("groups:\n- name: dashboard\n  rules:\n");
        var number = 0;
        foreach (var expression in Expressions(file)) rules.Append("  - { record: \"dashboard:expression:").Append(number++).Append("\", expr: ").Append(JsonSerializer.Serialize(Answerable(expression))).Append(" }\n");
        number.Should().BeGreaterThan(0);
        var path = Path.Combine(Path.GetTempPath(), $"merpati-{Guid.NewGuid():N}.yaml");
        try
        {
            await File.WriteAllTextAsync(path, rules.ToString());
            var result = await Tool.RunAsync("promtool", ["check", "rules", path]);
            result.ExitCode.Should().Be(0, result.ToString());
            result.Output.Should().Contain($"{number} rules found");
        }
        finally { File.Delete(path); }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Every_expression_names_series_and_labels_that_there_are(string file)
    {
        foreach (var expression in Expressions(file))
        {
            if (!expression.StartsWith("merpati:", StringComparison.Ordinal)) Instruments.SeriesIn(expression).Should().NotBeEmpty(expression).And.BeSubsetOf(Instruments.Series, expression);
            else Repository.Read("charts/merpati/files/alerts.yaml").Should().Contain($"record: \"{expression[..expression.IndexOf('{', StringComparison.Ordinal)]}\"");
            Instruments.LabelsIn(expression).Should().OnlyContain(label => Instruments.HasLabel(label), expression);
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Every_panel_has_a_title_a_unit_a_legend_and_a_place(string file)
    {
        using var document = JsonDocument.Parse(Repository.Read($"{Folder}/{file}"));
        var root = document.RootElement;
        root.GetProperty("uid").GetString().Should().Be("merpati-" + Path.GetFileNameWithoutExtension(file));
        root.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).Should().Contain("merpati");
        var panels = root.GetProperty("panels").EnumerateArray().ToList();
        panels.Select(panel => panel.GetProperty("id").GetInt32()).Should().OnlyHaveUniqueItems();
        var taken = new HashSet<(int X, int Y)>();
        foreach (var panel in panels)
        {
            var title = panel.GetProperty("title").GetString()!;
            title.Should().NotBeNullOrWhiteSpace();
            var place = panel.GetProperty("gridPos");
            var (x, y, width, height) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32(), place.GetProperty("w").GetInt32(), place.GetProperty("h").GetInt32());
            (x + width).Should().BeLessThanOrEqualTo(24, title);
            for (var column = x; column < x + width; column++)
            {
                for (var line = y; line < y + height; line++) taken.Add((column, line)).Should().BeTrue("{0} lies over another panel", title);
            }
            if (!panel.TryGetProperty("targets", out var targets) || panel.GetProperty("type").GetString() is "traces" or "logs") continue;
            panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString().Should().NotBeNullOrEmpty(title);
            foreach (var target in targets.EnumerateArray())
            {
                target.GetProperty("datasource").GetProperty("uid").GetString().Should().Be("${datasource}");
                if (panel.GetProperty("type").GetString() == "timeseries") target.GetProperty("legendFormat").GetString().Should().NotBeNullOrEmpty(title);
                var expression = target.GetProperty("expr").GetString()!;
                expression.Should().Contain("namespace=\"$namespace\"", "two installations are not added up");
            }
        }
    }

    private static List<string> Expressions(string file)
    {
        using var document = JsonDocument.Parse(Repository.Read($"{Folder}/{file}"));
        return
        [
            .. document.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)).SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Where(target => target.GetProperty("datasource").GetProperty("type").GetString() == "prometheus").Select(target => target.GetProperty("expr").GetString()!),
        ];
    }

    /// <summary>With something in the place of Grafana's variables.</summary>
    private static string Answerable(string expression) => expression.Replace("$namespace", "mail", StringComparison.Ordinal).Replace("$__rate_interval", "5m", StringComparison.Ordinal);
}
