using Merpati.Accounts;
using Merpati.Administration;
using Merpati.Mail.Auth;
using Merpati.Platform.Admin;
using Merpati.Signing;
using Merpati.UserDirectory.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.UserDirectory.Api;

/// <summary>The keys of a domain. A private half never leaves by this way.</summary>
internal static class DkimEndpoints
{
    private const int MaxSelector = 63;

    public static void Map(RouteGroupBuilder dkim)
    {
        dkim.MapGet("", async (string? domain, DkimAdministration administration, CancellationToken ct) => Views(await administration.ListAsync(domain, ct)));
        dkim.MapPost("/{domain}", (string domain, HttpRequest request, DkimAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.NewDkimKey, body => AddAsync(administration, domain, body, ct), ct));
        dkim.MapPost("/{domain}/rotate", (string domain, HttpRequest request, DkimAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.DkimRotation, async body => Made(domain, await administration.RotateAsync(domain, body.Now, ct)), ct));
        dkim.MapPost("/{domain}/{selector}/retire", RetireAsync);
        dkim.MapDelete("/{domain}/{selector}", RemoveAsync);
    }

    private static async ValueTask<IResult> AddAsync(DkimAdministration administration, string domain, NewDkimKey body, CancellationToken cancellationToken)
    {
        DkimAlgorithm[]? algorithms = body.Algorithm.ToLowerInvariant() switch
        {
            "rsa" => [DkimAlgorithm.RsaSha256],
            "ed25519" => [DkimAlgorithm.Ed25519Sha256],
            "both" => [DkimAlgorithm.RsaSha256, DkimAlgorithm.Ed25519Sha256],
            _ => null,
        };
        if (algorithms is null) return Problems.Invalid($"'{body.Algorithm}' is no algorithm; write rsa, ed25519 or both.");
        if (body.Selector is { } selector && !IsSelector(selector)) return Problems.Invalid($"'{selector}' is no selector; write up to {MaxSelector - 1} letters, digits and hyphens.");
        return Made(domain, await administration.AddAsync(domain, algorithms, body.Selector?.ToLowerInvariant(), body.Now, cancellationToken));
    }

    private static async Task<IResult> RetireAsync(string domain, string selector, DkimAdministration administration, CancellationToken cancellationToken)
    {
        var outcome = await administration.RetireAsync(domain, selector, cancellationToken);
        return outcome == DirectoryOutcome.NotFound
            ? Unknown(domain, selector)
            : Results.Json(View((await administration.ListAsync(domain, cancellationToken)).First(key => key.Key.Selector.Equals(selector, StringComparison.OrdinalIgnoreCase))), AdministrationJson.Default.DkimKeyView);
    }

    private static async Task<IResult> RemoveAsync(string domain, string selector, DkimAdministration administration, CancellationToken cancellationToken)
    {
        var outcome = await administration.RemoveAsync(domain, selector, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.NoContent(),
            DirectoryOutcome.NotFound => Unknown(domain, selector),
            DirectoryOutcome.InUse => Refusals.InUse($"The key {selector} of {domain} signs. Retire it first: merpati dkim retire {domain} {selector}"),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static IResult Made(string domain, (IReadOnlyList<DkimKey> Keys, DirectoryOutcome Outcome) made) => made.Outcome switch
    {
        DirectoryOutcome.Done => Results.Json([.. made.Keys.Select(View)], AdministrationJson.Default.IReadOnlyListDkimKeyView, statusCode: StatusCodes.Status201Created),
        DirectoryOutcome.NoSuchDomain => Problems.NotFound($"The domain {domain} is not served here."),
        DirectoryOutcome.AlreadyExists => Refusals.AlreadyExists($"The domain {domain} has a key of this selector already."),
        _ => throw Refusals.Unexpected(made.Outcome),
    };

    private static IResult Views(IReadOnlyList<DkimKey> keys) => Results.Json([.. keys.Select(View)], AdministrationJson.Default.IReadOnlyListDkimKeyView);

    private static DkimKeyView View(DkimKey key) => new(
        key.Key.Domain, key.Key.Selector, key.Key.Algorithm == DkimAlgorithm.Ed25519Sha256 ? "ed25519" : "rsa", key.State.ToString().ToLowerInvariant(),
        key.CreatedAt, key.ChangedAt, DkimKeyMaker.RecordName(key.Key), DkimKeyMaker.RecordText(key.Key));

    private static IResult Unknown(string domain, string selector) => Problems.NotFound($"The domain {domain} has no key of the selector {selector}.");

    private static bool IsSelector(string text) => text.Length is > 0 and < MaxSelector && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';
}
