using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Merpati.Mailboxes;
using MessageStructureCodec = Merpati.Mailboxes.V1.MessageStructureCodec;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// Puts messages into a mailbox:
/// 1. a delivery that was recorded before is answered with what became of it, even where the mailbox is gone since;
/// 2. the mailbox, and room in the quota;
/// 3. the messages, UIDs ascending, one MODSEQ for all;
/// 4. the delivery is recorded.
/// </summary>
internal sealed class AppendMessages(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, DateTimeOffset now)
{
    // Before the writer's turn: it is the one thread that all share.
    private readonly byte[][] _structures = [.. messages.Select(message => MessageStructureCodec.Encode(message.Structure))];

    /// <summary>About what is written.</summary>
    public long Octets => _structures.Sum(structure => (long)structure.Length) + messages.Sum(message => (long)message.TracePrefix.Length);

    public AppendOutcome Run(SqliteSession session)
    {
        if (delivery is { } key && FindDelivery(session, key) is { } done) return new AppendOutcome.AlreadyDelivered(done);
        if (MailboxRow.Find(session, account, mailbox) is not { } row) return new AppendOutcome.NoSuchMailbox();
        var size = messages.Sum(message => message.Size);
        if (!Usage.TryAdd(session, row.AccountKey, size, messages.Count, quota)) return new AppendOutcome.OverQuota();
        if (messages.Count == 0) return new AppendOutcome.Done([]);
        return Put(session, row);
    }

    /// <summary>REPLACE (RFC 8508): the one goes and the other comes in one transaction, or neither.</summary>
    public AppendOutcome RunInPlaceOf(SqliteSession session, ReplacedMessage replaced)
    {
        if (MailboxRow.Find(session, account, mailbox) is not { } row) return new AppendOutcome.NoSuchMailbox();
        // One row where both are one mailbox, so that its counters and its MODSEQ are one.
        if ((replaced.Mailbox == mailbox ? row : MailboxRow.Find(session, account, replaced.Mailbox)) is not { } source) return new AppendOutcome.NoSuchMessage();
        if (StoredMessages.List(session, source, UidSet.Of(replaced.Uid)) is not [var old] gone) return new AppendOutcome.NoSuchMessage();
        var more = messages.Sum(message => message.Size) - old.Size;
        if (!Usage.TryAdd(session, row.AccountKey, messages.Sum(message => message.Size), messages.Count, Beside(quota, old.Size, more))) return new AppendOutcome.OverQuota();
        StoredMessages.Expunge(session, source, gone, now);
        if (source != row) source.Save(session);
        return Put(session, row);
    }

    /// <summary>The limits while the old message still counts; who is over them already may replace a message by a smaller one.</summary>
    private static QuotaUsage? Beside(QuotaUsage? quota, long oldSize, long more)
        => quota is null || more <= 0 ? null : quota with { OctetLimit = quota.OctetLimit + oldSize, MessageLimit = quota.MessageLimit + 1 };

    private AppendOutcome.Done Put(SqliteSession session, MailboxRow row)
    {
        var appended = new Appended[messages.Count];
        for (var i = 0; i < appended.Length; i++)
        {
            var uid = row.Add(messages[i].Flags.System, messages[i].Size, messages[i].Earlier?.Uid);
            Insert(session, row, uid, messages[i], _structures[i]);
            appended[i] = new Appended(mailbox, row.Info.UidValidity, uid, row.Change);
        }
        row.Save(session);
        if (delivery is { } recorded) RecordDelivery(session, row.AccountKey, recorded, appended[0]);
        return new AppendOutcome.Done(appended);
    }

    /// <summary>Message-IDs are long and only ever compared: 64 bits of SHA-256 stand for one. Null when there is none.</summary>
    public static long? MessageIdHash(string? messageId)
    {
        var bare = messageId.AsSpan().Trim().TrimStart('<').TrimEnd('>');
        if (bare.IsEmpty) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(bare.ToString()), hash);
        return BinaryPrimitives.ReadInt64BigEndian(hash);
    }

    private void Insert(SqliteSession session, MailboxRow row, Uid uid, NewMessage message, byte[] structure)
    {
        var detail = session.Number(
            """
            INSERT INTO details (account, content, message_id, internal_at, internal_offset, email_id, thread_id, trace, structure)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id
            """,
            row.AccountKey, message.Content.Value, MessageIdHash(message.Structure.Envelope.MessageId),
            message.InternalDate, (int)message.InternalDate.Offset.TotalMinutes, message.EmailId, message.ThreadId, message.TracePrefix, structure);
        session.Execute(
            "INSERT INTO messages (mailbox, uid, modseq, flags, keywords, size, saved_at, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            row.Key, uid.Value, row.Change.Value, (int)message.Flags.System, StoredFlags.Keywords(message.Flags), message.Size, message.Earlier?.SaveDate ?? now, detail);
    }

    private Appended? FindDelivery(SqliteSession session, DeliveryKey key)
    {
        using var rows = session.Query(
            """
            SELECT d.mailbox, d.uid_validity, d.uid, d.modseq FROM deliveries d JOIN accounts a ON a.id = d.account
            WHERE d.queue_id = ?1 AND d.recipient = ?2 AND a.account = ?3
            """,
            key.QueueId.Value, key.Recipient, account.Value);
        if (!rows.Next()) return null;
        return new Appended(new MailboxId(rows.Guid(0)), new UidValidity((uint)rows.Int64(1)), new Uid((uint)rows.Int64(2)), new ModSeq(rows.Int64(3)));
    }

    private void RecordDelivery(SqliteSession session, long accountKey, DeliveryKey key, Appended first) => session.Execute(
        "INSERT INTO deliveries (queue_id, recipient, account, mailbox, uid_validity, uid, modseq, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        key.QueueId.Value, key.Recipient, accountKey, first.Mailbox.Value, first.UidValidity.Value, first.Uid.Value, first.ModSeq.Value, now);
}
