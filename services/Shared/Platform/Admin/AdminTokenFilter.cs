using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Merpati.Platform.Admin;

/// <summary>
/// Lets nobody through who does not hold the <see cref="AdminToken"/>. The token must not cross a network in clear text: without TLS only loopback is
/// answered, unless <see cref="AdminOptions.AllowPlaintext"/> says that the network is safe; for others there is nothing here.
/// </summary>
internal sealed class AdminTokenFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!IsPrivate(http)) return Results.NotFound();
        var token = http.RequestServices.GetRequiredService<AdminToken>();
        if (token.Opens(http.Request.Headers.Authorization)) return await next(context);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Answer(StatusCodes.Status401Unauthorized, "unauthorized", "The admin API needs its bearer token: in Standalone the one that the server left in its data folder at its last start, in a cluster the one in the file of admin:tokenFile.");
    }

    private static bool IsPrivate(HttpContext http)
        => http.Request.IsHttps
            || http.Connection.RemoteIpAddress is { } client && IPAddress.IsLoopback(client)
            || http.RequestServices.GetService<AdminOptions>() is { AllowPlaintext: true };
}

/// <summary>The group of routes that administration lives in.</summary>
public static class AdminRoutes
{
    public const string Prefix = "/admin/v1";

    private const long MaxBodyOctets = 64 * 1024;

    /// <summary>A group under <see cref="Prefix"/> that only the holder of the <see cref="AdminToken"/> (a singleton of the services) may use, with small bodies only.</summary>
    public static RouteGroupBuilder MapAdministration(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup(Prefix);
        group.AddEndpointFilter<AdminTokenFilter>();
        group.WithMetadata(new BodyLimit(MaxBodyOctets));
        return group;
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
