using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mailboxes;
using Merpati.Platform.Admin;
using Merpati.Storage;
using Merpati.UserDirectory.Accounts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.UserDirectory.Api;

/// <summary>Who may use the mailboxes of an account: what SETACL and GETACL are to its owner (RFC 4314).</summary>
internal static class SharingEndpoints
{
    public static void Map(RouteGroupBuilder accounts)
    {
        accounts.MapGet("/{address}/grants", ListAsync);
        accounts.MapPut("/{address}/grants/{grantee}", (string address, string grantee, HttpRequest request, AccountAdministration administration, IDirectoryStore directory, IMailboxSharing sharing, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.GrantOrder, body => GrantAsync(administration, directory, sharing, address, grantee, body, ct), ct));
    }

    private static async Task<IResult> ListAsync(string address, AccountAdministration administration, IDirectoryStore directory, IMailboxSharing sharing, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed) || await administration.FindAsync(parsed, cancellationToken) is not { } owner) return Unknown(address);
        var grants = new List<GrantView>();
        foreach (var mailbox in await sharing.SharedAsync(owner.Id, cancellationToken))
        {
            foreach (var grant in mailbox.Grants)
            {
                if (await NameAsync(directory, grant.Grantee, cancellationToken) is { } name) grants.Add(new GrantView(mailbox.Name.Value, grant.Negative ? "-" + name : name, RightsText.Format(grant.Rights)));
            }
        }
        return Results.Json<IReadOnlyList<GrantView>>(grants, AdministrationJson.Default.IReadOnlyListGrantView);
    }

    private static async ValueTask<IResult> GrantAsync(
        AccountAdministration administration, IDirectoryStore directory, IMailboxSharing sharing, string address, string grantee, GrantOrder body, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed) || await administration.FindAsync(parsed, cancellationToken) is not { } owner) return Unknown(address);
        if (RightsText.TryParse(body.Rights) is not { } rights) return Problems.Invalid("Rights are letters of lrswipkxtea (RFC 4314), or none.");
        MailboxName? mailbox = null;
        if (body.Mailbox is not null)
        {
            if (!MailboxName.TryParse(body.Mailbox, out var name)) return Problems.Invalid($"'{body.Mailbox}' is no name of a mailbox.");
            mailbox = name;
        }
        if (await FindAsync(directory, grantee, cancellationToken) is not { } found) return Problems.NotFound($"No account or domain {grantee} exists.");
        if (found.Account == owner.Id) return Problems.Invalid("The owner of a mailbox has all rights, always.");
        return await sharing.ShareAsync(owner.Id, mailbox, found, rights, cancellationToken) switch
        {
            GrantOutcome.Done => Results.NoContent(),
            GrantOutcome.TooMany => Problems.Answer(StatusCodes.Status409Conflict, "too_many", $"A mailbox has {Grants.MaxPerMailbox} entries at most, an account {Grants.MaxPerAccount}."),
            _ => Problems.NotFound($"{owner.Address} has no mailbox {body.Mailbox}."),
        };
    }

    /// <summary><c>anyone</c>, <c>anyone@domain</c>, or an account's address.</summary>
    private static async ValueTask<Grantee?> FindAsync(IDirectoryStore directory, string text, CancellationToken cancellationToken)
    {
        if (text.Equals(Grantee.Everyone, StringComparison.OrdinalIgnoreCase)) return Grantee.Anyone;
        if (!Refusals.TryAddress(text, out var address)) return null;
        if (address.LocalPart.Equals(Grantee.Everyone, StringComparison.OrdinalIgnoreCase))
            return await directory.FindDomainAsync(address.Domain, cancellationToken) is null ? null : Grantee.AnyoneOf(address.Domain);
        return await directory.FindAccountAsync(address, cancellationToken) is { } account ? Grantee.Of(account.Id) : null;
    }

    private static async ValueTask<string?> NameAsync(IDirectoryStore directory, Grantee grantee, CancellationToken cancellationToken)
        => grantee.Account is { } account ? (await directory.FindAccountAsync(account, cancellationToken))?.Address.ToString() : grantee.Key;

    private static IResult Unknown(string address) => Problems.NotFound($"No account {address} exists.");
}
