using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>SETACL (RFC 4314 §3.1). The tree is taken first: two changes of the grants of one account never happen at once, so that what its shares say is what its grants are.</summary>
internal sealed class GrantRights(MailboxId mailbox, IReadOnlyList<GrantChange> changes) : AccountOperation<GrantOutcome>
{
    public override void Declare(AccountNeeds needs) => needs.Tree = true;

    protected override async Task<GrantOutcome> DoAsync(AccountWork work)
    {
        if (work.Find(mailbox) is null) return GrantOutcome.NoSuchMailbox;
        var (session, collections, token) = (work.Session, work.Collections, work.CancellationToken);
        using var found = await collections.Grants.FindAsync(session, work.Where("_id", MailboxKeys.OfAccount(work.Account)), cancellationToken: token);
        var all = (await found.ToListAsync(token)).ConvertAll(StoredGrants.Read);
        var before = all.FindAll(grant => grant.Mailbox == mailbox);
        var after = Grants.Apply(before, changes);
        var entries = after.Count(entry => entry.Value != MailboxRights.None);
        if (entries > before.Count && (entries > Grants.MaxPerMailbox || all.Count + entries - before.Count > Grants.MaxPerAccount)) return GrantOutcome.TooMany;
        if (after.Count == 0) return GrantOutcome.Done;

        await collections.Grants.BulkWriteAsync(session, after.Select(entry => Save(work, entry.Key.Grantee, entry.Key.Negative, entry.Value)), new BulkWriteOptions { IsOrdered = true }, token);
        var named = all.Where(grant => grant.Mailbox != mailbox).Select(grant => grant.Grantee)
            .Concat(after.Where(entry => entry.Value != MailboxRights.None).Select(entry => entry.Key.Grantee)).ToHashSet();
        var shares = after.Keys.Select(entry => entry.Grantee).Distinct().Select(grantee => StoredGrants.SaveShare(grantee, work.Account, named.Contains(grantee)));
        await collections.Shares.BulkWriteAsync(session, shares, new BulkWriteOptions { IsOrdered = true }, token);
        return GrantOutcome.Done;
    }

    private WriteModel<BsonDocument> Save(AccountWork work, Grantee grantee, bool negative, MailboxRights rights)
    {
        var key = work.Where("_id", MailboxKeys.Grant(work.Account, mailbox, grantee, negative));
        if (rights == MailboxRights.None) return new DeleteOneModel<BsonDocument>(key);
        var document = new BsonDocument
        {
            { "_id", key["_id"] },
            { "account", key["account"] },
            { "mailbox", Bson.Id(mailbox.Value) },
            { "grantee", grantee.Key },
            { "negative", negative },
            { "rights", (int)rights },
        };
        return new ReplaceOneModel<BsonDocument>(key, document) { IsUpsert = true };
    }
}
