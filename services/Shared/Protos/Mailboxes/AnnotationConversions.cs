using Google.Protobuf;
using Contract = Merpati.Mailboxes;

namespace Merpati.Mailboxes.V1;

/// <summary>Annotations between the contract and the wire, both ways.</summary>
public static class AnnotationConversions
{
    public static Annotation ToWire(this Contract.Annotation annotation)
        => new() { MailboxId = annotation.Mailbox.Value.ToWire(), Entry = annotation.Entry, Value = UnsafeByteOperations.UnsafeWrap(annotation.Value) };

    public static Contract.Annotation ToContract(this Annotation annotation) => new(new Contract.MailboxId(annotation.MailboxId.ToGuid()), annotation.Entry, annotation.Value.Memory);

    public static AnnotationChange ToWire(this Contract.AnnotationChange change)
    {
        var wire = new AnnotationChange { Entry = change.Entry };
        if (change.Value is { } value) wire.Value = UnsafeByteOperations.UnsafeWrap(value);
        return wire;
    }

    public static Contract.AnnotationChange ToContract(this AnnotationChange change) => new(change.Entry, change.HasValue ? change.Value.Memory : default(ReadOnlyMemory<byte>?));

    public static AnnotationOutcome ToWire(this Contract.AnnotationOutcome outcome) => outcome switch
    {
        Contract.AnnotationOutcome.Done => AnnotationOutcome.Done,
        Contract.AnnotationOutcome.NoSuchMailbox => AnnotationOutcome.NoSuchMailbox,
        Contract.AnnotationOutcome.TooMany => AnnotationOutcome.TooMany,
        Contract.AnnotationOutcome.OverQuota => AnnotationOutcome.OverQuota,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static Contract.AnnotationOutcome ToContract(this AnnotationOutcome outcome) => outcome switch
    {
        AnnotationOutcome.Done => Contract.AnnotationOutcome.Done,
        AnnotationOutcome.NoSuchMailbox => Contract.AnnotationOutcome.NoSuchMailbox,
        AnnotationOutcome.TooMany => Contract.AnnotationOutcome.TooMany,
        AnnotationOutcome.OverQuota => Contract.AnnotationOutcome.OverQuota,
        _ => throw new WireFormatException("The outcome of a change to annotations is not known."),
    };
}
