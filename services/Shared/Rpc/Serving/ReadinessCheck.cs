using Merpati.Platform.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Merpati.Rpc.Serving;

/// <summary>grpc.health.v1 says what /health/ready says.</summary>
internal sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(readiness.Reason is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
}
