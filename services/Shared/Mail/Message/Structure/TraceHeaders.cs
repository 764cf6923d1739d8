using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>The headers that stand before the content of a message in a mailbox.</summary>
public static class TraceHeaders
{
    /// <summary>
    /// Submission adds a missing Date and Message-ID (RFC 6409 §8) in front of the content: a structure without them gets them from there.
    /// </summary>
    public static MessageStructure Complete(MessageStructure structure, ReadOnlySpan<byte> trace)
    {
        ArgumentNullException.ThrowIfNull(structure);
        if (structure.Envelope is { Date: not null, MessageId: not null } || trace.IsEmpty) return structure;
        string? date = null, messageId = null;
        foreach (var field in HeaderBlock.Fields(trace))
        {
            if (field.Name.Equals("Date", StringComparison.OrdinalIgnoreCase)) date ??= field.Value;
            else if (field.Name.Equals("Message-ID", StringComparison.OrdinalIgnoreCase)) messageId ??= field.Value;
        }
        if (date is null && messageId is null) return structure;
        var envelope = structure.Envelope with { Date = structure.Envelope.Date ?? date, MessageId = structure.Envelope.MessageId ?? messageId };
        return structure with { Envelope = envelope, SentDate = structure.SentDate ?? EnvelopeReader.SentDate(envelope.Date) };
    }
}
