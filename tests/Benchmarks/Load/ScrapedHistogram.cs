using System.Globalization;

namespace Merpati.Benchmarks.Load;

/// <summary>A histogram of a server, as its /metrics shows it.</summary>
internal static class ScrapedHistogram
{
    /// <summary>In the unit of the metric, by proportion within the bucket; null when nothing was counted.</summary>
    /// <param name="name">In Prometheus's form, without <c>_bucket</c>.</param>
    public static async Task<double?> PercentileAsync(Uri server, string name, double percentile, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = server };
        var text = await http.GetStringAsync("/metrics", cancellationToken);
        var buckets = text.Split('\n').Where(line => line.StartsWith(name + "_bucket", StringComparison.Ordinal)).Select(line =>
        {
            var start = line.IndexOf("le=\"", StringComparison.Ordinal) + 4;
            var limit = line[start..line.IndexOf('"', start)];
            var count = line[(line.IndexOf('}', start) + 2)..].Split(' ')[0];
            return (Limit: limit == "+Inf" ? double.PositiveInfinity : double.Parse(limit, CultureInfo.InvariantCulture), Count: double.Parse(count, CultureInfo.InvariantCulture));
        }).OrderBy(bucket => bucket.Limit).ToList();
        if (buckets.Count == 0 || buckets[^1].Count == 0) return null;
        var rank = percentile / 100 * buckets[^1].Count;
        var (below, before) = (0.0, 0.0);
        foreach (var (limit, count) in buckets)
        {
            if (count >= rank) return double.IsInfinity(limit) ? below : below + ((limit - below) * (rank - before) / Math.Max(1, count - before));
            (below, before) = (limit, count);
        }
        return below;
    }
}
