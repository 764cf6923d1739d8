using System.Diagnostics;
using System.Security.Cryptography;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Domains, accounts, aliases, credentials and DKIM keys. What a change checks first is still so when it is made: each is a transaction.</summary>
public sealed class MongoDirectoryStore : IDirectoryStore
{
    private static readonly BsonDocument IsAlias = new("targets", new BsonDocument("$exists", true));

    private readonly MongoConnection _connection;
    private readonly IMongoCollection<BsonDocument> _domains;
    private readonly IMongoCollection<BsonDocument> _accounts;
    private readonly IMongoCollection<BsonDocument> _addresses;
    private readonly IMongoCollection<BsonDocument> _settings;
    private readonly IMongoCollection<BsonDocument> _dkimKeys;

    internal MongoDirectoryStore(MongoConnection connection)
    {
        _connection = connection;
        _domains = connection.Collection(DirectoryIndexes.Domains);
        _accounts = connection.Collection(DirectoryIndexes.Accounts);
        _addresses = connection.Collection(DirectoryIndexes.Addresses);
        _settings = connection.Collection(DirectoryIndexes.Settings);
        _dkimKeys = connection.Collection(DirectoryIndexes.DkimKeys);
    }

    public ValueTask<DirectoryOutcome> AddDomainAsync(LocalDomain domain, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var document = DirectoryDocuments.Write(domain);
            if (await ExistsAsync(_domains, session, ById(document["_id"]), token)) return DirectoryOutcome.AlreadyExists;
            await _domains.InsertOneAsync(session, document, cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken);

    public ValueTask<DirectoryOutcome> ChangeDomainAsync(LocalDomain domain, CancellationToken cancellationToken)
    {
        var document = DirectoryDocuments.Write(domain);
        return ChangeAsync(_domains, document["_id"], new BsonDocument("catchAll", document["catchAll"]), cancellationToken);
    }

    public ValueTask<DirectoryOutcome> RemoveDomainAsync(string name, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var domain = DomainName.Normalize(name);
            if ((await _domains.DeleteOneAsync(session, ById(domain), cancellationToken: token)).DeletedCount == 0) return DirectoryOutcome.NotFound;
            if (await ExistsAsync(_addresses, session, DirectoryDocuments.InDomain("_id", domain), token)) throw new RolledBackException(DirectoryOutcome.InUse);
            await _dkimKeys.DeleteManyAsync(session, DirectoryDocuments.InDomain("_id", domain), cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken).OrAsRolledBackAsync();

    public async ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken)
        => await FindAsync(_domains, ById(DomainName.Normalize(name)), cancellationToken) is { } domain ? DirectoryDocuments.ReadDomain(domain) : null;

    public async ValueTask<IReadOnlyList<LocalDomain>> ListDomainsAsync(CancellationToken cancellationToken)
        => (await ListAsync(_domains, [], "_id", limit: null, cancellationToken)).ConvertAll(DirectoryDocuments.ReadDomain);

    public ValueTask<DirectoryOutcome> AddAccountAsync(Account account, Credential? credential, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var document = DirectoryDocuments.Write(account);
            document.InsertAt(0, new BsonElement("_id", Bson.Id(account.Id.Value)));
            if (credential is not null) document["credential"] = DirectoryDocuments.Write(credential);
            if (!await TouchDomainAsync(session, account.Address.Domain, token)) return DirectoryOutcome.NoSuchDomain;
            if (await ExistsAsync(_addresses, session, ById(document["key"]), token) || await ExistsAsync(_accounts, session, ById(document["_id"]), token)) throw new RolledBackException(DirectoryOutcome.AlreadyExists);
            await _addresses.InsertOneAsync(session, new BsonDocument { { "_id", document["key"] }, { "account", document["_id"] } }, cancellationToken: token);
            await _accounts.InsertOneAsync(session, document, cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken).OrAsRolledBackAsync();

    public ValueTask<DirectoryOutcome> ChangeAccountAsync(Account account, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var id = Bson.Id(account.Id.Value);
            var changed = DirectoryDocuments.Write(account);
            var before = await _accounts.FindOneAndUpdateAsync<BsonDocument>(session, ById(id), Bson.Set(changed), new FindOneAndUpdateOptions<BsonDocument> { ReturnDocument = ReturnDocument.Before }, token);
            if (before is null) return DirectoryOutcome.NotFound;
            if (before["key"] == changed["key"]) return DirectoryOutcome.Done;
            if (!await TouchDomainAsync(session, account.Address.Domain, token)) throw new RolledBackException(DirectoryOutcome.NoSuchDomain);
            if (await ExistsAsync(_addresses, session, ById(changed["key"]), token)) throw new RolledBackException(DirectoryOutcome.AlreadyExists);
            await _addresses.DeleteOneAsync(session, ById(before["key"]), cancellationToken: token);
            await _addresses.InsertOneAsync(session, new BsonDocument { { "_id", changed["key"] }, { "account", id } }, cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken).OrAsRolledBackAsync();

    public ValueTask<DirectoryOutcome> RemoveAccountAsync(AccountId account, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var removed = await _accounts.FindOneAndDeleteAsync(session, ById(Bson.Id(account.Value)), cancellationToken: token);
            if (removed is null) return DirectoryOutcome.NotFound;
            await _addresses.DeleteOneAsync(session, ById(removed["key"]), cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken);

    public async ValueTask<Account?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => await FindAsync(_accounts, ById(Bson.Id(account.Value)), cancellationToken) is { } found ? DirectoryDocuments.ReadAccount(found) : null;

    public async ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken)
        => await FindAsync(_accounts, new BsonDocument("key", DirectoryDocuments.Key(address)), cancellationToken) is { } found ? DirectoryDocuments.ReadAccount(found) : null;

    public async ValueTask<IReadOnlyList<Account>> ListAccountsAsync(string? domain, EmailAddress? after, int limit, CancellationToken cancellationToken)
    {
        var all = new BsonArray { new BsonDocument("key", new BsonDocument("$gt", after is null ? "" : DirectoryDocuments.Key(after))) };
        if (domain is not null) all.Add(DirectoryDocuments.InDomain("key", DomainName.Normalize(domain)));
        return (await ListAsync(_accounts, new BsonDocument("$and", all), "key", limit, cancellationToken)).ConvertAll(DirectoryDocuments.ReadAccount);
    }

    public ValueTask<DirectoryOutcome> SetCredentialAsync(AccountId account, Credential credential, CancellationToken cancellationToken)
        => ChangeAsync(_accounts, Bson.Id(account.Value), new BsonDocument("credential", DirectoryDocuments.Write(credential)), cancellationToken);

    public async ValueTask<Credential?> FindCredentialAsync(AccountId account, CancellationToken cancellationToken)
        => await FindAsync(_accounts, ById(Bson.Id(account.Value)), cancellationToken) is { } found && found.TryGetValue("credential", out var credential)
            ? DirectoryDocuments.ReadCredential(credential.AsBsonDocument)
            : null;

    public ValueTask<DirectoryOutcome> PutAliasAsync(AddressAlias alias, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var document = DirectoryDocuments.Write(alias);
            if (!await TouchDomainAsync(session, alias.Address.Domain, token)) return DirectoryOutcome.NoSuchDomain;
            // Changes of aliases go one after the other: two of them could close a circle that neither sees.
            await _settings.UpdateOneAsync(session, ById("aliases"), Bson.Inc("changes", 1L), new UpdateOptions { IsUpsert = true }, token);
            using var taken = await _addresses.FindAsync(session, new BsonDocument { { "_id", document["_id"] }, { "account", new BsonDocument("$exists", true) } }, cancellationToken: token);
            if (await taken.AnyAsync(token)) throw new RolledBackException(DirectoryOutcome.AlreadyExists);
            if (await LeadsToAsync(session, alias.Targets, document["_id"].AsString, token)) throw new RolledBackException(DirectoryOutcome.Loop);
            await _addresses.ReplaceOneAsync(session, ById(document["_id"]), document, new ReplaceOptions { IsUpsert = true }, token);
            return DirectoryOutcome.Done;
        }, cancellationToken).OrAsRolledBackAsync();

    public ValueTask<DirectoryOutcome> RemoveAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => _connection.RunAsync(async token => (await _addresses.DeleteOneAsync(Alias(address), token)).DeletedCount > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound, cancellationToken);

    public async ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => await FindAsync(_addresses, Alias(address), cancellationToken) is { } alias ? DirectoryDocuments.ReadAlias(alias) : null;

    public async ValueTask<IReadOnlyList<AddressAlias>> ListAliasesAsync(string? domain, CancellationToken cancellationToken)
    {
        var filter = domain is null ? IsAlias : new BsonDocument("$and", new BsonArray { IsAlias, DirectoryDocuments.InDomain("_id", DomainName.Normalize(domain)) });
        return (await ListAsync(_addresses, filter, "_id", limit: null, cancellationToken)).ConvertAll(DirectoryDocuments.ReadAlias);
    }

    public ValueTask<DirectoryOutcome> AddDkimKeyAsync(DkimKey key, CancellationToken cancellationToken)
        => CommitAsync(async (session, token) =>
        {
            var document = DirectoryDocuments.Write(key);
            if (!await TouchDomainAsync(session, DomainName.Normalize(key.Key.Domain), token)) return DirectoryOutcome.NoSuchDomain;
            if (await ExistsAsync(_dkimKeys, session, ById(document["_id"]), token)) throw new RolledBackException(DirectoryOutcome.AlreadyExists);
            await _dkimKeys.InsertOneAsync(session, document, cancellationToken: token);
            return DirectoryOutcome.Done;
        }, cancellationToken).OrAsRolledBackAsync();

    public ValueTask<DirectoryOutcome> ChangeDkimKeyAsync(string domain, string selector, DkimKeyState state, DateTimeOffset at, CancellationToken cancellationToken)
        => ChangeAsync(_dkimKeys, DirectoryDocuments.DkimKey(domain, selector), new BsonDocument { { "state", (int)state }, { "changedAt", Bson.Time(at) } }, cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveDkimKeyAsync(string domain, string selector, CancellationToken cancellationToken)
        => _connection.RunAsync(async token => (await _dkimKeys.DeleteOneAsync(ById(DirectoryDocuments.DkimKey(domain, selector)), token)).DeletedCount > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound, cancellationToken);

    public async ValueTask<IReadOnlyList<DkimKey>> ListDkimKeysAsync(string? domain, CancellationToken cancellationToken)
        => (await ListAsync(_dkimKeys, domain is null ? [] : DirectoryDocuments.InDomain("_id", DomainName.Normalize(domain)), "_id", limit: null, cancellationToken)).ConvertAll(DirectoryDocuments.ReadDkimKey);

    public ValueTask<ReadOnlyMemory<byte>> InstallationSecretAsync(CancellationToken cancellationToken)
        => CommitAsync<ReadOnlyMemory<byte>>(async (session, token) =>
        {
            using var found = await _settings.FindAsync(session, ById("secret"), cancellationToken: token);
            if (await found.FirstOrDefaultAsync(token) is { } kept) return kept.Octets("installation");
            var fresh = RandomNumberGenerator.GetBytes(32);
            await _settings.InsertOneAsync(session, new BsonDocument { { "_id", "secret" }, { "installation", fresh } }, cancellationToken: token);
            return fresh;
        }, cancellationToken);

    private async ValueTask<T> CommitAsync<T>(Func<IClientSessionHandle, CancellationToken, Task<T>> body, CancellationToken cancellationToken)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var result = await _connection.TransactAsync(body, cancellationToken);
        _connection.Metrics.Committed(startedAt, operations: 1);
        return result;
    }

    private static BsonDocument ById(BsonValue id) => new("_id", id);

    private static BsonDocument Alias(EmailAddress address) => new() { { "_id", DirectoryDocuments.Key(address) }, { "targets", IsAlias["targets"] } };

    private static async Task<bool> ExistsAsync(IMongoCollection<BsonDocument> collection, IClientSessionHandle session, BsonDocument filter, CancellationToken cancellationToken)
    {
        using var found = await collection.FindAsync(session, filter, new FindOptions<BsonDocument> { Limit = 1, Projection = Bson.Only("_id") }, cancellationToken);
        return await found.AnyAsync(cancellationToken);
    }

    private ValueTask<BsonDocument?> FindAsync(IMongoCollection<BsonDocument> collection, BsonDocument filter, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await collection.FindAsync(filter, new FindOptions<BsonDocument> { Limit = 1 }, token);
            return (BsonDocument?)await found.FirstOrDefaultAsync(token);
        }, cancellationToken);

    private ValueTask<List<BsonDocument>> ListAsync(IMongoCollection<BsonDocument> collection, BsonDocument filter, string order, int? limit, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await collection.FindAsync(filter, new FindOptions<BsonDocument> { Sort = new BsonDocument(order, 1), Limit = limit }, token);
            return await found.ToListAsync(token);
        }, cancellationToken);

