using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.UserDirectory.Credentials;

namespace Merpati.UserDirectory.Accounts;

/// <summary>Accounts and their passwords. An account's mailboxes come into being with the first message or login; they go with it.</summary>
public sealed class AccountAdministration
{
    private readonly IDirectoryStore _store;
    private readonly DirectoryChanges _changes;
    private readonly CredentialMaker _credentials;
    private readonly RecentLogins _recent;
    private readonly IReadOnlyList<IAccountRemoval> _removals;

    internal AccountAdministration(IDirectoryStore store, DirectoryChanges changes, CredentialMaker credentials, RecentLogins recent, IEnumerable<IAccountRemoval> removals)
    {
        _store = store;
        _changes = changes;
        _credentials = credentials;
        _recent = recent;
        _removals = [.. removals];
    }

    /// <summary>Without a password nobody can log in until one is set.</summary>
    public async ValueTask<DirectoryOutcome> AddAsync(Account account, string? password, CancellationToken cancellationToken)
    {
        // Outside of the turn: the others need not wait for the hash.
        var credential = password is null ? null : await _credentials.MakeAsync(password, cancellationToken);
        return await _changes.ApplyAsync(
            "Add account",
            account.Address.ToString(),
            async () => await _store.FindDomainAsync(account.Address.Domain, cancellationToken) is null
                ? DirectoryOutcome.NoSuchDomain
                : await _store.AddAccountAsync(account, credential, cancellationToken),
            cancellationToken);
    }

    /// <summary>Changes what <paramref name="change"/> makes of the account as it is now; id and address stay.</summary>
    public ValueTask<DirectoryOutcome> ChangeAsync(EmailAddress address, Func<Account, Account> change, CancellationToken cancellationToken)
        => _changes.ApplyAsync(
            "Change account",
            address.ToString(),
            async () => await _store.FindAccountAsync(address, cancellationToken) is { } account
                ? await _store.ChangeAccountAsync(change(account) with { Id = account.Id, Address = account.Address }, cancellationToken)
                : DirectoryOutcome.NotFound,
            cancellationToken);

    public async ValueTask<DirectoryOutcome> SetPasswordAsync(EmailAddress address, string password, CancellationToken cancellationToken)
    {
        if (await _store.FindAccountAsync(address, cancellationToken) is null) return DirectoryOutcome.NotFound;
        var credential = await _credentials.MakeAsync(password, cancellationToken);
        return await _changes.ApplyAsync(
            "Set password of account",
            address.ToString(),
            async () =>
            {
                if (await _store.FindAccountAsync(address, cancellationToken) is not { } account) return DirectoryOutcome.NotFound;
                var outcome = await _store.SetCredentialAsync(account.Id, credential, cancellationToken);
                _recent.Forget(account.Id);
                return outcome;
            },
            cancellationToken);
    }

    /// <summary>
    /// 1. Switches the account off, so that no login and no delivery begins any more. 2. Has every other part give up what it keeps of it (<see cref="IAccountRemoval"/>).
    /// 3. Forgets it. What fails on the way can be asked for again.
    /// </summary>
    public async ValueTask<DirectoryOutcome> RemoveAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        AccountId? found = null;
        var switchedOff = await ChangeAsync(
            address,
            account =>
            {
                found = account.Id;
                return account with { Enabled = false };
            },
            cancellationToken);
        if (switchedOff != DirectoryOutcome.Done || found is not { } id) return switchedOff;
        foreach (var removal in _removals) await removal.RemoveAsync(id, cancellationToken);
        _recent.Forget(id);
        return await _changes.ApplyAsync("Remove account", address.ToString(), () => _store.RemoveAccountAsync(id, cancellationToken), cancellationToken);
    }

    public ValueTask<Account?> FindAsync(EmailAddress address, CancellationToken cancellationToken) => _store.FindAccountAsync(address, cancellationToken);

    /// <summary>In order of address, after <paramref name="after"/>; of one domain or of all.</summary>
    public ValueTask<IReadOnlyList<Account>> ListAsync(string? domain, EmailAddress? after, int limit, CancellationToken cancellationToken)
        => _store.ListAccountsAsync(domain is null ? null : DomainName.Normalize(domain), after, limit, cancellationToken);
}
