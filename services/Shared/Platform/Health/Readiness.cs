using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Health;

/// <summary>Whether this process wants traffic, and if not, why, in plain sentences.</summary>
public sealed class Readiness
{
    private readonly ConcurrentDictionary<string, string> _missing = new(StringComparer.Ordinal);
    private volatile string? _notReadyBecause = "The server is starting.";

    /// <summary>Null when this process wants traffic.</summary>
    public string? Reason
    {
        get
        {
            var missing = _missing.OrderBy(dependency => dependency.Key, StringComparer.Ordinal).Select(dependency => dependency.Value);
            var reasons = _notReadyBecause is { } own ? missing.Prepend(own) : missing;
            return string.Join(' ', reasons) is { Length: > 0 } all ? all : null;
        }
    }

    public void Ready() => _notReadyBecause = null;

    public void NotReady(string because) => _notReadyBecause = because;

    /// <summary>Something that this process needs is not there.</summary>
    public void Missing(string dependency, string sentence) => _missing[dependency] = sentence;

    public void Found(string dependency) => _missing.TryRemove(dependency, out _);

    /// <summary>Shows it as gauges: what an operator is woken by, and by what it is held up.</summary>
    public void Measure(IMeterFactory meters)
    {
        var meter = meters.Create("Merpati.Health");
        meter.CreateObservableGauge("merpati.health.ready", () => Reason is null ? 1 : 0, "{process}", "1 while the process is ready");
        meter.CreateObservableGauge("merpati.health.missing", () => _missing.Keys.Select(dependency => new Measurement<int>(1, new KeyValuePair<string, object?>("dependency", dependency))), "{dependency}", "1 for each thing that the process needs and that is not there");
    }

    /// <summary><c>/health/live</c>: the process runs. <c>/health/ready</c>: 200 when it serves, 503 with the reason when it does not.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, Readiness readiness)
    {
        endpoints.MapGet("/health/live", () => Results.Text("live\n"));
        endpoints.MapGet("/health/ready", () => readiness.Reason is { } reason
            ? Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
    }
}
