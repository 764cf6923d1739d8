using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Merpati.Accounts.V1;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Storage;
using Wire = Merpati.Queueing.V1;

namespace Merpati.Rpc.Queueing;

/// <summary>The queue between the contract and the wire. What a peer sends that can be no value of the contract is a <see cref="WireFormatException"/>.</summary>
internal static class QueueConversions
{
    public static Wire.QueueRoute ToWire(this QueueRoute route) => (Wire.QueueRoute)(route + 1);

    public static QueueRoute ToContract(this Wire.QueueRoute route)
        => route is Wire.QueueRoute.Local or Wire.QueueRoute.Relay ? (QueueRoute)(route - 1) : throw new WireFormatException("A route is not known.");

    public static Wire.RecipientState ToWire(this RecipientState state) => (Wire.RecipientState)(state + 1);

    public static RecipientState ToContract(this Wire.RecipientState state)
        => state is >= Wire.RecipientState.Queued and <= Wire.RecipientState.Discarded ? (RecipientState)(state - 1) : throw new WireFormatException("A state of a recipient is not known.");

    public static Timestamp ToTimestamp(this DateTimeOffset instant) => Timestamp.FromDateTimeOffset(instant);

    public static DateTimeOffset ToContract(this Timestamp? instant)
    {
        try { return instant?.ToDateTimeOffset() ?? throw new WireFormatException("A time is missing."); }
        catch (Exception outside) when (outside is ArgumentException or InvalidOperationException) { throw new WireFormatException("A time is out of range.", outside); }
    }

    public static TimeSpan ToContract(this Duration? duration)
    {
        try { return duration?.ToTimeSpan() ?? throw new WireFormatException("A duration is missing."); }
        catch (Exception outside) when (outside is ArgumentException or InvalidOperationException or OverflowException) { throw new WireFormatException("A duration is out of range.", outside); }
    }

    public static Wire.QueueEntry ToWire(this QueueEntry entry)
    {
        var message = new Wire.QueueEntry
        {
            QueueId = entry.Id.Value.ToWire(),
            Route = entry.Route.ToWire(),
            ContentId = entry.Content.Value.ToWire(),
            Size = entry.Size,
            TraceHeaders = ByteString.CopyFrom(entry.TraceHeaders.Span),
            ReversePath = entry.ReversePath.Address?.ToWire(),
            Body = (Wire.BodyType)(entry.Body + 1),
            SmtpUtf8 = entry.SmtpUtf8,
            Return = (Wire.DsnReturn)entry.Return,
            Recipients = { entry.Recipients.Select(ToWire) },
            AcceptedAt = entry.AcceptedAt.ToTimestamp(),
            Attempts = entry.Attempts,
            NextAttemptAt = entry.NextAttemptAt.ToTimestamp(),
            RequireTls = entry.RequireTls,
            TlsOptional = entry.TlsOptional,
            Priority = entry.Priority,
            DeliverBy = entry.DeliverBy?.ToWire(),
        };
        if (entry.Destination is { } destination) message.Destination = destination;
        if (entry.EnvelopeId is { } envelope) message.EnvelopeId = envelope;
        if (entry.Submitter is { } submitter) message.SubmitterId = submitter.Value.ToWire();
        if (entry.TraceParent is { } trace) message.TraceParent = trace;
        return message;
    }

    public static QueueEntry ToContract(this Wire.QueueEntry? entry)
    {
        if (entry is null) throw new WireFormatException("An entry is missing.");
        if (entry.Recipients.Count == 0) throw new WireFormatException("An entry has a recipient.");
        return new QueueEntry
        {
            Id = new QueueId(entry.QueueId.ToGuid()),
            Route = entry.Route.ToContract(),
            Content = new ContentId(entry.ContentId.ToGuid()),
            Size = entry.Size,
            TraceHeaders = entry.TraceHeaders.Memory,
            ReversePath = new ReversePath(entry.ReversePath?.ToContract()),
            Body = entry.Body is >= Wire.BodyType.SevenBit and <= Wire.BodyType.BinaryMime ? (BodyType)(entry.Body - 1) : throw new WireFormatException("A body type is not known."),
            SmtpUtf8 = entry.SmtpUtf8,
            Return = entry.Return is >= Wire.DsnReturn.Unspecified and <= Wire.DsnReturn.Headers ? (DsnReturn)entry.Return : throw new WireFormatException("A RET is not known."),
            EnvelopeId = entry.HasEnvelopeId ? entry.EnvelopeId : null,
            Recipients = [.. entry.Recipients.Select(ToContract)],
            Submitter = entry.HasSubmitterId ? new AccountId(entry.SubmitterId.ToGuid()) : null,
            AcceptedAt = entry.AcceptedAt.ToContract(),
            Attempts = entry.Attempts,
            NextAttemptAt = entry.NextAttemptAt.ToContract(),
            TraceParent = entry.HasTraceParent ? entry.TraceParent : null,
            Destination = entry.HasDestination ? entry.Destination : null,
            RequireTls = entry.RequireTls,
            TlsOptional = entry.TlsOptional,
            Priority = entry.Priority,
            DeliverBy = entry.DeliverBy?.ToContract(),
        };
    }

    public static Wire.QueueLease ToWire(this QueueLease lease)
        => new() { Entry = lease.Entry.ToWire(), Worker = lease.Worker, Token = lease.Token, ExpiresAt = lease.ExpiresAt.ToTimestamp() };

