using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Health;

/// <summary>Whether this process wants traffic, and if not, why, in a plain sentence.</summary>
public sealed class Readiness
{
    private volatile string? _notReadyBecause = "The server is starting.";

    public void Ready() => _notReadyBecause = null;

    public void NotReady(string because) => _notReadyBecause = because;

    /// <summary><c>/health/live</c>: the process runs. <c>/health/ready</c>: 200 when it serves, 503 with the reason when it does not.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, Readiness readiness)
    {
        endpoints.MapGet("/health/live", () => Results.Text("live\n"));
        endpoints.MapGet("/health/ready", () => readiness._notReadyBecause is { } reason
            ? Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
    }
}
