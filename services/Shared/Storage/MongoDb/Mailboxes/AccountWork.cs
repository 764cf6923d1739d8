using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// One transaction on one account. It begins with a write to every document that it is about to change, so that whoever comes second is stopped there, and not after long work:
/// the order of commits to a mailbox is the order of its UIDs and MODSEQs.
/// </summary>
internal sealed class AccountWork(MailboxCollections collections, IClientSessionHandle session, AccountId account, TimeProvider time, int messageLimit, CancellationToken cancellationToken)
{
    private static readonly FindOneAndUpdateOptions<BsonDocument> After = new() { ReturnDocument = ReturnDocument.After };
    private static readonly InsertManyOptions Ordered = new() { IsOrdered = true };

    private readonly Dictionary<MailboxId, MailboxRow> _mailboxes = [];
    private readonly Dictionary<DeliveryKey, Appended> _deliveries = [];
    private readonly List<BsonDocument> _newMessages = [];
    private readonly List<BsonDocument> _newDetails = [];
    private readonly List<BsonDocument> _newDeliveries = [];
    private (long Octets, long Messages) _used;
    private (long Octets, long Messages) _use;

    public AccountNeeds Needs { get; } = new();

    public MailboxCollections Collections => collections;

    public IClientSessionHandle Session => session;

    public AccountId Account => account;

    /// <summary>Messages that this transaction may list and change.</summary>
    public int MessageLimit => messageLimit;

    public CancellationToken CancellationToken => cancellationToken;

    public DateTimeOffset Now { get; } = time.GetUtcNow();

    /// <summary>For those who said that they need it.</summary>
    public MailboxTree Tree
    {
        get => field ?? throw new InvalidOperationException("The tree was not declared.");
        private set;
    }

    /// <summary>A condition that every document of the account may meet, and no other.</summary>
    public BsonDocument Where(string fieldName, BsonValue condition) => Where(account, fieldName, condition);

    public static BsonDocument Where(AccountId account, string fieldName, BsonValue condition) => new() { { "account", Bson.Id(account.Value) }, { fieldName, condition } };

    public void Add(MailboxRow row) => _mailboxes.Add(row.Info.Id, row);

    /// <summary>The row is not written any more.</summary>
    public void Forget(MailboxRow row) => _mailboxes.Remove(row.Info.Id);

    public MailboxRow? Find(MailboxId mailbox) => _mailboxes.GetValueOrDefault(mailbox);

    public Appended? Find(DeliveryKey delivery) => _deliveries.TryGetValue(delivery, out var appended) ? appended : null;

    public async Task LoadAsync()
    {
        // The tree knows all mailboxes and the account.
        if (Needs.Tree) Tree = await MailboxTree.TakeAsync(this, time);
        else if (Needs.Mailboxes.Count > 0) await TakeMailboxesAsync();
        if (Needs.Deliveries.Count > 0) await FindDeliveriesAsync();
        if (Needs.Usage && !Needs.Tree) await FindUsageAsync();
    }

    /// <summary>False, and nothing is changed, when that would be more than the limits of <paramref name="quota"/>.</summary>
    public bool TryUse(long octets, long messages, QuotaUsage? quota)
    {
        if (_used.Octets + octets > quota?.OctetLimit || _used.Messages + messages > quota?.MessageLimit) return false;
        Use(octets, messages);
        return true;
    }

    /// <summary>Less where the numbers are below zero.</summary>
    public void Use(long octets, long messages)
    {
        _used = (_used.Octets + octets, _used.Messages + messages);
        _use = (_use.Octets + octets, _use.Messages + messages);
    }

    /// <summary>A message is written at the end, or when there are many.</summary>
    public async ValueTask InsertAsync(MailboxId mailbox, StoredMessage message, BsonDocument? details)
    {
        if (_newMessages.Count == StoredMessages.Chunk) await InsertMessagesAsync();
        _newMessages.Add(message.ToDocument(account, mailbox));
        if (details is not null) _newDetails.Add(details);
    }

