using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The mailboxes and subscriptions of an account while a transaction changes them. It is taken by a write to the account's document:
/// two changes of one tree never happen at once, so what is looked up here is still so at the commit.
/// </summary>
internal sealed class MailboxTree
{
    /// <summary>Mailboxes in an account: 10,000 that a person makes, those for special uses, and room for what is above them.</summary>
    public const int Limit = 11_000;

    /// <summary>For an account; twice as many as mailboxes, since names of deleted ones stay.</summary>
    private const int SubscriptionLimit = 2 * Limit;

    private static readonly (string Name, SpecialUse Use)[] Defaults =
    [
        ("INBOX", SpecialUse.None),
        ("Archive", SpecialUse.Archive),
        ("Drafts", SpecialUse.Drafts),
        ("Junk", SpecialUse.Junk),
        ("Sent", SpecialUse.Sent),
        ("Trash", SpecialUse.Trash),
    ];

    private readonly AccountWork _work;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, MailboxRow> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _subscribed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _subscriptionChanges = new(StringComparer.Ordinal);
    private readonly List<MailboxId> _deleted = [];
    private readonly bool _existed;
    private bool _changed;

    // The last UIDVALIDITY given in the account.
    private long _uidValidity;
    private long _subscriptions;

    private MailboxTree(AccountWork work, TimeProvider time, BsonDocument? account)
    {
        _work = work;
        _time = time;
        _existed = account is not null;
        if (account is null) return;
        HasAccount = true;
        _uidValidity = account["uidValidity"].ToInt64();
        _subscriptions = account["subscriptions"].ToInt64();
        work.Used(account);
    }

    public bool HasAccount { get; private set; }

    public IReadOnlyCollection<MailboxRow> Mailboxes => _byName.Values;

    public static async Task<MailboxTree> TakeAsync(AccountWork work, TimeProvider time)
    {
        var account = await work.Collections.Accounts.FindOneAndUpdateAsync<BsonDocument>(
            work.Session, new BsonDocument("_id", Bson.Id(work.Account.Value)), Bson.Inc("turn", 1L), cancellationToken: work.CancellationToken);
        var tree = new MailboxTree(work, time, account);
        if (account is null) return tree;
        using var found = await work.Collections.Mailboxes.FindAsync(work.Session, work.Where("key", MailboxKeys.OfAccount(work.Account)), cancellationToken: work.CancellationToken);
        await found.ForEachAsync(document => tree.Put(MailboxRow.Read(document)), work.CancellationToken);
        await tree.LookUpSubscriptionsAsync(work.Needs.Subscriptions);
        return tree;
    }

    public MailboxRow? Find(MailboxName name) => _byName.GetValueOrDefault(name.Value);

    public bool Exists(MailboxName name) => _byName.ContainsKey(name.Value);

    public bool HasSpecialUse(SpecialUse use) => _byName.Values.Any(row => row.Info.SpecialUse == use);

    /// <summary>The names below, in any order.</summary>
    public List<MailboxRow> Below(MailboxName name) => [.. _byName.Values.Where(row => row.Info.Name.IsBelow(name))];

    /// <summary>The names above that are not there, the highest first.</summary>
    public List<MailboxName> MissingParents(MailboxName name)
    {
        var missing = new List<MailboxName>();
        for (var parent = name.Parent; parent is { } above && !Exists(above); parent = above.Parent) missing.Insert(0, above);
        return missing;
    }

    public bool HasRoom(int more) => _byName.Count + more <= Limit;

    /// <summary>Makes the account with its first mailboxes when it is new.</summary>
    public void EnsureAccount()
    {
        if (HasAccount) return;
        HasAccount = true;
        foreach (var (name, use) in Defaults)
        {
            Subscribe(MailboxName.Parse(name), true);
            Insert(MailboxName.Parse(name), use);
        }
    }

    /// <summary>Whoever inserts or renames has looked up the subscriptions of these names before.</summary>
    public MailboxRow Insert(MailboxName name, SpecialUse use)
    {
        // Never given before in the account, so no name ever has one twice. Not below the clock either: a store brought back from an old backup goes on above what was given after it.
        _uidValidity = Math.Max(_uidValidity + 1, _time.GetUtcNow().ToUnixTimeSeconds());
        var row = MailboxRow.New(MailboxId.New(_time), name, use, new UidValidity((uint)_uidValidity), IsSubscribed(name));
        _changed = true;
        _work.Add(row);
        _byName.Add(name.Value, row);
        return row;
    }

    /// <summary>By another server, to a mailbox that goes on here: new ones are above it.</summary>
    public void UidValidityWasGiven(UidValidity uidValidity)
    {
        if (uidValidity.Value <= _uidValidity) return;
        _uidValidity = uidValidity.Value;
        _changed = true;
    }

    public void Rename(MailboxRow row, MailboxName name)
    {
        _byName.Remove(row.Info.Name.Value);
        row.Rename(name, IsSubscribed(name));
        _byName.Add(name.Value, row);
    }

