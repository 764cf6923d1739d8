using System.Runtime.CompilerServices;

namespace Merpati.Tests.Chart;

/// <summary>Files of the repository, and of what install.sh fetches.</summary>
internal static class Repository
{
    public const string Fetched = "/var/cache/merpati/chart";

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../.."));

    public static string Chart { get; } = Path.Combine(Root, "charts/merpati");

    /// <summary>Set by the cake task ChartUpdate: what is generated is written instead of compared.</summary>
    public static bool IsUpdating { get; } = Environment.GetEnvironmentVariable("MERPATI_CHART_UPDATE") == "1";

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Here([CallerFilePath] string path = "") => path;
}
