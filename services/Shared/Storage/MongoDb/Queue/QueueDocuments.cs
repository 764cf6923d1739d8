using System.Diagnostics.CodeAnalysis;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>Entries as documents.</summary>
internal static class QueueDocuments
{
    public static bool IsOpen(this RecipientState state) => state is RecipientState.Queued or RecipientState.Held;

    /// <summary>Substrings are looked for in this form.</summary>
    public static string Key(string address) => address.ToLowerInvariant();

    public static BsonDocument Write(QueueEntry entry) => new()
    {
        { "_id", Bson.Id(entry.Id.Value) },
        { "route", (int)entry.Route },
        { "due", Due(entry.Recipients, entry.NextAttemptAt) },
        { "nextAttemptAt", Bson.Time(entry.NextAttemptAt) },
        { "attempts", entry.Attempts },
        { "revision", 0L },
        { "content", Bson.Id(entry.Content.Value) },
        { "size", entry.Size },
        { "acceptedAt", Bson.Time(entry.AcceptedAt) },
        { "reversePath", entry.ReversePath.Address is { } address ? Address(address) : BsonNull.Value },
        { "sender", Key(entry.ReversePath.ToString()) },
        { "body", (int)entry.Body },
        { "smtpUtf8", entry.SmtpUtf8 },
        { "return", (int)entry.Return },
        { "envelopeId", Bson.Text(entry.EnvelopeId) },
        { "submitter", Bson.Id(entry.Submitter?.Value) },
        { "traceParent", Bson.Text(entry.TraceParent) },
        { "traceHeaders", Bson.Octets(entry.TraceHeaders) },
        { "destination", Bson.Text(entry.Destination) },
        { "requireTls", entry.RequireTls },
        { "tlsOptional", entry.TlsOptional },
        { "priority", entry.Priority },
        { "turn", -entry.Priority },
        { "account", entry.Submitter is { } submitter ? submitter.ToString() : Key(entry.ReversePath.ToString()) },
        { "deliverBy", entry.DeliverBy is { } by ? new BsonDocument { { "at", Bson.Time(by.At) }, { "mode", (int)by.Mode }, { "trace", by.Trace } } : BsonNull.Value },
        { "recipients", Write(entry.Recipients) },
    };

    public static BsonArray Write(IEnumerable<QueueRecipient> recipients) => new(recipients.Select(one => new BsonDocument
    {
        { "address", Address(one.Recipient.Address) },
        { "key", Key(one.Recipient.Address.ToString()) },
        { "state", (int)one.State },
        { "notify", (int)one.Recipient.Notify },
        { "originalRecipient", Bson.Text(one.Recipient.OriginalRecipient) },
        { "detail", Bson.Text(one.Detail) },
        { "bounceRequested", Bson.Text(one.BounceRequested) },
        { "delayReported", one.DelayReported },
        { "intent", one.Intent is { } intent ? Intent(intent) : BsonNull.Value },
    }));

    public static QueueEntry Read(BsonDocument document) => new()
    {
        Id = new QueueId(document.Guid("_id")),
        Route = (QueueRoute)document["route"].ToInt32(),
        NextAttemptAt = document.Instant("nextAttemptAt"),
        Attempts = document["attempts"].ToInt32(),
        Content = new ContentId(document.Guid("content")),
        Size = document["size"].ToInt64(),
        AcceptedAt = document.Instant("acceptedAt"),
        ReversePath = document["reversePath"].IsBsonNull ? ReversePath.Null : new ReversePath(Address(document["reversePath"].AsBsonDocument)),
        Body = (BodyType)document["body"].ToInt32(),
        SmtpUtf8 = document["smtpUtf8"].ToBoolean(),
        Return = (DsnReturn)document["return"].ToInt32(),
        EnvelopeId = document.TextOrNull("envelopeId"),
        Submitter = document["submitter"].IsBsonNull ? null : new AccountId(document.Guid("submitter")),
        TraceParent = document.TextOrNull("traceParent"),
        TraceHeaders = document.Octets("traceHeaders"),
        Destination = document.TextOrNull("destination"),
        RequireTls = document.GetValue("requireTls", false).ToBoolean(),
        TlsOptional = document.GetValue("tlsOptional", false).ToBoolean(),
        Priority = document.GetValue("priority", 0).ToInt32(),
        DeliverBy = document.GetValue("deliverBy", BsonNull.Value) is BsonDocument by ? new DeliverBy(by.Instant("at"), (DeliverByMode)by["mode"].ToInt32(), by["trace"].ToBoolean()) : null,
        Recipients = [.. document["recipients"].AsBsonArray.Select(one => Recipient(one.AsBsonDocument))],
    };

    /// <summary>Damage is local: a document that cannot be read is the trouble of its entry alone.</summary>
    public static bool TryRead(BsonDocument document, [NotNullWhen(true)] out QueueEntry? entry, [NotNullWhen(false)] out string? problem)
    {
        (entry, problem) = (null, null);
        try { entry = Read(document); }
        catch (Exception e) when (e is KeyNotFoundException or InvalidCastException or FormatException or ArgumentException or OverflowException or InvalidOperationException) { problem = e.Message; }
        return problem is null;
    }

    public static BsonValue Due(IEnumerable<QueueRecipient> recipients, DateTimeOffset at)
        => recipients.Any(recipient => recipient.State == RecipientState.Queued) ? Bson.Time(at) : BsonNull.Value;

    public static DateTimeOffset? TimeOrNull(BsonDocument document, string field) => document.TryGetValue(field, out var value) && !value.IsBsonNull ? document.Instant(field) : null;

    public static BsonDocument Intent(RelayIntent intent) => new() { { "host", intent.Host }, { "at", Bson.Time(intent.At) } };

    private static QueueRecipient Recipient(BsonDocument document) => new()
    {
        State = (RecipientState)document["state"].ToInt32(),
        Recipient = new EnvelopeRecipient(Address(document["address"].AsBsonDocument), (DsnNotify)document["notify"].ToInt32(), document.TextOrNull("originalRecipient")),
        Detail = document.TextOrNull("detail"),
        BounceRequested = document.TextOrNull("bounceRequested"),
        DelayReported = document.GetValue("delayReported", false).ToBoolean(),
        Intent = document.GetValue("intent", BsonNull.Value) is BsonDocument intent ? new RelayIntent(intent["host"].AsString, intent.Instant("at")) : null,
    };

    private static BsonDocument Address(EmailAddress address) => new() { { "local", address.LocalPart }, { "domain", address.Domain } };

    private static EmailAddress Address(BsonDocument address) => new(address["local"].AsString, address["domain"].AsString);
}
