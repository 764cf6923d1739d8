using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Admin;

/// <summary>
/// Lets nobody through who does not hold an <see cref="AdminToken"/> of the role that the request needs: to look, a viewer's; to change something, or to read what people wrote, that of its group. The token must not cross a network in clear text: without TLS only loopback is
/// answered, unless <see cref="AdminOptions.AllowPlaintext"/> says that the network is safe; for others there is nothing here.
/// </summary>
internal sealed class AdminTokenFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!IsPrivate(http)) return Results.NotFound();
        if (http.RequestServices.GetRequiredService<AdminTokens>().Find(http.Request.Headers.Authorization) is not { } token)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return Problems.Answer(StatusCodes.Status401Unauthorized, "unauthorized", "The admin API needs its bearer token: in Standalone the one that the server left in its data folder at its last start, in a cluster the one in the file of admin:tokenFile.");
        }
        var looks = HttpMethods.IsGet(http.Request.Method) && http.GetEndpoint()?.Metadata.GetMetadata<ReadsMail>() is null;
        var needed = looks ? AdminRole.Viewer : http.GetEndpoint()?.Metadata.GetMetadata<ChangesNeed>()?.Role ?? AdminRole.Administrator;
        var logger = http.RequestServices.GetRequiredService<ILogger<AdminTokenFilter>>();
        if (token.Role < needed)
        {
            logger.RoleMissing(token.Name, token.Role, http.Request.Method, http.Request.Path, needed);
            return Problems.Answer(StatusCodes.Status403Forbidden, "forbidden", $"The token of {token.Name} is a {Word(token.Role)}'s; this takes the role {Word(needed)}.");
        }
        http.Features.Set(new AdminIdentity(token.Name, token.Role));
        var answer = await next(context);
        if (!looks) logger.Changed(token.Name, http.Request.Method, http.Request.Path, (answer as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK);
        return answer;
    }

    private static string Word(AdminRole role) => role.ToString().ToLowerInvariant();

    private static bool IsPrivate(HttpContext http)
        => http.Request.IsHttps
            || http.Connection.RemoteIpAddress is { } client && IPAddress.IsLoopback(client)
            || http.RequestServices.GetService<AdminOptions>() is { AllowPlaintext: true };
}

/// <summary>Who asks; a feature of every request that the admin API lets through.</summary>
public sealed record AdminIdentity(string Name, AdminRole Role)
{
    public static string NameOf(HttpContext http) => http.Features.Get<AdminIdentity>()?.Name ?? "an administrator";
}

/// <summary>Which role the changes of a group need; an administrator's where nothing is said.</summary>
internal sealed record ChangesNeed(AdminRole Role);

/// <summary>A question whose answer is what somebody wrote: it takes the role of a change, and is logged as one.</summary>
internal sealed record ReadsMail;

/// <summary>The group of routes that administration lives in.</summary>
public static class AdminRoutes
{
    public const string Prefix = "/admin/v1";

    private const long MaxBodyOctets = 64 * 1024;

    /// <summary>A group under <see cref="Prefix"/> that only the holder of one of the <see cref="AdminTokens"/> (a singleton of the services) may use, with small bodies only.</summary>
    /// <param name="changes">The role that changes something.</param>
    public static RouteGroupBuilder MapAdministration(this IEndpointRouteBuilder endpoints, AdminRole changes = AdminRole.Administrator)
    {
        var group = endpoints.MapGroup(Prefix);
        group.AddEndpointFilter<AdminTokenFilter>();
        group.WithMetadata(new BodyLimit(MaxBodyOctets), new ChangesNeed(changes));
        return group;
    }

    /// <summary>The answer to this question is what people wrote: it takes the role of a change, and is logged as one.</summary>
    public static TBuilder ReadsMail<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
        => endpoint.WithMetadata(new ReadsMail());

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
