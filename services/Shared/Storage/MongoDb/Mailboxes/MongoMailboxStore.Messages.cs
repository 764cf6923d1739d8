using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>The messages of a mailbox.</summary>
public sealed partial class MongoMailboxStore
{
    // A page of a long list is one short read: a slow client holds no cursor, and never more than a page in memory.
    private const int PageOfMessages = 500;
    private const int PageOctets = 1024 * 1024;

    public async ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        // Where the mailbox is the same before and after, it was the same when the UIDs were read: one answer without a transaction, which is much for a large mailbox.
        if (await GetAsync(account, mailbox, cancellationToken) is not { } before) return null;
        var uids = await _connection.RunAsync(token => ReadMailbox.UidsAsync(_collections.MessagesOfOneMoment, session: null, account, mailbox, token), cancellationToken);
        if (await GetAsync(account, mailbox, cancellationToken) == before) return (before, uids);
        return await _connection.TransactAsync((session, token) => new ReadMailbox(_collections, session, account, mailbox, token).SnapshotAsync(), cancellationToken);
    }

    public async ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken)
    {
        // Mostly there is nothing new, and one document tells.
        if (await GetAsync(account, mailbox, cancellationToken) is not { } info) return null;
        if (since >= info.HighestModSeq) return new MailboxChanges(info, [], UidSet.Empty);
        return await _connection.TransactAsync((session, token) => new ReadMailbox(_collections, session, account, mailbox, token).ChangesAsync(since), cancellationToken);
    }

    public async ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        var info = await GetAsync(account, mailbox, cancellationToken);
        // Mostly there is nothing to claim, and then nothing to write. In a mailbox that is gone nothing is recent.
        if (info is null || info.FirstRecent == info.UidNext) return info?.UidNext ?? new Uid(uint.MaxValue);
        return await _lines.RunAsync(account, new ClaimRecent(mailbox), cancellationToken);
    }

    public async IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(account, mailbox, uids, StoredMessage.States, UidQuery.MaxListed, cancellationToken))
        {
            foreach (var message in page) yield return message.State;
        }
    }

    public async IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(account, mailbox, uids, StoredMessage.All, PageOfMessages, cancellationToken))
        {
            foreach (var part in ByWeight(page))
            {
                var details = await FindDetailsAsync(account, part, cancellationToken);
                foreach (var message in part)
                {
                    // What went in the meantime is gone.
                    if (details.TryGetValue(message.Detail, out var document)) yield return StoredDetails.Read(message, document, _connection.Logger);
                }
            }
        }
    }

    public async ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        var (changed, modified) = (new List<MessageState>(), new List<Uid>());
        for (var rest = uids; !rest.IsEmpty;)
        {
            var store = new StoreFlags(mailbox, rest, operation, flags, unchangedSince);
            var outcome = await _lines.RunAsync(account, store, cancellationToken);
            rest = store.Rest;
            if (rest.IsEmpty && changed.Count + modified.Count == 0) return outcome;
            changed.AddRange(outcome.Changed);
            modified.AddRange(outcome.Modified);
        }
        return new StoreOutcome(changed, modified);
    }

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
        => CopyAsync(account, source, uids, destination, quota: null, cancellationToken);

    public async ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, CancellationToken cancellationToken)
    {
        var copy = new CopyMessages(source, uids, destination, quota);
        var outcome = await _lines.RunAsync(account, copy, cancellationToken);
        if (copy.Rest.IsEmpty || outcome is not CopyOutcome.Done begun) return outcome;
        var copied = begun.Messages.ToList();
        var whole = false;
        try
        {
            while (!copy.Rest.IsEmpty)
            {
                copy = new CopyMessages(source, copy.Rest, destination, quota);
                outcome = await _lines.RunAsync(account, copy, cancellationToken);
                if (outcome is not CopyOutcome.Done more) return outcome;
                copied.AddRange(more.Messages);
            }
            whole = true;
            return begun with { Messages = copied };
        }
        finally
        {
            // All or nothing (RFC 3501 §6.4.7).
            if (!whole) await ExpungeAsync(account, destination, UidSet.Of(copied.Select(message => message.Destination)), onlyDeleted: false, CancellationToken.None);
        }
    }

    public async ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var moved = new List<CopiedMessage>();
        for (var rest = uids; ;)
        {
            var move = new MoveMessages(source, rest, destination);
            var outcome = await _lines.RunAsync(account, move, cancellationToken);
            if (outcome is not CopyOutcome.Done some) return moved.Count == 0 ? outcome : throw new StoreUnavailableException(_connection.Store, "a mailbox was deleted while its messages were moved.");
            rest = move.Rest;
            if (rest.IsEmpty && moved.Count == 0) return outcome;
            moved.AddRange(some.Messages);
            if (rest.IsEmpty) return some with { Messages = moved };
        }
    }

    public async ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        var expunged = new List<Uid>();
        for (var rest = uids; !rest.IsEmpty;)
        {
            var expunge = new ExpungeMessages(mailbox, rest, onlyDeleted);
            expunged.AddRange(await _lines.RunAsync(account, expunge, cancellationToken));
            rest = expunge.Rest;
        }
        return expunged;
    }

    public ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, CancellationToken cancellationToken)
        => _lines.RunAsync(account, new AppendMessages(mailbox, messages, delivery, quota), cancellationToken);

    public ValueTask<AppendOutcome> ReplaceAsync(AccountId account, MailboxId mailbox, NewMessage message, ReplacedMessage replaced, QuotaUsage? quota, CancellationToken cancellationToken)
        => _lines.RunAsync(account, new AppendMessages(mailbox, [message], delivery: null, quota, replaced), cancellationToken);

    /// <summary>Each page is of one moment.</summary>
    internal async IAsyncEnumerable<List<StoredMessage>> PagesAsync(AccountId account, MailboxId mailbox, UidSet uids, ProjectionDefinition<BsonDocument, StoredMessage> fields, int size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var query in UidQuery.Of(uids))
        {
            for (var rest = query; ;)
            {
                // The mailbox is looked up for every page, at the same time: between two pages it may have gone, and its messages go later.
                var there = GetAsync(account, mailbox, cancellationToken).AsTask();
                var page = await FindPageAsync(account, mailbox, rest, fields, size, cancellationToken);
                if (await there is null) yield break;
                yield return page.FindAll(message => uids.Contains(message.Uid));
                if (page.Count < size || page[^1].Uid == rest.Range.Last) break;
                rest = rest.After(page[^1].Uid);
            }
        }
    }

    private ValueTask<List<StoredMessage>> FindPageAsync(AccountId account, MailboxId mailbox, UidQuery query, ProjectionDefinition<BsonDocument, StoredMessage> fields, int size, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _collections.MessagesOfOneMoment.FindAsync(
                AccountWork.Where(account, "_id", query.Condition(mailbox)),
                new FindOptions<BsonDocument, StoredMessage> { Projection = fields, Sort = new BsonDocument("_id", 1), Limit = size, BatchSize = size }, token);
            return await found.ToListAsync(token);
        }, cancellationToken);

    private ValueTask<Dictionary<Guid, BsonDocument>> FindDetailsAsync(AccountId account, List<StoredMessage> messages, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _collections.Details.FindAsync(
                AccountWork.Where(account, "_id", new BsonDocument("$in", Bson.Ids(messages.Select(message => message.Detail).Distinct()))), new FindOptions<BsonDocument> { BatchSize = PageOfMessages }, token);
            return (await found.ToListAsync(token)).ToDictionary(document => document.Guid("_id"));
        }, cancellationToken);

    private static IEnumerable<List<StoredMessage>> ByWeight(List<StoredMessage> messages)
    {
        var part = new List<StoredMessage>();
        var octets = 0L;
        foreach (var message in messages)
        {
            if (part.Count > 0 && octets + message.Weight > PageOctets)
            {
                yield return part;
                (part, octets) = ([], 0);
            }
            part.Add(message);
            octets += message.Weight;
        }
        if (part.Count > 0) yield return part;
    }
}
