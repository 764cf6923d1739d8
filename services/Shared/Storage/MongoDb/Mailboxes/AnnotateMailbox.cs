using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>SETMETADATA (RFC 5464 §4.3). The mailbox is taken first, so that its annotations never outlive it.</summary>
internal sealed class AnnotateMailbox(MailboxId mailbox, IReadOnlyList<AnnotationChange> changes) : AccountOperation<AnnotationOutcome>
{
    public override void Declare(AccountNeeds needs)
    {
        if (mailbox == Annotations.OfServer) needs.Tree = true;
        else needs.Mailboxes.Add(mailbox);
    }

    protected override async Task<AnnotationOutcome> DoAsync(AccountWork work)
    {
        if (mailbox == Annotations.OfServer) work.Tree.EnsureAccount();
        else if (work.Find(mailbox) is null) return AnnotationOutcome.NoSuchMailbox;
        var (session, collection, token) = (work.Session, work.Collections.Annotations, work.CancellationToken);

        // Counted before anything is written: what is refused leaves no trace.
        using var found = await collection.FindAsync(
            session, work.Where("_id", MailboxKeys.OfMailbox(work.Account, mailbox)), new FindOptions<BsonDocument> { Projection = Bson.Only("entry", "octets") }, token);
        var entries = (await found.ToListAsync(token)).ToDictionary(document => document["entry"].AsString, document => document["octets"].ToInt64(), StringComparer.Ordinal);
        var more = Annotations.Weigh(entries, changes);
        if (entries.Count > Annotations.MaxEntries) return AnnotationOutcome.TooMany;
        if (more > 0 && more + await OctetsAsync(work) > Annotations.MaxOctets) return AnnotationOutcome.OverQuota;

        await collection.BulkWriteAsync(session, changes.Select(change => Save(work, change)), new BulkWriteOptions { IsOrdered = true }, token);
        return AnnotationOutcome.Done;
    }

    private static async Task<long> OctetsAsync(AccountWork work)
    {
        var all = new BsonDocument { { "_id", BsonNull.Value }, { "octets", new BsonDocument("$sum", "$octets") } };
        using var found = await work.Collections.Annotations.AggregateAsync<BsonDocument>(
            work.Session, new BsonDocument[] { new("$match", work.Where("_id", MailboxKeys.OfAccount(work.Account))), new("$group", all) }, cancellationToken: work.CancellationToken);
        return (await found.FirstOrDefaultAsync(work.CancellationToken))?["octets"].ToInt64() ?? 0;
    }

    private WriteModel<BsonDocument> Save(AccountWork work, AnnotationChange change)
    {
        var key = work.Where("_id", MailboxKeys.Annotation(work.Account, mailbox, change.Entry));
        if (change.Value is not { } value) return new DeleteOneModel<BsonDocument>(key);
        var document = new BsonDocument
        {
            { "_id", key["_id"] },
            { "account", key["account"] },
            { "mailbox", Bson.Id(mailbox.Value) },
            { "entry", change.Entry },
            { "octets", Annotations.OctetsOf(change.Entry, value.Length) },
            { "value", Bson.Octets(value) },
        };
        return new ReplaceOneModel<BsonDocument>(key, document) { IsUpsert = true };
    }
}
