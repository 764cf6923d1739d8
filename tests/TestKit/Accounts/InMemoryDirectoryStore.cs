using System.Security.Cryptography;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;
using Merpati.Storage;

namespace Merpati.TestKit.Accounts;

/// <summary>The contract of <see cref="IDirectoryStore"/> in memory, for tests that are about something else; it counts its reads.</summary>
public sealed class InMemoryDirectoryStore : IDirectoryStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, LocalDomain> _domains = new(StringComparer.Ordinal);
    private readonly Dictionary<EmailAddress, Account> _accounts = [];
    private readonly Dictionary<EmailAddress, AddressAlias> _aliases = [];
    private readonly Dictionary<AccountId, Credential> _credentials = [];
    private readonly SortedDictionary<string, DkimKey> _dkimKeys = new(StringComparer.Ordinal);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public ValueTask<DirectoryOutcome> AddDomainAsync(LocalDomain domain, CancellationToken cancellationToken)
        => Change(() => _domains.TryAdd(Name(domain.Name), domain with { Name = Name(domain.Name) }) ? DirectoryOutcome.Done : DirectoryOutcome.AlreadyExists);

    public ValueTask<DirectoryOutcome> ChangeDomainAsync(LocalDomain domain, CancellationToken cancellationToken) => Change(() =>
    {
        if (!_domains.ContainsKey(Name(domain.Name))) return DirectoryOutcome.NotFound;
        _domains[Name(domain.Name)] = domain with { Name = Name(domain.Name) };
        return DirectoryOutcome.Done;
    });

    public ValueTask<DirectoryOutcome> RemoveDomainAsync(string name, CancellationToken cancellationToken) => Change(() =>
    {
        if (!_domains.ContainsKey(Name(name))) return DirectoryOutcome.NotFound;
        if (_accounts.Keys.Concat(_aliases.Keys).Any(address => address.Domain == Name(name))) return DirectoryOutcome.InUse;
        _domains.Remove(Name(name));
        foreach (var key in _dkimKeys.Keys.Where(key => key.StartsWith(Name(name) + " ", StringComparison.Ordinal)).ToList()) _dkimKeys.Remove(key);
        return DirectoryOutcome.Done;
    });

    public ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken) => Read(() => _domains.GetValueOrDefault(Name(name)));

    public ValueTask<IReadOnlyList<LocalDomain>> ListDomainsAsync(CancellationToken cancellationToken) => Read<IReadOnlyList<LocalDomain>>(() => [.. _domains.Values]);

    public ValueTask<DirectoryOutcome> AddAccountAsync(Account account, Credential? credential, CancellationToken cancellationToken) => Change(() =>
    {
        if (!_domains.ContainsKey(account.Address.Domain)) return DirectoryOutcome.NoSuchDomain;
        if (Find(account.Id) is not null || _aliases.ContainsKey(account.Address) || !_accounts.TryAdd(account.Address, account)) return DirectoryOutcome.AlreadyExists;
        if (credential is not null) _credentials[account.Id] = credential;
        return DirectoryOutcome.Done;
    });

    public ValueTask<DirectoryOutcome> ChangeAccountAsync(Account account, CancellationToken cancellationToken) => Change(() =>
    {
        if (Find(account.Id) is not { } old) return DirectoryOutcome.NotFound;
        if (!_domains.ContainsKey(account.Address.Domain)) return DirectoryOutcome.NoSuchDomain;
        if (_aliases.ContainsKey(account.Address) || _accounts.TryGetValue(account.Address, out var other) && other.Id != account.Id) return DirectoryOutcome.AlreadyExists;
        _accounts.Remove(old.Address);
        _accounts[account.Address] = account;
        return DirectoryOutcome.Done;
    });

    public ValueTask<DirectoryOutcome> RemoveAccountAsync(AccountId account, CancellationToken cancellationToken) => Change(() =>
    {
        if (Find(account) is not { } old) return DirectoryOutcome.NotFound;
        _accounts.Remove(old.Address);
        _credentials.Remove(account);
        return DirectoryOutcome.Done;
    });

    public ValueTask<Account?> FindAccountAsync(AccountId account, CancellationToken cancellationToken) => Read(() => Find(account));

    public ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken) => Read(() => _accounts.GetValueOrDefault(address));

    public ValueTask<IReadOnlyList<Account>> ListAccountsAsync(string? domain, EmailAddress? after, int limit, CancellationToken cancellationToken)
        => Read<IReadOnlyList<Account>>(() => [.. _accounts.Values
            .Where(account => domain is null || account.Address.Domain == Name(domain))
            .Where(account => after is null || string.CompareOrdinal(Key(account.Address), Key(after)) > 0)
            .OrderBy(account => Key(account.Address), StringComparer.Ordinal)
            .Take(limit)]);

    public ValueTask<DirectoryOutcome> SetCredentialAsync(AccountId account, Credential credential, CancellationToken cancellationToken) => Change(() =>
    {
        if (Find(account) is null) return DirectoryOutcome.NotFound;
        _credentials[account] = credential;
        return DirectoryOutcome.Done;
    });

    public ValueTask<Credential?> FindCredentialAsync(AccountId account, CancellationToken cancellationToken) => Read(() => _credentials.GetValueOrDefault(account));

    public ValueTask<DirectoryOutcome> PutAliasAsync(AddressAlias alias, CancellationToken cancellationToken) => Change(() =>
    {
        if (!_domains.ContainsKey(alias.Address.Domain)) return DirectoryOutcome.NoSuchDomain;
        if (_accounts.ContainsKey(alias.Address)) return DirectoryOutcome.AlreadyExists;
        if (LeadsBack(alias)) return DirectoryOutcome.Loop;
        _aliases[alias.Address] = alias;
        return DirectoryOutcome.Done;
    });

    public ValueTask<DirectoryOutcome> RemoveAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => Change(() => _aliases.Remove(address) ? DirectoryOutcome.Done : DirectoryOutcome.NotFound);

    public ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken) => Read(() => _aliases.GetValueOrDefault(address));

    public ValueTask<IReadOnlyList<AddressAlias>> ListAliasesAsync(string? domain, CancellationToken cancellationToken)
        => Read<IReadOnlyList<AddressAlias>>(() => [.. _aliases.Values
            .Where(alias => domain is null || alias.Address.Domain == Name(domain))
            .OrderBy(alias => Key(alias.Address), StringComparer.Ordinal)]);

    public ValueTask<DirectoryOutcome> AddDkimKeyAsync(DkimKey key, CancellationToken cancellationToken) => Change(() =>
        !_domains.ContainsKey(Name(key.Key.Domain)) ? DirectoryOutcome.NoSuchDomain : _dkimKeys.TryAdd(Key(key.Key.Domain, key.Key.Selector), key) ? DirectoryOutcome.Done : DirectoryOutcome.AlreadyExists);

    public ValueTask<DirectoryOutcome> ChangeDkimKeyAsync(string domain, string selector, DkimKeyState state, DateTimeOffset at, CancellationToken cancellationToken) => Change(() =>
    {
        if (!_dkimKeys.TryGetValue(Key(domain, selector), out var key)) return DirectoryOutcome.NotFound;
        _dkimKeys[Key(domain, selector)] = key with { State = state, ChangedAt = at };
        return DirectoryOutcome.Done;
    });

    public ValueTask<DirectoryOutcome> RemoveDkimKeyAsync(string domain, string selector, CancellationToken cancellationToken)
        => Change(() => _dkimKeys.Remove(Key(domain, selector)) ? DirectoryOutcome.Done : DirectoryOutcome.NotFound);

    public ValueTask<IReadOnlyList<DkimKey>> ListDkimKeysAsync(string? domain, CancellationToken cancellationToken)
        => Read<IReadOnlyList<DkimKey>>(() => [.. _dkimKeys.Values.Where(key => domain is null || key.Key.Domain == Name(domain))]);

    public ValueTask<ReadOnlyMemory<byte>> InstallationSecretAsync(CancellationToken cancellationToken) => ValueTask.FromResult<ReadOnlyMemory<byte>>(_secret);

    private static string Name(string domain) => DomainName.Normalize(domain);

    /// <summary>Order of address: by domain, then by local part.</summary>
    private static string Key(EmailAddress address) => $"{address.Domain}\0{address.LocalPart.ToLowerInvariant()}";

    private static string Key(string domain, string selector) => $"{Name(domain)} {selector.ToLowerInvariant()}";

    private bool LeadsBack(AddressAlias alias)
    {
        var seen = new HashSet<EmailAddress>(alias.Targets);
        var open = new Queue<EmailAddress>(seen);
        while (open.TryDequeue(out var address))
        {
            if (address.Equals(alias.Address)) return true;
            foreach (var next in _aliases.GetValueOrDefault(address)?.Targets.Where(seen.Add) ?? []) open.Enqueue(next);
        }
        return false;
    }

    private Account? Find(AccountId id) => _accounts.Values.FirstOrDefault(account => account.Id == id);

    private ValueTask<DirectoryOutcome> Change(Func<DirectoryOutcome> change)
    {
        lock (_lock) return ValueTask.FromResult(change());
    }

    private ValueTask<T> Read<T>(Func<T> read)
    {
        Interlocked.Increment(ref _reads);
        lock (_lock) return ValueTask.FromResult(read());
    }
}
