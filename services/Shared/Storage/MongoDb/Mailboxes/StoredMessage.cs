using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;
using MongoDB.Bson.Serialization.Serializers;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>A document of <c>mailboxes.messages</c>, or those fields of it that were asked for.</summary>
/// <param name="Detail">The _id of what it shares with its copies.</param>
/// <param name="Weight">Octets of the details, so that a page of them can be cut before it is read.</param>
internal readonly record struct StoredMessage(Uid Uid, ModSeq ModSeq, MessageFlags Flags, long Size, DateTimeOffset SavedAt, Guid Detail, int Weight)
{
    /// <summary>UID alone.</summary>
    public static readonly ProjectionDefinition<BsonDocument, StoredMessage> Uids = Project("_id");

    /// <summary>UID and what it shares with its copies.</summary>
    public static readonly ProjectionDefinition<BsonDocument, StoredMessage> Details = Project("_id", "detail");

    public static readonly ProjectionDefinition<BsonDocument, StoredMessage> States = Project("_id", "change", "flags", "keywords");

    public static readonly ProjectionDefinition<BsonDocument, StoredMessage> All = Project("_id", "change", "flags", "keywords", "size", "savedAt", "detail", "weight");

    public MessageState State => new(Uid, ModSeq, Flags);

    public BsonDocument ToDocument(AccountId account, MailboxId mailbox)
    {
        var document = new BsonDocument
        {
            { "_id", MailboxKeys.Message(mailbox, Uid) },
            { "account", Bson.Id(account.Value) },
            { "change", MailboxKeys.Change(mailbox, ModSeq) },
            { "flags", (int)Flags.System },
            { "size", Size },
            { "savedAt", Bson.Time(SavedAt) },
            { "detail", Bson.Id(Detail) },
            { "weight", Weight },
        };
        if (StoredFlags.Keywords(Flags) is { } keywords) document.Add("keywords", keywords);
        if (Flags.Has(SystemFlags.Deleted)) document.Add("deleted", Bson.Id(mailbox.Value));
        return document;
    }

    private static BsonDocumentProjectionDefinition<BsonDocument, StoredMessage> Project(params string[] fields)
        => new(new BsonDocument(fields.Select(field => new BsonElement(field, 1))), Reader.Instance);

    /// <summary>Reads without a document in between: of a large mailbox there are many.</summary>
    private sealed class Reader : SerializerBase<StoredMessage>
    {
        public static readonly Reader Instance = new();

        public override StoredMessage Deserialize(BsonDeserializationContext context, BsonDeserializationArgs args)
        {
            var reader = context.Reader;
            var message = new StoredMessage();
            var system = 0;
            string? keywords = null;
            reader.ReadStartDocument();
            while (reader.ReadBsonType() != BsonType.EndOfDocument)
            {
                switch (reader.ReadName())
                {
                    case "_id":
                        message = message with { Uid = MailboxKeys.Uid(reader.ReadBytes()) };
                        break;
                    case "change":
                        message = message with { ModSeq = MailboxKeys.ModSeq(reader.ReadBytes()) };
                        break;
                    case "flags":
                        system = reader.ReadInt32();
                        break;
                    case "keywords":
                        keywords = reader.ReadString();
                        break;
                    case "size":
                        message = message with { Size = reader.ReadInt64() };
                        break;
                    case "savedAt":
                        message = message with { SavedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadDateTime()) };
                        break;
                    case "detail":
                        message = message with { Detail = reader.ReadBinaryData().ToGuid(GuidRepresentation.Standard) };
                        break;
                    case "weight":
                        message = message with { Weight = reader.ReadInt32() };
                        break;
                    default:
                        reader.SkipValue();
                        break;
                }
            }
            reader.ReadEndDocument();
            return message with { Flags = StoredFlags.Read(system, keywords) };
        }
    }
}
