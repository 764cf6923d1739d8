using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The mailboxes of all accounts. A change is a transaction that begins with a write to the mailbox's document, so UIDs and MODSEQs are given in the order in which they are committed,
/// whichever process gives them; a reader works on a snapshot, so it sees all of a change or nothing.
/// <para>STORE, COPY, MOVE and EXPUNGE of more than <see cref="MessagesPerTransaction"/> messages are done in several transactions, UID ascending, each whole in itself and with a MODSEQ of its own.</para>
/// </summary>
public sealed partial class MongoMailboxStore : IMailboxStore, IAsyncDisposable
{
    /// <summary>Changed by one transaction at the most: well within the 60 s that MongoDB gives it.</summary>
    public const int MessagesPerTransaction = 100_000;

    private const int MaxKnown = 100_000;

    private readonly MongoConnection _connection;
    private readonly MailboxCollections _collections;
    private readonly AccountLines _lines;
    private readonly ClearMailboxes _clearing;
    private readonly ConcurrentDictionary<AccountId, bool> _known = new();

    /// <summary>Starts to clear away what the last run left of deleted mailboxes.</summary>
    internal MongoMailboxStore(MongoConnection connection, TimeProvider time, int messagesPerTransaction = MessagesPerTransaction)
    {
        _connection = connection;
        _collections = new MailboxCollections(connection);
        _lines = new AccountLines(_collections, time, messagesPerTransaction);
        _clearing = new ClearMailboxes(_collections, time);
    }

