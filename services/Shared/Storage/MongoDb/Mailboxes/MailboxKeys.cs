using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Merpati.Mailboxes;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Keys of several parts in one value. Octets of one length compare from the first to the last, and numbers in network order compare as numbers do:
/// so all messages of a mailbox lie side by side, UID ascending.
/// </summary>
internal static class MailboxKeys
{
    private const int IdLength = 16;

    public static BsonBinaryData Message(MailboxId mailbox, Uid uid)
    {
        var key = new byte[IdLength + sizeof(uint)];
        mailbox.Value.TryWriteBytes(key, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(IdLength), uid.Value);
        return new BsonBinaryData(key);
    }

    public static BsonBinaryData Change(MailboxId mailbox, ModSeq modSeq)
    {
        var key = new byte[IdLength + sizeof(long)];
        mailbox.Value.TryWriteBytes(key, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(IdLength), modSeq.Value);
        return new BsonBinaryData(key);
    }

    /// <summary>Message-IDs are long and only ever compared: 64 bits of SHA-256 stand for one. Null when there is none.</summary>
    public static BsonBinaryData? MessageId(AccountId account, string? messageId)
    {
        var bare = messageId.AsSpan().Trim().TrimStart('<').TrimEnd('>');
        if (bare.IsEmpty) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(bare.ToString()), hash);
        var key = new byte[IdLength + sizeof(long)];
        account.Value.TryWriteBytes(key, bigEndian: true, out _);
        hash[..sizeof(long)].CopyTo(key.AsSpan(IdLength));
        return new BsonBinaryData(key);
    }

    public static Uid Uid(ReadOnlySpan<byte> messageKey) => new(BinaryPrimitives.ReadUInt32BigEndian(messageKey[IdLength..]));

    public static ModSeq ModSeq(ReadOnlySpan<byte> changeKey) => new(BinaryPrimitives.ReadInt64BigEndian(changeKey[IdLength..]));

    public static MailboxId Mailbox(ReadOnlySpan<byte> key) => new(new Guid(key[..IdLength], bigEndian: true));

    /// <summary>A name in an account: of a mailbox, or of a subscription.</summary>
    public static string Name(AccountId account, MailboxName name) => $"{account}/{name.Value}";

    public static MailboxName Name(string key) => MailboxName.Parse(key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..]);

    /// <summary>Recipients are text in lower case, and the ids before them have one length.</summary>
    public static string Delivery(AccountId account, DeliveryKey delivery) => $"{account}/{delivery.QueueId}/{delivery.Recipient}";

    /// <summary>An entry is printable ASCII.</summary>
    public static string Annotation(AccountId account, MailboxId mailbox, string entry) => $"{account}/{mailbox}{entry}";

    public static string Grant(AccountId owner, MailboxId mailbox, Grantee grantee, bool negative) => $"{owner}/{mailbox}/{grantee.Key}/{(negative ? "-" : "+")}";

    public static string Share(Grantee grantee, AccountId owner) => $"{grantee.Key}/{owner}";

    /// <summary>All annotations of a mailbox, or all grants.</summary>
    public static BsonDocument OfMailbox(AccountId account, MailboxId mailbox) => new() { { "$gte", $"{account}/{mailbox}/" }, { "$lt", $"{account}/{mailbox}0" } };

    /// <summary>All keys that begin with the account.</summary>
    public static BsonDocument OfAccount(AccountId account) => new() { { "$gte", $"{account}/" }, { "$lt", $"{account}0" } };

    public static BsonDocument Messages(MailboxId mailbox, UidRange range) => Between(Message(mailbox, range.First), Message(mailbox, range.Last));

    public static BsonDocument Changes(MailboxId mailbox, ModSeq after) => new() { { "$gt", Change(mailbox, after) }, { "$lte", Change(mailbox, new ModSeq(long.MaxValue)) } };

    private static BsonDocument Between(BsonValue first, BsonValue last) => new() { { "$gte", first }, { "$lte", last } };
}
