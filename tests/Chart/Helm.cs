using System.Collections.Concurrent;

namespace Merpati.Tests.Chart;

/// <summary>The real helm, in both versions that are in use.</summary>
internal static class Helm
{
    public const string Release = "mail";

    public const string Namespace = "post";

    private static readonly ConcurrentDictionary<(string Version, string Chart, string Values), Task<string>> Rendered = new();

    /// <summary>What the chart becomes with a file of values; rendered once, or by two that ask at the same time twice.</summary>
    /// <param name="chart">The folder of another version's chart.</param>
    public static Task<string> RenderAsync(string values, string version = "helm4", string? chart = null)
        => Rendered.GetOrAdd((version, chart ?? Repository.Chart, values), static async key =>
        {
            var result = await RunAsync(key.Version, TemplateOf(key.Chart, key.Values));
            return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{key.Values} is not rendered: {result}");
        });

    public static Task<ToolResult> TemplateAsync(string version, string values, params string[] sets)
        => RunAsync(version, [.. TemplateOf(Repository.Chart, values), .. sets.SelectMany(set => new[] { "--set", set })]);

    public static Task<ToolResult> RunAsync(string version, params IEnumerable<string> arguments)
        => Tool.RunAsync(Path.Combine(Repository.Fetched, version, "helm"), arguments);

    private static IEnumerable<string> TemplateOf(string chart, string values) => ["template", Release, chart, "--namespace", Namespace, "--values", Path.Combine(chart, values)];
}
