using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Platform.Admin;
using Merpati.UserDirectory.ClientSettings;
using Merpati.UserDirectory.Domains;
using Merpati.UserDirectory.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Api;

internal static class DomainEndpoints
{
    public static void Map(RouteGroupBuilder domains)
    {
        domains.MapGet("", ListAsync);
        domains.MapPost("", (HttpRequest request, DomainAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.NewDomain, body => AddAsync(administration, body, ct), ct));
        domains.MapGet("/{name}", ShowAsync);
        domains.MapGet("/{name}/dns", RecordsAsync);
        domains.MapPut("/{name}/catch-all", (string name, HttpRequest request, DomainAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.CatchAllChange, body => ChangeAsync(administration, name, body, ct), ct));
        domains.MapDelete("/{name}", RemoveAsync);
    }

    private static async Task<IResult> ListAsync(DomainAdministration administration, CancellationToken cancellationToken)
        => Results.Json([.. (await administration.ListAsync(cancellationToken)).Select(View)], AdministrationJson.Default.IReadOnlyListDomainView);

    private static async Task<IResult> ShowAsync(string name, DomainAdministration administration, CancellationToken cancellationToken)
        => await administration.FindAsync(name, cancellationToken) is { } domain ? Results.Json(View(domain), AdministrationJson.Default.DomainView) : Unknown(name);

    private static async Task<IResult> RecordsAsync(string name, DomainAdministration administration, DkimAdministration dkim, IOptions<ClientSettingsOptions> options, CancellationToken cancellationToken)
        => await administration.FindAsync(name, cancellationToken) is { } domain
            ? Results.Json(DomainRecords.Of(domain.Name, options.Value, await dkim.ListAsync(domain.Name, cancellationToken)), AdministrationJson.Default.IReadOnlyListDnsRecordView)
            : Unknown(name);

    private static async ValueTask<IResult> AddAsync(DomainAdministration administration, NewDomain body, CancellationToken cancellationToken)
    {
        if (!TryName(body.Name, out var name)) return Problems.Answer(StatusCodes.Status400BadRequest, "not_a_domain", $"'{body.Name}' is not a domain name; write it as example.org.");
        if (!TryCatchAll(body.CatchAll, out var catchAll)) return Refusals.NotAnAddress(body.CatchAll);
        var outcome = await administration.AddAsync(name, catchAll, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.Json(new DomainView(name, catchAll?.ToString()), AdministrationJson.Default.DomainView, statusCode: StatusCodes.Status201Created),
            DirectoryOutcome.AlreadyExists => Refusals.AlreadyExists($"The domain {name} is served already."),
            DirectoryOutcome.RemoteTarget => Refusals.RemoteTarget(),
            DirectoryOutcome.Loop => Refusals.Loop($"The catch-all {catchAll}"),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async ValueTask<IResult> ChangeAsync(DomainAdministration administration, string name, CatchAllChange body, CancellationToken cancellationToken)
    {
        if (!TryCatchAll(body.CatchAll, out var catchAll)) return Refusals.NotAnAddress(body.CatchAll);
        var outcome = await administration.ChangeCatchAllAsync(name, catchAll, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.Json(new DomainView(DomainName.Normalize(name), catchAll?.ToString()), AdministrationJson.Default.DomainView),
            DirectoryOutcome.NotFound => Unknown(name),
            DirectoryOutcome.RemoteTarget => Refusals.RemoteTarget(),
            DirectoryOutcome.Loop => Refusals.Loop($"The catch-all {catchAll}"),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async Task<IResult> RemoveAsync(string name, DomainAdministration administration, CancellationToken cancellationToken)
    {
        var outcome = await administration.RemoveAsync(name, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.NoContent(),
            DirectoryOutcome.NotFound => Unknown(name),
            DirectoryOutcome.InUse => Refusals.InUse($"The domain {name} still has accounts or aliases. See them: merpati account list --domain {name}, merpati alias list --domain {name}"),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static IResult Unknown(string name) => Problems.NotFound($"The domain {name} is not served here.");

    private static DomainView View(LocalDomain domain) => new(domain.Name, domain.CatchAll?.ToString());

    private static bool TryCatchAll(string? text, out EmailAddress? catchAll)
    {
        catchAll = null;
        return string.IsNullOrEmpty(text) || Refusals.TryAddress(text, out catchAll) && !catchAll.LocalPart.Contains('*', StringComparison.Ordinal);
    }

    /// <summary>The grammar is that of an address's domain.</summary>
    private static bool TryName(string text, out string name)
    {
        name = "";
        if (!EmailAddress.TryParse($"postmaster@{text}", out var address) || address.Domain.StartsWith('[')) return false;
        name = address.Domain;
        return true;
    }
}
