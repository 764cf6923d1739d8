using Merpati.Administration;
using Merpati.Platform.Admin;
using Merpati.Relaying;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.UserDirectory.Api;

internal static class SuppressionEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static void Map(RouteGroupBuilder suppressions)
    {
        suppressions.MapGet("", ListAsync);
        suppressions.MapPost("", (HttpRequest request, ISuppressionList list, TimeProvider time, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.NewSuppression, body => AddAsync(list, body, time.GetUtcNow(), AdminIdentity.NameOf(request.HttpContext), ct), ct));
        suppressions.MapDelete("/{pattern}", RemoveAsync);
    }

    private static async Task<IResult> ListAsync(ISuppressionList list, string? contains, string? after, int? limit, CancellationToken cancellationToken)
        => Results.Json([.. (await list.ListAsync(contains, after, Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit), cancellationToken)).Select(View)], AdministrationJson.Default.IReadOnlyListSuppressionView);

    private static async ValueTask<IResult> AddAsync(ISuppressionList list, NewSuppression body, DateTimeOffset now, string who, CancellationToken cancellationToken)
    {
        if (!Suppression.TryParse(body.Pattern, out var pattern)) return Unusable(body.Pattern);
        var reason = string.IsNullOrWhiteSpace(body.Reason) ? $"put on the list by {who}" : body.Reason.Trim();
        if (reason.Length > Suppression.MaxReason || reason.Any(char.IsControl)) return Problems.Invalid($"A reason has {Suppression.MaxReason} characters at most and no control characters; the sender reads it.");
        if (body.Until <= now) return Problems.Invalid("The end lies in the past.");
        var suppression = new Suppression(pattern, SuppressionSource.Person, reason, now, body.Until);
        await list.PutAsync(suppression, cancellationToken);
        return Results.Json(View(suppression), AdministrationJson.Default.SuppressionView, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RemoveAsync(string pattern, ISuppressionList list, CancellationToken cancellationToken)
    {
        if (!Suppression.TryParse(pattern, out var parsed)) return Unusable(pattern);
        return await list.RemoveAsync(parsed, cancellationToken) ? Results.NoContent() : Problems.NotFound($"{parsed} is not on the suppression list.");
    }

    private static IResult Unusable(string pattern) => Problems.Invalid($"'{pattern}' is neither an address nor a domain.");

    private static SuppressionView View(Suppression suppression)
        => new(suppression.Pattern, suppression.Source.ToString().ToLowerInvariant(), suppression.Reason, suppression.Since, suppression.Until);
}
