using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The collections of mailboxes. Every document carries its <c>account</c> (in <c>mailboxes.accounts</c> it is the _id), and every query of a user's request names it:
/// shard them all by <c>{ account: "hashed" }</c>, and a request meets one shard.
/// <para>
/// Keys are made so that one index on one field answers a question from its first to its last document, whatever else lies in the collection:
/// <c>messages._id</c> is mailbox and UID, <c>messages.change</c> mailbox and MODSEQ, <c>tombstones._id</c> the same, <c>mailboxes.key</c> account and name (see <see cref="MailboxKeys"/>).
/// None but _id is unique: a hashed shard key allows no more. Names are kept apart by the account's document, which every change of the tree writes to first.
/// </para>
/// <para>
/// <c>messages</c> is what changes, or is read for a whole mailbox at once: some 200 octets. <c>details</c> is what never changes, shared by the copies of a message, and removed with the last of them.
/// </para>
/// </summary>
internal static class MailboxIndexes
{
    public const string Accounts = "mailboxes.accounts";
    public const string Mailboxes = "mailboxes.mailboxes";
    public const string Messages = "mailboxes.messages";
    public const string Details = "mailboxes.details";
    public const string Tombstones = "mailboxes.tombstones";
    public const string Deliveries = "mailboxes.deliveries";
    public const string Subscriptions = "mailboxes.subscriptions";

    public const string Annotations = "mailboxes.annotations";

    public const string Grants = "mailboxes.grants";

    /// <summary>Which owners name a grantee in their grants. The <c>account</c> of these is the key of the grantee, so that whoever asks what is shared with them meets the shards of their names and no other.</summary>
    public const string Shares = "mailboxes.shares";

    /// <summary>Mailboxes that are deleted already and whose messages are still to be cleared away.</summary>
    public const string Deleted = "mailboxes.deleted";

    /// <summary>Of the texts in the search index; the _id is that of the details.</summary>
    public const string Signatures = "mailboxes.signatures";
    public const string Texts = "mailboxes.texts";
    public const string SearchState = "mailboxes.search";

    public static readonly MongoSchema Schema = new("mailboxes", Version: 1, ReadableBy: 1, [Accounts, Mailboxes, Messages, Details, Tombstones, Deliveries, Subscriptions, Annotations, Grants, Shares, Deleted, Signatures, Texts, SearchState],
    [
        new(Mailboxes, "key_1", new BsonDocument("key", 1)),
        new(Messages, "change_1", new BsonDocument("change", 1)),
        // The mailbox of a message with \Deleted; others do not have the field: EXPUNGE finds them without looking at the others.
        new(Messages, "deleted_1", new BsonDocument("deleted", 1), Sparse: true),
        new(Details, "content_1", new BsonDocument("content", 1)),
        new(Details, "messageId_1", new BsonDocument("messageId", 1)),
        // Since when the message waits for the search index; others do not have the field.
        new(Details, "waits_1", new BsonDocument("waits", 1), Sparse: true),
        new(Tombstones, "expungedAt_1", new BsonDocument("expungedAt", 1)),
        new(Deliveries, "recordedAt_1", new BsonDocument("recordedAt", 1)),
    ]);
}