    public void Record(DeliveryKey delivery, Appended appended)
    {
        _deliveries[delivery] = appended;
        _newDeliveries.Add(new BsonDocument
        {
            { "_id", MailboxKeys.Delivery(account, delivery) },
            { "account", Bson.Id(account.Value) },
            { "mailbox", Bson.Id(appended.Mailbox.Value) },
            { "uidValidity", (long)appended.UidValidity.Value },
            { "uid", (long)appended.Uid.Value },
            { "modSeq", appended.ModSeq.Value },
            { "recordedAt", Bson.Time(Now) },
        });
    }

    public async Task SaveAsync()
    {
        if (Needs.Tree) await Tree.SaveAsync();
        await InsertMessagesAsync();
        if (_newDeliveries.Count > 0) await collections.Deliveries.InsertManyAsync(session, _newDeliveries, Ordered, cancellationToken);
        var rows = _mailboxes.Values.Where(row => row.IsChanged).Select(Save).ToList();
        if (rows.Count > 0) await collections.Mailboxes.BulkWriteAsync(session, rows, new BulkWriteOptions { IsOrdered = true }, cancellationToken);
        if (_use != default)
            await collections.Accounts.UpdateOneAsync(session, new BsonDocument("_id", Bson.Id(account.Value)), new BsonDocument("$inc", new BsonDocument { { "octets", _use.Octets }, { "messages", _use.Messages } }), cancellationToken: cancellationToken);
    }

    private WriteModel<BsonDocument> Save(MailboxRow row) => row.IsNew
        ? new InsertOneModel<BsonDocument>(row.ToDocument(account))
        : new UpdateOneModel<BsonDocument>(Where("_id", Bson.Id(row.Info.Id.Value)), Bson.Set(row.ToChanges(account)));

    private async Task InsertMessagesAsync()
    {
        if (_newDetails.Count > 0) await collections.Details.InsertManyAsync(session, _newDetails, Ordered, cancellationToken);
        if (_newMessages.Count > 0) await collections.Messages.InsertManyAsync(session, _newMessages, Ordered, cancellationToken);
        _newDetails.Clear();
        _newMessages.Clear();
    }

    private async Task TakeMailboxesAsync()
    {
        var take = Bson.Inc("turn", 1L);
        if (Needs.Mailboxes.Count == 1)
        {
            var one = await collections.Mailboxes.FindOneAndUpdateAsync(session, Where("_id", Bson.Id(Needs.Mailboxes.Single().Value)), take, After, cancellationToken);
            if (one is not null) Put(one);
            return;
        }
        var all = Where("_id", new BsonDocument("$in", Bson.Ids(Needs.Mailboxes.Select(mailbox => mailbox.Value).Order())));
        await collections.Mailboxes.UpdateManyAsync(session, all, take, cancellationToken: cancellationToken);
        using var found = await collections.Mailboxes.FindAsync(session, all, cancellationToken: cancellationToken);
        await found.ForEachAsync(Put, cancellationToken);
    }

    private void Put(BsonDocument document) => Add(MailboxRow.Read(document));

    private async Task FindDeliveriesAsync()
    {
        var keys = Needs.Deliveries.ToDictionary(delivery => MailboxKeys.Delivery(account, delivery), StringComparer.Ordinal);
        using var found = await collections.Deliveries.FindAsync(session, Where("_id", new BsonDocument("$in", new BsonArray(keys.Keys))), cancellationToken: cancellationToken);
        await found.ForEachAsync(
            document => _deliveries[keys[document["_id"].AsString]] = new Appended(
                new MailboxId(document.Guid("mailbox")), new UidValidity((uint)document["uidValidity"].ToInt64()), new Uid((uint)document["uid"].ToInt64()), new ModSeq(document["modSeq"].ToInt64())),
            cancellationToken);
    }

    private async Task FindUsageAsync()
    {
        using var found = await collections.Accounts.FindAsync(session, new BsonDocument("_id", Bson.Id(account.Value)), cancellationToken: cancellationToken);
        if (await found.FirstOrDefaultAsync(cancellationToken) is { } document) Used(document);
    }

    public void Used(BsonDocument accountDocument) => _used = (accountDocument["octets"].ToInt64(), accountDocument["messages"].ToInt64());
}