    private ValueTask<DirectoryOutcome> ChangeAsync(IMongoCollection<BsonDocument> collection, BsonValue id, BsonDocument fields, CancellationToken cancellationToken)
        => _connection.RunAsync(async token => (await collection.UpdateOneAsync(ById(id), Bson.Set(fields), cancellationToken: token)).MatchedCount > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound, cancellationToken);

    /// <summary>False when there is no such domain. Else the transaction has written to it, and meets whoever removes it.</summary>
    private async Task<bool> TouchDomainAsync(IClientSessionHandle session, string domain, CancellationToken cancellationToken)
        => (await _domains.UpdateOneAsync(session, ById(domain), Bson.Inc("changes", 1L), cancellationToken: cancellationToken)).MatchedCount > 0;

    /// <summary>Whether following aliases from the targets comes to the address. Wildcards and catch-alls are not followed here: delivery guards against those.</summary>
    private async Task<bool> LeadsToAsync(IClientSessionHandle session, IReadOnlyList<EmailAddress> targets, string address, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = targets.Select(DirectoryDocuments.Key).Where(seen.Add).ToList();
        while (open.Count > 0)
        {
            if (seen.Contains(address)) return true;
            using var found = await _addresses.FindAsync(session, new BsonDocument { { "_id", new BsonDocument("$in", new BsonArray(open)) }, { "targets", IsAlias["targets"] } }, cancellationToken: cancellationToken);
            open = [.. (await found.ToListAsync(cancellationToken)).SelectMany(alias => DirectoryDocuments.ReadAlias(alias).Targets).Select(DirectoryDocuments.Key).Where(seen.Add)];
        }
        return seen.Contains(address);
    }
}
