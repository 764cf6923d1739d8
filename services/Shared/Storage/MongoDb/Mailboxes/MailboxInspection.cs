using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The invariants of every mailbox, account by account:
/// 1. the account's usage and names, in one transaction; 2. counts, UIDNEXT and HIGHESTMODSEQ of each mailbox, in one transaction each; 3. in pages, that the messages have their details and contents;
/// 4. that the details count their messages. Then the messages whose mailbox is nowhere.
/// </summary>
internal sealed class MailboxInspection(MailboxCollections collections)
{
    private const int MessagesPerPage = 1000;

    /// <summary>Details with a wrong count that are looked at in one account: more are the same trouble.</summary>
    private const int MostSuspects = 1000;

    private static readonly FindOptions<BsonDocument> Newest = new() { Sort = new BsonDocument("_id", -1), Limit = 1, Projection = Bson.Only("_id") };

    private MongoConnection Connection => collections.Connection;

    public async IAsyncEnumerable<Damage> InspectAsync(CheckContents check, bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // From one account to the next over the index of names.
        for (var account = await NextAccountAsync("", cancellationToken); account is { } id; account = await NextAccountAsync($"{id}0", cancellationToken))
        {
            await foreach (var damage in InspectAsync(id, check, mend, cancellationToken)) yield return damage;
        }
        await foreach (var damage in FindStraysAsync(cancellationToken)) yield return damage;
    }

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken) => collections.FindReferencedAsync(contents, cancellationToken);

    private async IAsyncEnumerable<Damage> InspectAsync(AccountId account, CheckContents check, bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (rows, damages) = await Connection.TransactAsync((session, token) => InspectTreeAsync(session, account, mend, token), cancellationToken);
        foreach (var damage in damages) yield return damage;
        foreach (var row in rows)
        {
            foreach (var damage in await Connection.TransactAsync((session, token) => InspectMailboxAsync(session, account, row.Info.Id, mend, token), cancellationToken)) yield return damage;
        }
        var copies = new Dictionary<Guid, (int Seen, int Said)>();
        foreach (var row in rows)
        {
            await foreach (var damage in InspectMessagesAsync(account, row.Info, copies, check, cancellationToken)) yield return damage;
        }
        var suspects = copies.Where(copy => copy.Value.Seen != copy.Value.Said).Select(copy => copy.Key).Take(MostSuspects).ToList();
        if (suspects.Count == 0) yield break;
        foreach (var damage in await Connection.TransactAsync((session, token) => CountCopiesAsync(session, account, suspects, mend, token), cancellationToken)) yield return damage;
    }

    private ValueTask<AccountId?> NextAccountAsync(string after, CancellationToken cancellationToken)
        => Connection.RunAsync<AccountId?>(async token =>
        {
            using var found = await collections.Mailboxes.FindAsync(new BsonDocument("key", new BsonDocument("$gt", after)), new FindOptions<BsonDocument> { Sort = new BsonDocument("key", 1), Limit = 1, Projection = Bson.Only("account") }, token);
            return await found.FirstOrDefaultAsync(token) is { } mailbox ? new AccountId(mailbox.Guid("account")) : null;
        }, cancellationToken);

    private async Task<(List<MailboxRow> Rows, List<Damage> Damages)> InspectTreeAsync(IClientSessionHandle session, AccountId account, bool mend, CancellationToken cancellationToken)
    {
        var own = new BsonDocument("_id", Bson.Id(account.Value));
        // Whoever uses more meanwhile comes after us.
        if (mend) await collections.Accounts.UpdateOneAsync(session, own, Bson.Inc("turn", 1L), cancellationToken: cancellationToken);
        var rows = (await collections.Mailboxes.ListAsync(session, AccountWork.Where(account, "key", MailboxKeys.OfAccount(account)), null, cancellationToken)).ConvertAll(MailboxRow.Read);
        var damages = new List<Damage>();
        foreach (var twice in rows.GroupBy(row => row.Info.Name.Value, StringComparer.Ordinal).Where(same => same.Count() > 1)) damages.Add(new Damage(DamageKind.MailboxTwice, $"account {account}", $"{twice.Count()} mailboxes have the name {twice.Key}"));
        if (rows.Count == 0) return (rows, damages);
        var (octets, messages) = (rows.Sum(row => row.Info.Size), rows.Sum(row => row.Info.Messages));
        if (await collections.Accounts.ListAsync(session, own, null, cancellationToken) is not [var document]) damages.Add(new Damage(DamageKind.Usage, $"account {account}", "its document is missing, and it has mailboxes"));
        else if (document["octets"].ToInt64() != octets || document["messages"].ToInt64() != messages)
        {
            if (mend) await collections.Accounts.UpdateOneAsync(session, own, Bson.Set(new BsonDocument { { "octets", octets }, { "messages", messages } }), cancellationToken: cancellationToken);
            damages.Add(new Damage(DamageKind.Usage, $"account {account}", $"it is said to use {document["octets"]} octets in {document["messages"]} messages, and its mailboxes have {octets} in {messages}", mend));
        }
        return (rows, damages);
    }

    private async Task<List<Damage>> InspectMailboxAsync(IClientSessionHandle session, AccountId account, MailboxId mailbox, bool mend, CancellationToken cancellationToken)
    {
        var own = AccountWork.Where(account, "_id", Bson.Id(mailbox.Value));
        if (mend) await collections.Mailboxes.UpdateOneAsync(session, own, Bson.Inc("turn", 1L), cancellationToken: cancellationToken);
        if (await collections.Mailboxes.ListAsync(session, own, null, cancellationToken) is not [var document]) return [];
        var said = MailboxRow.Read(document).Info;
        var all = AccountWork.Where(account, "_id", MailboxKeys.Messages(mailbox, UidSet.All[0]));
        var (where, damages, mended) = ($"account {account}, mailbox {said.Name}", new List<Damage>(), new BsonDocument());

        BsonDocument[] stages =
        [
            new("$match", all),
            new("$group", new BsonDocument { { "_id", new BsonDocument { { "flags", "$flags" }, { "deleted", "$deleted" } } }, { "messages", new BsonDocument("$sum", 1L) }, { "size", new BsonDocument("$sum", "$size") } }),
        ];
        using var groups = await collections.Messages.AggregateAsync<BsonDocument>(session, stages, cancellationToken: cancellationToken);
        var kinds = (await groups.ToListAsync(cancellationToken)).ConvertAll(group => (
            Flags: (SystemFlags)group["_id"]["flags"].ToInt32(), IsMarked: group["_id"].AsBsonDocument.GetValue("deleted", BsonNull.Value) == Bson.Id(mailbox.Value), Messages: group["messages"].ToInt64(), Size: group["size"].ToInt64()));
        var recent = await collections.Messages.CountDocumentsAsync(session, AccountWork.Where(account, "_id", MailboxKeys.Messages(mailbox, new UidRange(said.FirstRecent, UidSet.All[0].Last))), cancellationToken: cancellationToken);
        var counted = new BsonDocument
        {
            { "messages", kinds.Sum(kind => kind.Messages) },
            { "unseen", kinds.Where(kind => !kind.Flags.HasFlag(SystemFlags.Seen)).Sum(kind => kind.Messages) },
            { "deleted", kinds.Where(kind => kind.Flags.HasFlag(SystemFlags.Deleted)).Sum(kind => kind.Messages) },
            { "size", kinds.Sum(kind => kind.Size) },
            { "recent", recent },
        };
        if (counted.Any(count => document[count.Name].ToInt64() != count.Value.ToInt64()))
        {
            damages.Add(new Damage(DamageKind.MailboxCounts, where, $"it is said to have {Counts(document)}, and has {Counts(counted)}", mend));
            mended.Merge(counted, overwriteExistingElements: true);
        }

        var last = (await collections.Messages.ListAsync(session, all, Newest, cancellationToken)).Select(message => MailboxKeys.Uid(message["_id"].AsByteArray)).FirstOrDefault();
        if (last >= said.UidNext)
        {
            damages.Add(new Damage(DamageKind.UidNext, where, $"UIDNEXT is {said.UidNext}, and a message has the UID {last}", mend));
            mended["uidNext"] = last.Value + 1L;
        }
        var newest = new[] { await NewestAsync(collections.Messages, "change"), await NewestAsync(collections.Tombstones, "_id") }.Max();
        if (newest > said.HighestModSeq)
        {
            damages.Add(new Damage(DamageKind.HighestModSeq, where, $"HIGHESTMODSEQ is {said.HighestModSeq}, and there is a change {newest}", mend));
            mended["highestModSeq"] = newest.Value;
        }
        if (kinds.Where(kind => kind.Flags.HasFlag(SystemFlags.Deleted) != kind.IsMarked).Sum(kind => kind.Messages) is > 0 and var unlike)
        {
            damages.Add(new Damage(DamageKind.DeletedMark, where, $"of {unlike} messages flags and mark of deletion are not alike", mend));
            foreach (var flags in mend ? kinds.Select(kind => kind.Flags).Distinct() : [])
            {
                await collections.Messages.UpdateManyAsync(
                    session, new BsonDocument(all) { { "flags", (int)flags } }, flags.HasFlag(SystemFlags.Deleted) ? Bson.Set(new BsonDocument("deleted", Bson.Id(mailbox.Value))) : new BsonDocument("$unset", new BsonDocument("deleted", "")), cancellationToken: cancellationToken);
            }
        }
        if (mend && mended.ElementCount > 0)
        {
            await collections.Mailboxes.UpdateOneAsync(session, own, Bson.Set(mended), cancellationToken: cancellationToken);
            if (mended.Contains("messages"))
                await collections.Accounts.UpdateOneAsync(session, new BsonDocument("_id", Bson.Id(account.Value)), new BsonDocument("$inc", new BsonDocument { { "octets", counted["size"].ToInt64() - said.Size }, { "messages", counted["messages"].ToInt64() - said.Messages } }), cancellationToken: cancellationToken);
        }
        return damages;

        async Task<ModSeq> NewestAsync(IMongoCollection<BsonDocument> collection, string field)
        {
            var options = new FindOptions<BsonDocument> { Sort = new BsonDocument(field, -1), Limit = 1, Projection = Bson.Only(field) };
            return (await collection.ListAsync(session, AccountWork.Where(account, field, MailboxKeys.Changes(mailbox, new ModSeq(0))), options, cancellationToken)).Select(change => MailboxKeys.ModSeq(change[field].AsByteArray)).FirstOrDefault();
        }

        static string Counts(BsonDocument counts) => $"{counts["messages"]} messages of {counts["size"]} octets ({counts["unseen"]} unseen, {counts["deleted"]} deleted, {counts["recent"]} recent)";
    }

    private async IAsyncEnumerable<Damage> InspectMessagesAsync(AccountId account, MailboxInfo mailbox, Dictionary<Guid, (int Seen, int Said)> copies, CheckContents check, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in Connection.PagesAsync(MailboxIndexes.Messages, AccountWork.Where(account, "_id", MailboxKeys.Messages(mailbox.Id, UidSet.All[0])), "_id", MessagesPerPage, Bson.Only("size", "detail"), cancellationToken))
        {
            var details = await Connection.RunAsync(async token =>
            {
                using var found = await collections.Details.FindAsync(AccountWork.Where(account, "_id", new BsonDocument("$in", new BsonArray(page.Select(message => message["detail"]).Distinct()))), new FindOptions<BsonDocument> { Projection = Bson.Only("content", "trace", "messages"), BatchSize = MessagesPerPage }, token);
                return (await found.ToListAsync(token)).ToDictionary(detail => detail["_id"]);
            }, cancellationToken);
            var uses = new List<ContentUse>(page.Count);
            foreach (var message in page)
            {
                var where = $"account {account}, mailbox {mailbox.Name}, UID {MailboxKeys.Uid(message["_id"].AsByteArray)}";
                if (details.GetValueOrDefault(message["detail"]) is not { } detail)
                {
                    // Expunged, or moved under a new UID, since the page was read.
                    if (await Connection.TransactAsync((session, token) => IsWithoutDetailsAsync(session, account, message, token), cancellationToken)) yield return new Damage(DamageKind.MessageWithoutDetails, where, "its structure is gone, and with it the way to its content");
                    continue;
                }
                ref var copy = ref CollectionsMarshal.GetValueRefOrAddDefault(copies, message.Guid("detail"), out _);
                copy = (copy.Seen + 1, detail["messages"].ToInt32());
                uses.Add(new ContentUse(new ContentId(detail.Guid("content")), message["size"].ToInt64() - detail.Octets("trace").Length, where));
            }
            foreach (var damage in await check(uses, cancellationToken)) yield return damage;
        }
    }

    private async Task<bool> IsWithoutDetailsAsync(IClientSessionHandle session, AccountId account, BsonDocument message, CancellationToken cancellationToken)
        => (await collections.Messages.ListAsync(session, AccountWork.Where(account, "_id", message["_id"]).Add("detail", message["detail"]), null, cancellationToken)).Count > 0
            && (await collections.Details.ListAsync(session, AccountWork.Where(account, "_id", message["detail"]), null, cancellationToken)).Count == 0;

    /// <summary>In one moment: those of mailboxes that are being cleared away count as well.</summary>
    private async Task<List<Damage>> CountCopiesAsync(IClientSessionHandle session, AccountId account, List<Guid> suspects, bool mend, CancellationToken cancellationToken)
    {
        var ofAccount = new BsonDocument("account", Bson.Id(account.Value));
        var mailboxes = (await collections.Mailboxes.ListAsync(session, AccountWork.Where(account, "key", MailboxKeys.OfAccount(account)), null, cancellationToken)).Concat(await collections.Deleted.ListAsync(session, ofAccount, null, cancellationToken));
        var counted = new Dictionary<Guid, int>();
        var some = new BsonDocument("$in", Bson.Ids(suspects));
        foreach (var mailbox in mailboxes)
        {
            BsonDocument[] stages =
            [
                new("$match", AccountWork.Where(account, "_id", MailboxKeys.Messages(new MailboxId(mailbox.Guid("_id")), UidSet.All[0])).Add("detail", some)),
                new("$group", new BsonDocument { { "_id", "$detail" }, { "messages", new BsonDocument("$sum", 1) } }),
            ];
            using var groups = await collections.Messages.AggregateAsync<BsonDocument>(session, stages, cancellationToken: cancellationToken);
            foreach (var group in await groups.ToListAsync(cancellationToken)) counted[group.Guid("_id")] = counted.GetValueOrDefault(group.Guid("_id")) + group["messages"].ToInt32();
        }
        var damages = new List<Damage>();
        foreach (var detail in await collections.Details.ListAsync(session, AccountWork.Where(account, "_id", some), new FindOptions<BsonDocument> { Projection = Bson.Only("messages", "content") }, cancellationToken))
        {
            var (said, seen) = (detail["messages"].ToInt32(), counted.GetValueOrDefault(detail.Guid("_id")));
            if (said == seen || seen == 0) continue;
            if (mend) await collections.Details.UpdateOneAsync(session, AccountWork.Where(account, "_id", detail["_id"]), Bson.Set(new BsonDocument("messages", seen)), cancellationToken: cancellationToken);
            damages.Add(new Damage(DamageKind.CopyCount, $"account {account}, content {new ContentId(detail.Guid("content"))}", $"{said} copies are said to be there, and {seen} are", mend));
        }
        return damages;
    }

    /// <summary>Goes from the messages of one mailbox to those of the next.</summary>
    private async IAsyncEnumerable<Damage> FindStraysAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var one = new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = 1, Projection = Bson.Only("account") };
        var after = new BsonDocument();
        while (await Connection.RunAsync(async token => await (await collections.Messages.FindAsync(after, one, token)).FirstOrDefaultAsync(token), cancellationToken) is { } first)
        {
            var (account, mailbox) = (new AccountId(first.Guid("account")), MailboxKeys.Mailbox(first["_id"].AsByteArray));
            after = new BsonDocument("_id", new BsonDocument("$gt", MailboxKeys.Message(mailbox, UidSet.All[0].Last)));
            var strays = await Connection.TransactAsync(async (session, token) =>
            {
                var own = AccountWork.Where(account, "_id", Bson.Id(mailbox.Value));
                if ((await collections.Mailboxes.ListAsync(session, own, null, token)).Count > 0 || (await collections.Deleted.ListAsync(session, own, null, token)).Count > 0) return 0;
                return await collections.Messages.CountDocumentsAsync(session, AccountWork.Where(account, "_id", MailboxKeys.Messages(mailbox, UidSet.All[0])), cancellationToken: token);
            }, cancellationToken);
            if (strays > 0) yield return new Damage(DamageKind.MessageWithoutMailbox, $"account {account}, mailbox {mailbox}", $"{strays} messages are there, and no mailbox");
        }
    }
}
