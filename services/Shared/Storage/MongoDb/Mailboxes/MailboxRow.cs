using Merpati.Mailboxes;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The document of a mailbox while a transaction works on it. Whoever adds, changes or removes messages tells it so; the transaction writes it back once at the end.
/// </summary>
internal sealed class MailboxRow
{
    private MailboxRow(MailboxInfo info, ModSeq forgotten, bool isNew)
    {
        Info = info;
        Forgotten = forgotten;
        IsNew = isNew;
        IsChanged = isNew;
    }

    public MailboxInfo Info { get; private set; }

    /// <summary>Expunges up to here have left no trace.</summary>
    public ModSeq Forgotten { get; }

    /// <summary>Not in the database yet.</summary>
    public bool IsNew { get; }

    public bool IsChanged { get; private set; }

    public static MailboxRow New(MailboxId id, MailboxName name, SpecialUse use, UidValidity uidValidity, bool subscribed) => new(
        new MailboxInfo
        {
            Id = id,
            Name = name,
            SpecialUse = use,
            Subscribed = subscribed,
            UidValidity = uidValidity,
            UidNext = new Uid(1),
            HighestModSeq = new ModSeq(1),
            FirstRecent = new Uid(1),
        }, new ModSeq(0), isNew: true);

    public static MailboxRow Read(BsonDocument document) => new(
        new MailboxInfo
        {
            Id = new MailboxId(document.Guid("_id")),
            Name = MailboxKeys.Name(document["key"].AsString),
            SpecialUse = (SpecialUse)document["specialUse"].ToInt32(),
            Subscribed = document["subscribed"].AsBoolean,
            UidValidity = new UidValidity((uint)document["uidValidity"].ToInt64()),
            UidNext = new Uid((uint)document["uidNext"].ToInt64()),
            HighestModSeq = new ModSeq(document["highestModSeq"].ToInt64()),
            FirstRecent = new Uid((uint)document["firstRecent"].ToInt64()),
            Recent = document["recent"].ToInt64(),
            Messages = document["messages"].ToInt64(),
            Unseen = document["unseen"].ToInt64(),
            Deleted = document["deleted"].ToInt64(),
            Size = document["size"].ToInt64(),
        }, new ModSeq(document["forgotten"].ToInt64()), isNew: false);

    /// <summary>The whole document of a new mailbox.</summary>
    public BsonDocument ToDocument(AccountId account)
    {
        var document = new BsonDocument
        {
            { "_id", Bson.Id(Info.Id.Value) },
            { "account", Bson.Id(account.Value) },
            { "specialUse", (int)Info.SpecialUse },
            { "uidValidity", (long)Info.UidValidity.Value },
            { "forgotten", Forgotten.Value },
        };
        return document.Merge(ToChanges(account));
    }

    /// <summary>The fields that can change.</summary>
    public BsonDocument ToChanges(AccountId account) => new()
    {
        { "key", MailboxKeys.Name(account, Info.Name) },
        { "subscribed", Info.Subscribed },
        { "uidNext", (long)Info.UidNext.Value },
        { "highestModSeq", Info.HighestModSeq.Value },
        { "firstRecent", (long)Info.FirstRecent.Value },
        { "recent", Info.Recent },
        { "messages", Info.Messages },
        { "unseen", Info.Unseen },
        { "deleted", Info.Deleted },
        { "size", Info.Size },
    };

    /// <summary>The MODSEQ of a change, one above all before.</summary>
    public ModSeq Advance()
    {
        var next = new ModSeq(Info.HighestModSeq.Value + 1);
        Change(Info with { HighestModSeq = next });
        return next;
    }

    /// <summary>Counts a message in and gives it its UID.</summary>
    public Uid Add(SystemFlags flags, long size)
    {
        var uid = Info.UidNext;
        Count(flags, size, 1);
        Change(Info with { UidNext = new Uid(checked(uid.Value + 1)), Recent = Info.Recent + 1 });
        return uid;
    }

    /// <summary>Counts a message out.</summary>
    public void Remove(Uid uid, SystemFlags flags, long size)
    {
        Count(flags, size, -1);
        if (uid >= Info.FirstRecent) Change(Info with { Recent = Info.Recent - 1 });
    }

    public void Reflag(SystemFlags before, SystemFlags after)
    {
        Count(before, 0, -1);
        Count(after, 0, 1);
    }

    /// <summary>The first UID that was recent to nobody yet.</summary>
    public Uid ClaimRecent()
    {
        var first = Info.FirstRecent;
        Change(Info with { FirstRecent = Info.UidNext, Recent = 0 });
        return first;
    }

    public void Rename(MailboxName name, bool subscribed) => Change(Info with { Name = name, Subscribed = subscribed });

    public void Subscribe(bool subscribed) => Change(Info with { Subscribed = subscribed });

    private void Count(SystemFlags flags, long size, int sign) => Change(Info with
    {
        Messages = Info.Messages + sign,
        Unseen = Info.Unseen + (flags.HasFlag(SystemFlags.Seen) ? 0 : sign),
        Deleted = Info.Deleted + (flags.HasFlag(SystemFlags.Deleted) ? sign : 0),
        Size = Info.Size + sign * size,
    });

    private void Change(MailboxInfo info)
    {
        Info = info;
        IsChanged = true;
    }
}