    /// <summary>The mailbox and its place in the quota go at once; its messages, which can be very many, are cleared away in small steps afterwards.</summary>
    public void Delete(MailboxRow row)
    {
        _byName.Remove(row.Info.Name.Value);
        _work.Forget(row);
        _work.Use(-row.Info.Size, -row.Info.Messages);
        // One that the same transaction made was never seen by anyone.
        if (!row.IsNew) _deleted.Add(row.Info.Id);
    }

    public void Subscribe(MailboxName name, bool subscribed)
    {
        if (IsSubscribed(name) == subscribed) return;
        if (subscribed && _subscriptions >= SubscriptionLimit) throw new StoreFullException("subscriptions");
        _subscriptions += subscribed ? 1 : -1;
        _subscribed[name.Value] = subscribed;
        _subscriptionChanges[name.Value] = subscribed;
        _changed = true;
        Find(name)?.Subscribe(subscribed);
    }

    public async Task LookUpSubscriptionsAsync(IEnumerable<MailboxName> names)
    {
        var unknown = names.Where(name => !_subscribed.ContainsKey(name.Value)).ToDictionary(name => MailboxKeys.Name(_work.Account, name), StringComparer.Ordinal);
        if (unknown.Count == 0) return;
        using var found = await _work.Collections.Subscriptions.FindAsync(
            _work.Session, _work.Where("_id", new BsonDocument("$in", new BsonArray(unknown.Keys))), new FindOptions<BsonDocument> { Projection = Bson.Only("_id") }, _work.CancellationToken);
        var subscribed = (await found.ToListAsync(_work.CancellationToken)).Select(document => document["_id"].AsString).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, name) in unknown) _subscribed[name.Value] = subscribed.Contains(key);
    }

    /// <summary>All but the rows of mailboxes, which the transaction saves, and the usage.</summary>
    public async Task SaveAsync()
    {
        var (session, collections, token) = (_work.Session, _work.Collections, _work.CancellationToken);
        var id = Bson.Id(_work.Account.Value);
        var fields = new BsonDocument { { "uidValidity", _uidValidity }, { "subscriptions", _subscriptions } };
        if (!_existed && HasAccount) await collections.Accounts.InsertOneAsync(session, new BsonDocument { { "_id", id }, { "octets", 0L }, { "messages", 0L } }.Merge(fields), cancellationToken: token);
        else if (_changed) await collections.Accounts.UpdateOneAsync(session, new BsonDocument("_id", id), Bson.Set(fields), cancellationToken: token);
        if (_deleted.Count > 0)
        {
            await collections.Mailboxes.DeleteManyAsync(session, _work.Where("_id", new BsonDocument("$in", Bson.Ids(_deleted.Select(mailbox => mailbox.Value)))), cancellationToken: token);
            // Those of one lie side by side; of many, all that the account has are looked at once.
            var ofDeleted = _deleted.Count == 1
                ? _work.Where("_id", MailboxKeys.OfMailbox(_work.Account, _deleted[0]))
                : _work.Where("_id", MailboxKeys.OfAccount(_work.Account)).Add("mailbox", new BsonDocument("$in", Bson.Ids(_deleted.Select(mailbox => mailbox.Value))));
            await collections.Annotations.DeleteManyAsync(session, ofDeleted, cancellationToken: token);
            await StoredGrants.DeleteAsync(_work, ofDeleted);
            await collections.Deleted.InsertManyAsync(session, _deleted.Select(mailbox => new BsonDocument { { "_id", Bson.Id(mailbox.Value) }, { "account", id } }), cancellationToken: token);
        }
        if (_subscriptionChanges.Count > 0)
            await collections.Subscriptions.BulkWriteAsync(session, _subscriptionChanges.Select(change => SaveSubscription(change.Key, change.Value)), new BulkWriteOptions { IsOrdered = true }, token);
    }

    /// <summary>The account's document and names go too; what hangs on the mailboxes is cleared away afterwards.</summary>
    public async Task RemoveAccountAsync()
    {
        foreach (var row in _byName.Values.ToList()) Delete(row);
        var (session, collections, token) = (_work.Session, _work.Collections, _work.CancellationToken);
        await collections.Subscriptions.DeleteManyAsync(session, _work.Where("_id", MailboxKeys.OfAccount(_work.Account)), cancellationToken: token);
        await collections.Annotations.DeleteManyAsync(session, _work.Where("_id", MailboxKeys.OfAccount(_work.Account)), cancellationToken: token);
        await collections.Deliveries.DeleteManyAsync(session, _work.Where("_id", MailboxKeys.OfAccount(_work.Account)), cancellationToken: token);
        await collections.Accounts.DeleteOneAsync(session, new BsonDocument("_id", Bson.Id(_work.Account.Value)), cancellationToken: token);
    }

    private void Put(MailboxRow row)
    {
        _work.Add(row);
        _byName.Add(row.Info.Name.Value, row);
    }

    private bool IsSubscribed(MailboxName name) => _subscribed.GetValueOrDefault(name.Value);

    private WriteModel<BsonDocument> SaveSubscription(string name, bool subscribed)
    {
        var key = _work.Where("_id", $"{_work.Account}/{name}");
        return subscribed
            ? new ReplaceOneModel<BsonDocument>(key, new BsonDocument { { "_id", key["_id"] }, { "account", key["account"] } }) { IsUpsert = true }
            : new DeleteOneModel<BsonDocument>(key);
    }
}
