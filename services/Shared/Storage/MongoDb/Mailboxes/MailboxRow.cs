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
    public ModSeq Forgotten { get; private set; }

    /// <summary>Not in the database yet.</summary>
    public bool IsNew { get; }

    public bool IsChanged { get; private set; }

    private bool _continues;

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
        return document.Merge(ToUsualChanges(account));
    }

    /// <summary>The fields that changed, or can at any time.</summary>
    public BsonDocument ToChanges(AccountId account)
    {
        var changes = ToUsualChanges(account);
        return _continues ? changes.Add("uidValidity", (long)Info.UidValidity.Value).Add("forgotten", Forgotten.Value) : changes;
    }

    private BsonDocument ToUsualChanges(AccountId account) => new()
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
    /// <param name="wanted">That of an earlier life; one that is not below UIDNEXT is given.</param>
    public Uid Add(SystemFlags flags, long size, Uid? wanted = null)
    {
        var uid = wanted > Info.UidNext ? wanted.Value : Info.UidNext;
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

    /// <summary>Takes over what is known of the past, as far as it fits; whether the UIDVALIDITY was.</summary>
    public bool Continue(MailboxPast past, DateTimeOffset now)
    {
        var taken = past.IsTakenBy(Info, now);
        if (taken)
        {
            Change(Info with { UidValidity = past.UidValidity, HighestModSeq = past.HighestModSeq > Info.HighestModSeq ? past.HighestModSeq : Info.HighestModSeq });
            // What was expunged in the past left no trace here: all that is not there is gone.
            Forgotten = Info.HighestModSeq;
            _continues = true;
        }
        if (past.UidValidity == Info.UidValidity && past.UidNext > Info.UidNext) Change(Info with { UidNext = past.UidNext, FirstRecent = Info.Recent == 0 ? past.UidNext : Info.FirstRecent });
        return taken;
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
