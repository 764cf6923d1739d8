using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Merpati.Platform.Telemetry;

/// <summary>Traces, metrics and logs of every host in one way: meters and sources are named <c>Merpati.*</c>.</summary>
public static class TelemetryExtensions
{
    /// <summary>Acceptance, delivery and search take from half a millisecond to minutes.</summary>
    private static readonly double[] SecondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

    /// <summary>
    /// Prometheus at /metrics always; OTLP for all three signals when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set (its variables are the specification's own).
    /// Without an OTLP endpoint no spans are made, as nobody would see them.
    /// </summary>
    public static IServiceCollection AddMerpatiTelemetry(this IServiceCollection services, IConfiguration configuration, string serviceName, string serviceVersion)
    {
        var otlp = !string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(serviceName, serviceNamespace: "merpati", serviceVersion: serviceVersion))
            .WithMetrics(metrics => metrics
                .AddMeter("Merpati.*")
                .AddRuntimeInstrumentation()
                .AddAspNetCoreInstrumentation()
                .AddView(instrument => instrument.Unit == "s" ? new ExplicitBucketHistogramConfiguration { Boundaries = SecondsBuckets } : null)
                .AddPrometheusExporter());
        if (!otlp) return services;
        // A message's trace id is its queue id, and queue ids ascend with time.
        Activity.TraceIdGenerator = static () => ActivityTraceId.CreateFromString(Guid.CreateVersion7().ToString("N"));
        telemetry.WithTracing(tracing => tracing.AddSource("Merpati.*").AddAspNetCoreInstrumentation(options => options.Filter = IsWorthASpan));
        services.AddLogging(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeScopes = true;
            options.IncludeFormattedMessage = true;
        }));
        telemetry.UseOtlpExporter();
        return services;
    }

    private static bool IsWorthASpan(HttpContext context)
        => !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) && !context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal);

    /// <summary>Serves /metrics in Prometheus's text format.</summary>
    public static IEndpointRouteBuilder MapMerpatiMetrics(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPrometheusScrapingEndpoint("/metrics");
        return endpoints;
    }
}
