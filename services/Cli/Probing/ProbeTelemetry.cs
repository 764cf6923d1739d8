using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Merpati.Cli.Probing;

/// <summary>What a probe measures, for Prometheus and OTLP.</summary>
internal sealed class ProbeTelemetry : IAsyncDisposable
{
    private const string MeterName = "Merpati.Probe";

    /// <summary>A round takes some tenths of a second where all is well, and up to its limit of minutes where not.</summary>
    private static readonly double[] Buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _steps;
    private readonly Histogram<double> _rounds;
    private readonly Counter<long> _failures;
    private readonly MeterProvider _provider;
    private readonly WebApplication? _site;
    private long _lastSuccess;

    /// <param name="port">Where Prometheus finds /metrics; 0 for nowhere.</param>
    public ProbeTelemetry(int port, string version, bool otlp)
    {
        _steps = _meter.CreateHistogram<double>("merpati.probe.step.duration", "s", "Time of the steps of a round of the probe that came to their end.");
        _rounds = _meter.CreateHistogram<double>("merpati.probe.duration", "s", "Time from the submission of the probe's message until a client sees it.");
        _failures = _meter.CreateCounter<long>("merpati.probe.failures", "{round}", "Rounds of the probe that failed, by step.");
        _meter.CreateObservableGauge("merpati.probe.last_success", () => Volatile.Read(ref _lastSuccess), "s", "When a round of the probe last came to its end, in seconds since 1970; 0 for never.");
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("merpati-probe", serviceNamespace: "merpati", serviceVersion: version))
            .AddMeter(MeterName)
            .AddView(instrument => instrument is Histogram<double> ? new ExplicitBucketHistogramConfiguration { Boundaries = Buckets } : null);
        if (port > 0) builder = builder.AddPrometheusExporter();
        if (otlp) builder = builder.AddOtlpExporter();
        _provider = builder.Build();
        // So that the first failure is an increase. What is counted before somebody listens is lost.
        foreach (var step in Enum.GetValues<ProbeStep>()) _failures.Add(0, Tag(step));
        if (port == 0) return;
        var site = WebApplication.CreateSlimBuilder();
        site.Logging.ClearProviders();
        site.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(port));
        _site = site.Build();
        _site.UseOpenTelemetryPrometheusScrapingEndpoint(_provider, predicate: null, path: "/metrics", configureBranchedPipeline: null, optionsName: null);
    }

    /// <summary>From now on /metrics can be read.</summary>
    /// <exception cref="IOException">The port is not free.</exception>
    public Task ServeAsync(CancellationToken cancellationToken) => _site?.StartAsync(cancellationToken) ?? Task.CompletedTask;

    public void Record(ProbeStep step, TimeSpan time) => _steps.Record(time.TotalSeconds, Tag(step));

    public void Succeeded(TimeSpan visible, DateTimeOffset now)
    {
        _rounds.Record(visible.TotalSeconds);
        Volatile.Write(ref _lastSuccess, now.ToUnixTimeSeconds());
    }

    public void Failed(ProbeStep step) => _failures.Add(1, Tag(step));

    public async ValueTask DisposeAsync()
    {
        if (_site is not null) await _site.DisposeAsync();
        _provider.Dispose();
        _meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(ProbeStep step) => new("step", step.Name());
}
