using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mailboxes;
using Merpati.Platform.Admin;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Credentials;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Api;

internal static class AccountEndpoints
{
    private const int DefaultLimit = 1000;
    private const int MaxNameLength = 200;

    public static void Map(RouteGroupBuilder accounts)
    {
        accounts.MapGet("", ListAsync);
        accounts.MapPost("", (HttpRequest request, AccountAdministration administration, IOptions<UserDirectoryOptions> options, TimeProvider time, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.NewAccount, body => AddAsync(administration, options.Value, time, body, ct), ct));
        accounts.MapGet("/{address}", ShowAsync);
        accounts.MapPatch("/{address}", (string address, HttpRequest request, AccountAdministration administration, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.AccountChange, body => ChangeAsync(administration, address, body, ct), ct));
        accounts.MapDelete("/{address}", RemoveAsync);
        accounts.MapPut("/{address}/password", (string address, HttpRequest request, AccountAdministration administration, IOptions<UserDirectoryOptions> options, CancellationToken ct)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.NewPassword, body => SetPasswordAsync(administration, options.Value, address, body, ct), ct));
    }

    private static async Task<IResult> ListAsync(AccountAdministration administration, string? domain, string? after, int? limit, CancellationToken cancellationToken)
    {
        EmailAddress? last = null;
        if (after is not null && !EmailAddress.TryParse(after, out last)) return Refusals.NotAnAddress(after);
        var accounts = await administration.ListAsync(domain, last, Math.Clamp(limit ?? DefaultLimit, 1, DefaultLimit), cancellationToken);
        return Results.Json([.. accounts.Select(View)], AdministrationJson.Default.IReadOnlyListAccountView);
    }

    private static async Task<IResult> ShowAsync(string address, AccountAdministration administration, CancellationToken cancellationToken)
        => Refusals.TryAddress(address, out var parsed) && await administration.FindAsync(parsed, cancellationToken) is { } account
            ? Results.Json(View(account), AdministrationJson.Default.AccountView)
            : Unknown(address);

    private static async ValueTask<IResult> AddAsync(AccountAdministration administration, UserDirectoryOptions options, TimeProvider time, NewAccount body, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(body.Address, out var address)) return Refusals.NotAnAddress(body.Address);
        if (address.LocalPart.Contains('*', StringComparison.Ordinal)) return Problems.Invalid("An account's address holds no '*'; that makes a wildcard alias.");
        if (body.Password is not null && PasswordRefusal(body.Password, options) is { } refusal) return refusal;
        if (!AreQuotas(body.QuotaOctets, body.QuotaMessages)) return NotAQuota();
        if (!TryName(body.Name, out var name)) return NotAName();
        if (body is { Shared: true, Password: not null }) return Problems.Invalid("A shared account has no password: nobody logs in to it.");
        var account = new Account
        {
            Id = AccountId.New(time),
            Address = address,
            DisplayName = name,
            QuotaOctets = NoneIfZero(body.QuotaOctets),
            QuotaMessages = NoneIfZero(body.QuotaMessages),
            Shared = body.Shared == true,
        };
        var outcome = await administration.AddAsync(account, body.Password, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.Json(View(account), AdministrationJson.Default.AccountView, statusCode: StatusCodes.Status201Created),
            DirectoryOutcome.AlreadyExists => Refusals.AlreadyExists($"{address} exists already, as an account or an alias."),
            DirectoryOutcome.NoSuchDomain => Refusals.NoSuchDomain(address.Domain),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async ValueTask<IResult> ChangeAsync(AccountAdministration administration, string address, AccountChange body, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed)) return Unknown(address);
        if (!AreQuotas(body.QuotaOctets, body.QuotaMessages)) return NotAQuota();
        if (!TryName(body.Name, out var name)) return NotAName();
        Account? changed = null;
        var outcome = await administration.ChangeAsync(
            parsed,
            account => changed = account with
            {
                DisplayName = body.Name is null ? account.DisplayName : name,
                Enabled = body.Enabled ?? account.Enabled,
                QuotaOctets = body.QuotaOctets is null ? account.QuotaOctets : NoneIfZero(body.QuotaOctets),
                QuotaMessages = body.QuotaMessages is null ? account.QuotaMessages : NoneIfZero(body.QuotaMessages),
            },
            cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done when changed is not null => Results.Json(View(changed), AdministrationJson.Default.AccountView),
            DirectoryOutcome.NotFound => Unknown(address),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async ValueTask<IResult> SetPasswordAsync(AccountAdministration administration, UserDirectoryOptions options, string address, NewPassword body, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed)) return Unknown(address);
        if (PasswordRefusal(body.Password, options) is { } refusal) return refusal;
        var outcome = await administration.SetPasswordAsync(parsed, body.Password, cancellationToken);
        return outcome switch
        {
            DirectoryOutcome.Done => Results.NoContent(),
            DirectoryOutcome.NotFound => Unknown(address),
            _ => throw Refusals.Unexpected(outcome),
        };
    }

    private static async Task<IResult> RemoveAsync(string address, AccountAdministration administration, CancellationToken cancellationToken)
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

    private static IResult? PasswordRefusal(string password, UserDirectoryOptions options)
    {
        if (!PreparedPassword.IsUsable(password)) return Problems.Answer(StatusCodes.Status400BadRequest, "unusable_password", $"A password has 1 to {PreparedPassword.MaxOctets} octets and no control characters.");
        return password.EnumerateRunes().Count() < options.MinimumPasswordLength
            ? Problems.Answer(StatusCodes.Status400BadRequest, "short_password", $"The password is too short: {options.MinimumPasswordLength} characters at least.")
            : null;
    }

    private static IResult Unknown(string address) => Problems.NotFound($"No account {address} exists.");

    private static IResult NotAQuota() => Problems.Invalid("A quota is a whole number, 0 for no limit.");

    private static IResult NotAName() => Problems.Invalid($"A name has {MaxNameLength} characters at most and no control characters.");

    private static bool AreQuotas(params ReadOnlySpan<long?> quotas)
    {
        foreach (var quota in quotas)
        {
            if (quota < 0) return false;
        }
        return true;
    }

    private static bool TryName(string? text, out string? name)
    {
        name = string.IsNullOrWhiteSpace(text) ? null : text.Trim();
        return name is null || name.Length <= MaxNameLength && !name.Any(char.IsControl);
    }

    private static long? NoneIfZero(long? quota) => quota == 0 ? null : quota;

    private static AccountView View(Account account)
        => new(account.Id.ToString(), account.Address.ToString(), account.DisplayName, account.Enabled, account.QuotaOctets, account.QuotaMessages, account.Shared);
}