    /// <summary>Finishes the changes that wait, and stops clearing away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync();
        await _clearing.DisposeAsync();
    }

    public async ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (_known.ContainsKey(account)) return;
        if (await FindAccountAsync(account, cancellationToken) is null) await _lines.RunAsync(account, new EnsureAccount(), cancellationToken);
        if (_known.Count >= MaxKnown) _known.Clear();
        _known.TryAdd(account, true);
    }

    public async ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken)
    {
        var mailboxes = await FindMailboxesAsync(account, "key", MailboxKeys.OfAccount(account), cancellationToken);
        mailboxes.Sort(static (one, other) => string.CompareOrdinal(one.Name.Value, other.Name.Value));
        return mailboxes;
    }

    public async ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
        => (await FindMailboxesAsync(account, "key", MailboxKeys.Name(account, name), cancellationToken)).FirstOrDefault();

    public async ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => (await FindMailboxesAsync(account, "_id", Bson.Id(mailbox.Value), cancellationToken)).FirstOrDefault();

    public async ValueTask<MailboxInfo?> FindSpecialUseAsync(AccountId account, SpecialUse use, CancellationToken cancellationToken)
        => use == SpecialUse.None ? null : (await FindMailboxesAsync(account, "key", MailboxKeys.OfAccount(account), cancellationToken, use)).FirstOrDefault();

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
        => _lines.RunAsync(account, new CreateMailbox(name, use), cancellationToken);

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken)
        => _lines.RunAsync(account, new ContinueMailbox(mailbox, past), cancellationToken);

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        var outcome = await _lines.RunAsync(account, new DeleteMailbox(name), cancellationToken);
        if (outcome == MailboxOutcome.Done) _clearing.Wake();
        return outcome;
    }

    public async ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        var rename = new RenameMailbox(from, to);
        var outcome = await _lines.RunAsync(account, rename, cancellationToken);
        if (rename.Rest is { Rest.IsEmpty: false } inbox) await MoveAsync(account, inbox.Source, inbox.Rest, inbox.Destination, cancellationToken);
        return outcome;
    }

    public async ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken)
        => await _lines.RunAsync(account, new Subscribe(name, subscribed), cancellationToken);

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<MailboxName>>(async token =>
        {
            using var found = await _collections.Subscriptions.FindAsync(AccountWork.Where(account, "_id", MailboxKeys.OfAccount(account)), new FindOptions<BsonDocument> { Projection = Bson.Only("_id") }, token);
            var names = (await found.ToListAsync(token)).ConvertAll(subscription => MailboxKeys.Name(subscription["_id"].AsString));
            names.Sort(static (one, other) => string.CompareOrdinal(one.Value, other.Value));
            return names;
        }, cancellationToken);

    public async IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keys = mailbox is { } one ? MailboxKeys.OfMailbox(account, one) : MailboxKeys.OfAccount(account);
        var annotations = await _connection.RunAsync(async token =>
        {
            using var found = await _collections.Annotations.FindAsync(AccountWork.Where(account, "_id", keys), new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1) }, token);
            return (await found.ToListAsync(token)).ConvertAll(document => new Annotation(new MailboxId(document.Guid("mailbox")), document["entry"].AsString, document.Octets("value")));
        }, cancellationToken);
        foreach (var annotation in annotations) yield return annotation;
    }

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
        => _lines.RunAsync(account, new AnnotateMailbox(mailbox, changes), cancellationToken);

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken)
        => StoredGrants.ListAsync(_collections, owner, mailbox, cancellationToken);

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken)
        => _lines.RunAsync(owner, new GrantRights(mailbox, changes), cancellationToken);

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken)
        => StoredGrants.SharersAsync(_collections, grantees, cancellationToken);

    public async ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => (await GetAsync(account, mailbox, cancellationToken))?.Deleted is not > 0 ? 0 : await _connection.RunAsync(async token =>
        {
            using var found = await _collections.Messages.AggregateAsync<BsonDocument>(
                new BsonDocument[]
                {
                    new("$match", AccountWork.Where(account, "deleted", Bson.Id(mailbox.Value))),
                    new("$group", new BsonDocument { { "_id", BsonNull.Value }, { "size", new BsonDocument("$sum", "$size") } }),
                }, cancellationToken: token);
            return (await found.FirstOrDefaultAsync(token))?["size"].ToInt64() ?? 0;
        }, cancellationToken);

    public async ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken)
        => await FindAccountAsync(account, cancellationToken) is { } usage ? new QuotaUsage(usage["octets"].ToInt64(), usage["messages"].ToInt64(), null, null) : new QuotaUsage(0, 0, null, null);

    public async ValueTask<string?> FindThreadAsync(AccountId account, IReadOnlyList<string> messageIds, CancellationToken cancellationToken)
    {
        var keys = messageIds.Select(messageId => MailboxKeys.MessageId(account, messageId)).OfType<BsonBinaryData>().ToList();
        // Of an account that was removed nothing is found, though its messages go later.
        if (keys.Count == 0 || await FindAccountAsync(account, cancellationToken) is null) return null;
        var threads = await _connection.RunAsync(async token =>
        {
            var first = new BsonDocument { { "_id", "$messageId" }, { "thread", new BsonDocument("$first", "$threadId") } };
            using var found = await _collections.Details.AggregateAsync<BsonDocument>(
                new BsonDocument[]
                {
                    new("$match", AccountWork.Where(account, "messageId", new BsonDocument("$in", new BsonArray(keys)))),
                    new("$sort", new BsonDocument("_id", 1)),
                    new("$group", first),
                }, cancellationToken: token);
            return (await found.ToListAsync(token)).ToDictionary(thread => thread["_id"], thread => thread["thread"].AsString);
        }, cancellationToken);
        return keys.Select(key => threads.GetValueOrDefault(key)).FirstOrDefault(thread => thread is not null);
    }

    public async ValueTask RemoveAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        await MailboxRetention.ForgetDeliveriesAsync(_collections, account, cancellationToken);
        await StoredGrants.ForgetAsync(_collections, account, cancellationToken);
        var removed = await _lines.RunAsync(account, new RemoveAccount(), cancellationToken);
        _known.TryRemove(account, out _);
        if (removed) _clearing.Wake();
    }

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
        => _collections.FindReferencedAsync(contents, cancellationToken);

    public ValueTask<int> ForgetDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken) => MailboxRetention.ForgetDeliveriesAsync(_collections, before, cancellationToken);

    public ValueTask<int> ForgetTombstonesAsync(DateTimeOffset before, CancellationToken cancellationToken) => MailboxRetention.ForgetTombstonesAsync(_collections, before, cancellationToken);

    private ValueTask<BsonDocument?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => _connection.RunAsync<BsonDocument?>(async token =>
        {
            using var found = await _collections.Accounts.FindAsync(new BsonDocument("_id", Bson.Id(account.Value)), cancellationToken: token);
            return await found.FirstOrDefaultAsync(token);
        }, cancellationToken);

    private ValueTask<List<MailboxInfo>> FindMailboxesAsync(AccountId account, string field, BsonValue condition, CancellationToken cancellationToken, SpecialUse use = SpecialUse.None)
        => _connection.RunAsync(async token =>
        {
            var filter = AccountWork.Where(account, field, condition);
            if (use != SpecialUse.None) filter.Add("specialUse", (int)use);
            using var found = await _collections.Mailboxes.FindAsync(filter, cancellationToken: token);
            return (await found.ToListAsync(token)).ConvertAll(document => MailboxRow.Read(document).Info);
        }, cancellationToken);
}
