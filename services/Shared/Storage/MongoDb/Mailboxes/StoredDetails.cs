using Merpati.Mailboxes;
using MessageStructureCodec = Merpati.Mailboxes.V1.MessageStructureCodec;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>The documents of <c>mailboxes.details</c>. <c>messages</c> counts those that share one; <c>waits</c> until its text is in the search index.</summary>
internal static class StoredDetails
{
    public static BsonDocument ToDocument(AccountId account, Guid id, NewMessage message, byte[] structure, DateTimeOffset now)
    {
        var document = new BsonDocument
        {
            { "_id", Bson.Id(id) },
            { "account", Bson.Id(account.Value) },
            { "messages", 1 },
            { "content", Bson.Id(message.Content.Value) },
            { "internalAt", Bson.Time(message.InternalDate) },
            { "internalOffset", (int)message.InternalDate.Offset.TotalMinutes },
            { "emailId", message.EmailId },
            { "threadId", message.ThreadId },
            { "trace", Bson.Octets(message.TracePrefix) },
            { "structure", structure },
            { "waits", Bson.Time(now) },
        };
        if (MailboxKeys.MessageId(account, message.Structure.Envelope.MessageId) is { } messageId) document.Add("messageId", messageId);
        return document;
    }

    public static MessageInfo Read(StoredMessage message, BsonDocument details, ILogger logger)
    {
        var content = new ContentId(details.Guid("content"));
        var trace = details.Octets("trace");
        return new MessageInfo
        {
            Uid = message.Uid,
            ModSeq = message.ModSeq,
            Flags = message.Flags,
            Size = message.Size,
            SaveDate = message.SavedAt,
            Content = content,
            InternalDate = details.Instant("internalAt").ToOffset(TimeSpan.FromMinutes(details["internalOffset"].ToInt32())),
            EmailId = details["emailId"].AsString,
            ThreadId = details["threadId"].AsString,
            TracePrefix = trace,
            Structure = Structure(details.Octets("structure"), content, message.Size - trace.Length, logger),
        };
    }

    /// <summary>Damage is local (design §4): a message whose structure cannot be read is shown as a block of octets, and all others as ever.</summary>
    public static Merpati.Mailboxes.MessageStructure Structure(byte[] octets, ContentId content, long length, ILogger logger)
    {
        try
        {
            return MessageStructureCodec.Decode(octets);
        }
        catch (InvalidDataException damage)
        {
            MailboxStoreLog.StructureDamaged(logger, content, damage);
            return new()
            {
                Envelope = new(),
                Root = new() { Type = "application", Subtype = "octet-stream", Encoding = "8bit", BodyLength = length },
            };
        }
    }
}
