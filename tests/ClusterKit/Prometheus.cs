using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Merpati.Local.Cluster;

namespace Merpati.TestKit.Cluster;

/// <summary>
/// The real Prometheus with the chart's own rules, over the services of a cluster. Only time is shorter: every range and offset of a rule is 15 seconds, every wait at most 1; and amounts
/// that a test cannot wait for are replaced one by one.
/// </summary>
public sealed partial class Prometheus : IAsyncDisposable
{
    /// <summary>The label <c>namespace</c> of all series.</summary>
    public const string Namespace = "mail";

    private readonly Process _process;
    private readonly HttpClient _http;

    private Prometheus(Process process, int port)
    {
        _process = process;
        _http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Where the chart has its rules and dashboards.</summary>
    public static string ChartFiles { get; } = Found();

    /// <summary>The names of all alerts that there are.</summary>
    public static IReadOnlyList<string> Alerts { get; } = [.. AlertName().Matches(File.ReadAllText(Path.Combine(ChartFiles, "alerts.yaml"))).Select(match => match.Groups["name"].Value)];

    /// <param name="more">Ports besides those of the services where metrics are, and of which component.</param>
    /// <param name="amounts">What stands in the rules, and what shall stand there here; each has to be there.</param>
    public static async Task<Prometheus> StartAsync(LocalCluster cluster, string folder, int port, IReadOnlyDictionary<string, string>? amounts = null, params IEnumerable<(int Port, string Component)> more)
    {
        var rules = await File.ReadAllTextAsync(Path.Combine(ChartFiles, "alerts.yaml"));
        foreach (var (there, here) in amounts ?? new Dictionary<string, string>())
        {
            if (!rules.Contains(there, StringComparison.Ordinal)) throw new ArgumentException($"No rule says '{there}'.", nameof(amounts));
            rules = rules.Replace(there, here, StringComparison.Ordinal);
        }
        rules = Range().Replace(rules, "[15s]");
        rules = Offset().Replace(rules, "offset 15s");
        rules = Wait().Replace(rules, "for: 1s");
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), rules);
        var targets = cluster.Services.Select(service => (Port: service.Ports.Http, Component: service.Kind.Name(), Pod: service.Name)).Concat(more.Select(one => (one.Port, one.Component, Pod: one.Component))).Select(target => string.Create(
            CultureInfo.InvariantCulture, $"{{\"targets\":[\"127.0.0.1:{target.Port}\"],\"labels\":{{\"namespace\":\"{Namespace}\",\"component\":\"{target.Component}\",\"pod\":\"{target.Pod}\"}}}}"));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "prometheus.yaml"),
            $"{{\"global\":{{\"scrape_interval\":\"1s\",\"evaluation_interval\":\"1s\"}},\"rule_files\":[\"rules.yaml\"],\"scrape_configs\":[{{\"job_name\":\"merpati\",\"static_configs\":[{string.Join(',', targets)}]}}]}}");
        var start = new ProcessStartInfo("prometheus")
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--config.file=" + Path.Combine(folder, "prometheus.yaml"), "--storage.tsdb.path=" + Path.Combine(folder, "prometheus"),
                string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"),
            },
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("prometheus does not start.");
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        var prometheus = new Prometheus(process, port);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await prometheus.IsReadyAsync())
        {
            if (process.HasExited) throw new InvalidOperationException($"prometheus ended with {process.ExitCode}.");
            await Task.Delay(100, patience.Token);
        }
        return prometheus;
    }

    /// <summary>The names of the alerts that fire.</summary>
    public async Task<IReadOnlySet<string>> FiringAsync()
    {
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(new Uri("api/v1/alerts", UriKind.Relative)));
        return answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(alert => alert.GetProperty("state").GetString() == "firing")
            .Select(alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!)
            .ToHashSet();
    }

    /// <summary>How many series an expression has now; 0 also where all it has is no number.</summary>
    /// <exception cref="InvalidOperationException">Prometheus refuses it.</exception>
    public async Task<int> CountAsync(string expression)
    {
        using var form = new FormUrlEncodedContent([new("query", expression)]);
        using var answer = await _http.PostAsync(new Uri("api/v1/query", UriKind.Relative), form);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        if (answer.StatusCode != HttpStatusCode.OK) throw new InvalidOperationException($"{expression}: {body.RootElement}");
        return body.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Count(series => series.GetProperty("value")[1].GetString() != "NaN");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri("-/ready", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException) { return false; }
    }

    private static string Found([System.Runtime.CompilerServices.CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../charts/merpati/files"));

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\[\d+[smhd]\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Range();

    [GeneratedRegex(@"offset \d+[smhd]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Offset();

    [GeneratedRegex(@"for: \d+[smhd]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Wait();
}
