using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Platform.Admin;
using Merpati.UserDirectory.Addresses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.UserDirectory.Api;

internal static class AliasEndpoints
{
    private const int MaxTargets = 1000;

    private delegate ValueTask<DirectoryOutcome> Put(AddressAlias alias, CancellationToken cancellationToken);

    public static void Map(RouteGroupBuilder aliases)
    {
        aliases.MapGet("", ListAsync);
        aliases.MapPost("", (HttpRequest request, AliasAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.AliasView, body => PutAsync(administration.AddAsync, body.Address, body.Targets, StatusCodes.Status201Created, ct), ct));
        aliases.MapPut("/{address}", (string address, HttpRequest request, AliasAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.AliasTargets, body => PutAsync(administration.ChangeAsync, address, body.Targets, StatusCodes.Status200OK, ct), ct));
        aliases.MapDelete("/{address}", RemoveAsync);
    }

    private static async Task<IResult> ListAsync(AliasAdministration administration, string? domain, CancellationToken cancellationToken)
        => Results.Json([.. (await administration.ListAsync(domain, cancellationToken)).Select(View)], AdministrationJson.Default.IReadOnlyListAliasView);

    private static async ValueTask<IResult> PutAsync(Put put, string address, IReadOnlyList<string> targets, int status, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed)) return Refusals.NotAnAddress(address);
        if (targets.Count is 0 or > MaxTargets) return Problems.Invalid($"An alias has 1 to {MaxTargets} targets.");
        var parsedTargets = new List<EmailAddress>();
        foreach (var target in targets)
        {
            if (!EmailAddress.TryParse(target, out var parsedTarget)) return Refusals.NotAnAddress(target);
            if (Wildcard.IsWildcard(parsedTarget)) return Problems.Invalid($"The target {target} holds a '*'; a target is one address.");
            if (!parsedTargets.Contains(parsedTarget)) parsedTargets.Add(parsedTarget);
        }
        var alias = new AddressAlias(parsed, parsedTargets);
        var outcome = await put(alias, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.Json(View(alias), AdministrationJson.Default.AliasView, statusCode: status),
            DirectoryOutcome.AlreadyExists => Refusals.AlreadyExists($"{parsed} exists already, as an account or an alias."),
            DirectoryOutcome.NotFound => Unknown(address),
            DirectoryOutcome.NoSuchDomain => Refusals.NoSuchDomain(parsed.Domain),
            DirectoryOutcome.Loop => Refusals.Loop($"The alias {parsed}"),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async Task<IResult> RemoveAsync(string address, AliasAdministration administration, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed)) return Unknown(address);
        var outcome = await administration.RemoveAsync(parsed, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.NoContent(),
            DirectoryOutcome.NotFound => Unknown(address),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static IResult Unknown(string address) => Problems.NotFound($"No alias {address} exists.");

    private static AliasView View(AddressAlias alias) => new(alias.Address.ToString(), [.. alias.Targets.Select(target => target.ToString())]);
}
