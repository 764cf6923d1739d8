using System.Text.RegularExpressions;

namespace Merpati.Tests.Chart;

/// <summary>The instruments of the sources by the names that the exporter for Prometheus gives their series.</summary>
internal static partial class Instruments
{
    private static readonly Lazy<string> Sources = new(() => string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Root, "services"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)).Select(File.ReadAllText)));

    /// <summary>What the libraries measure, as seen at /metrics of a running server.</summary>
    private static readonly string[] OfLibraries =
    [
        "up", "dotnet_process_cpu_time_seconds_total", "dotnet_process_memory_working_set_bytes", "dotnet_gc_pause_time_seconds_total", "dotnet_thread_pool_queue_length_total",
        .. OfHistogram("http_server_request_duration_seconds"),
    ];

    /// <summary>What the scrape and the libraries label series with.</summary>
    private static readonly string[] LabelsOfOthers = ["namespace", "pod", "component", "le", "cpu_mode", "http_route", "http_response_status_code", "__name__", "objective"];

    public static IReadOnlySet<string> Series { get; } = Create().Matches(Sources.Value).SelectMany(match => SeriesOf(match.Groups["kind"].Value, match.Groups["name"].Value, match.Groups["unit"].Value)).Concat(OfLibraries).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether a label is the name of a tag somewhere in the sources.</summary>
    public static bool HasLabel(string label) => LabelsOfOthers.Contains(label) || Sources.Value.Contains($"\"{label}\"", StringComparison.Ordinal);

    /// <summary>What an expression names.</summary>
    public static IEnumerable<string> SeriesIn(string expression) => Named().Matches(expression).Select(match => match.Value);

    public static IEnumerable<string> LabelsIn(string expression)
        => Matchers().Matches(expression).Select(match => match.Groups["label"].Value)
            .Concat(Grouped().Matches(expression).SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));

    internal static IEnumerable<string> SeriesOf(string kind, string instrument, string unit)
    {
        var name = instrument.Replace('.', '_');
        var suffix = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!name.EndsWith(suffix, StringComparison.Ordinal)) name += suffix;
        return kind switch
        {
            "Counter" or "ObservableCounter" => [name + "_total"],
            "Histogram" => OfHistogram(name),
            _ => [name],
        };
    }

    private static IEnumerable<string> OfHistogram(string name) => [name + "_bucket", name + "_count", name + "_sum"];

    /// <summary>Name and unit are literals, the callback of an observable one stands between them.</summary>
    [GeneratedRegex("""\.Create(?<kind>[A-Za-z]+)(<[a-z]+>)?\(\s*"(?<name>merpati\.[a-z0-9_.]+)".*?"(?<unit>\{[a-z]+\}|s|By)"\s*[,)]""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex Create();

    [GeneratedRegex(@"\b(merpati_[a-z0-9_]+|dotnet_[a-z0-9_]+|http_server_[a-z0-9_]+|kestrel_[a-z0-9_]+|aspnetcore_[a-z0-9_]+|up(?=\{))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Named();

    [GeneratedRegex("""[{,]\s*(?<label>[a-z_]+)\s*(=~|!~|!=|=)\s*"[^"]*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\((?<labels>[^)]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Grouped();
}