    public static QueueLease ToContract(this Wire.QueueLease? lease)
        => lease is null ? throw new WireFormatException("A lease is missing.") : new QueueLease(lease.Entry.ToContract(), lease.Worker, lease.Token, lease.ExpiresAt.ToContract());

    public static Wire.RecipientResult ToWire(this RecipientResult result)
    {
        var message = new Wire.RecipientResult { Recipient = result.Recipient.ToWire(), State = result.State.ToWire(), DelayReported = result.DelayReported, IntentStays = result.IntentStays };
        if (result.Detail is { } detail) message.Detail = detail;
        return message;
    }

    public static RecipientResult ToContract(this Wire.RecipientResult result)
        => new(result.Recipient.ToContract(), result.State.ToContract(), result.HasDetail ? result.Detail : null) { DelayReported = result.DelayReported, IntentStays = result.IntentStays };

    public static Wire.QueueFilter ToWire(this QueueFilter filter)
    {
        var message = new Wire.QueueFilter { AcceptedBefore = filter.AcceptedBefore?.ToTimestamp() };
        if (filter.Id is { } id) message.QueueId = id.Value.ToWire();
        if (filter.Route is { } route) message.Route = route.ToWire();
        if (filter.State is { } state) message.State = state.ToWire();
        if (filter.Sender is { } sender) message.Sender = sender;
        if (filter.Recipient is { } recipient) message.Recipient = recipient;
        if (filter.Domain is { } domain) message.Domain = domain;
        if (filter.Submitter is { } submitter) message.SubmitterId = submitter.Value.ToWire();
        if (filter.Reply is { } reply) message.Reply = reply;
        return message;
    }

    /// <summary>A filter that is missing is not "all": what a filter selects may be thrown away.</summary>
    public static QueueFilter ToContract(this Wire.QueueFilter? filter) => filter is null ? throw new WireFormatException("A filter is missing.") : new QueueFilter
    {
        Id = filter.HasQueueId ? new QueueId(filter.QueueId.ToGuid()) : null,
        Route = filter.Route == Wire.QueueRoute.Unspecified ? null : filter.Route.ToContract(),
        State = filter.State == Wire.RecipientState.Unspecified ? null : filter.State.ToContract(),
        Sender = filter.HasSender ? filter.Sender : null,
        Recipient = filter.HasRecipient ? filter.Recipient : null,
        AcceptedBefore = filter.AcceptedBefore?.ToContract(),
        Domain = filter.HasDomain ? filter.Domain : null,
        Submitter = filter.HasSubmitterId ? new AccountId(filter.SubmitterId.ToGuid()) : null,
        Reply = filter.HasReply ? filter.Reply : null,
    };

    public static Wire.QueueCount ToWire(this QueueCount count)
        => new() { Route = count.Route.ToWire(), State = count.State.ToWire(), Domain = count.Domain, Recipients = count.Recipients, Oldest = count.Oldest.ToTimestamp() };

    public static QueueCount ToContract(this Wire.QueueCount count) => new(count.Route.ToContract(), count.State.ToContract(), count.Domain, count.Recipients, count.Oldest.ToContract());

    public static Wire.GetLedgerResponse ToWire(this Ledger ledger) => new()
    {
        Accepted = ledger.Accepted,
        Closed = { ledger.Closed.Select(closed => new Wire.ClosedCount { State = closed.Key.ToWire(), Recipients = closed.Value }) },
        Open = ledger.Open,
    };

    public static Ledger ToContract(this Wire.GetLedgerResponse ledger)
        => new(ledger.Accepted, ledger.Closed.ToDictionary(closed => closed.State.ToContract(), closed => closed.Recipients), ledger.Open);

    private static Wire.DeliverBy ToWire(this DeliverBy by) => new() { At = by.At.ToTimestamp(), Mode = (Wire.DeliverByMode)(by.Mode + 1), Trace = by.Trace };

    private static DeliverBy ToContract(this Wire.DeliverBy by)
        => by.Mode is Wire.DeliverByMode.Notify or Wire.DeliverByMode.Return ? new DeliverBy(by.At.ToContract(), (DeliverByMode)(by.Mode - 1), by.Trace) : throw new WireFormatException("A by-mode is not known.");

    private static Wire.QueueRecipient ToWire(QueueRecipient recipient)
    {
        var message = new Wire.QueueRecipient { Address = recipient.Recipient.Address.ToWire(), Notify = (uint)recipient.Recipient.Notify, State = recipient.State.ToWire() };
        if (recipient.Recipient.OriginalRecipient is { } original) message.OriginalRecipient = original;
        if (recipient.Detail is { } detail) message.Detail = detail;
        if (recipient.BounceRequested is { } reason) message.BounceRequested = reason;
        message.DelayReported = recipient.DelayReported;
        if (recipient.Intent is { } intent) message.Intent = new Wire.RelayIntent { Host = intent.Host, At = intent.At.ToTimestamp() };
        return message;
    }

    private static QueueRecipient ToContract(Wire.QueueRecipient recipient) => new()
    {
        Recipient = new EnvelopeRecipient(recipient.Address.ToContract(), (DsnNotify)recipient.Notify, recipient.HasOriginalRecipient ? recipient.OriginalRecipient : null),
        State = recipient.State.ToContract(),
        Detail = recipient.HasDetail ? recipient.Detail : null,
        BounceRequested = recipient.HasBounceRequested ? recipient.BounceRequested : null,
        DelayReported = recipient.DelayReported,
        Intent = recipient.Intent is { } intent ? new RelayIntent(intent.Host, intent.At.ToContract()) : null,
    };
}
