using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Queueing;
using Merpati.Timeline;
using Wire = Merpati.Timeline.V1;

namespace Merpati.Rpc.Timeline;

/// <summary>The timeline between the contract and the wire. What a peer sends that can be no value of the contract is a <see cref="WireFormatException"/>.</summary>
internal static class TimelineConversions
{
    public static Wire.TimelineEvent ToWire(this TimelineEvent step)
    {
        var message = new Wire.TimelineEvent { QueueId = step.QueueId.Value.ToWire(), At = step.At.ToTimestamp(), Step = (Wire.TimelineStep)step.Step, Detail = step.Detail };
        if (step.Recipient is { } recipient) message.Recipient = recipient;
        return message;
    }

    public static TimelineEvent ToContract(this Wire.TimelineEvent step) => new(
        new QueueId(step.QueueId.ToGuid()),
        step.At.ToContract(),
        Enum.IsDefined((TimelineStep)step.Step) ? (TimelineStep)step.Step : throw new WireFormatException("A step is not known."),
        step.HasRecipient ? step.Recipient : null,
        step.Detail);

    public static Wire.TimelineSubject ToWire(this TimelineSubject subject)
    {
        var message = new Wire.TimelineSubject { QueueId = subject.QueueId.Value.ToWire(), At = subject.At.ToTimestamp(), ReversePath = subject.ReversePath, Recipients = { subject.Recipients }, Size = subject.Size };
        if (subject.MessageId is { } id) message.MessageId = id;
        if (subject.ClientAddress is { } client) message.ClientAddress = client;
        if (subject.Decision is { } decision) message.Decision = decision;
        return message;
    }

    public static TimelineSubject ToContract(this Wire.TimelineSubject subject) => new(
        new QueueId(subject.QueueId.ToGuid()),
        subject.At.ToContract(),
        subject.HasMessageId ? subject.MessageId : null,
        subject.ReversePath,
        [.. subject.Recipients],
        subject.Size,
        subject.HasClientAddress ? subject.ClientAddress : null)
    {
        Decision = subject.HasDecision ? subject.Decision : null,
    };

    public static Wire.TimelineDecision ToWire(this TimelineDecision decision) => new() { QueueId = decision.QueueId.Value.ToWire(), At = decision.At.ToTimestamp(), Decision = decision.Decision };

    public static TimelineDecision ToContract(this Wire.TimelineDecision decision) => new(new QueueId(decision.QueueId.ToGuid()), decision.At.ToContract(), decision.Decision);
}
