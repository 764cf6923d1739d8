namespace Merpati.Mailboxes;

/// <summary>What is kept with a mailbox, or with the account, under a name (RFC 5464 §3).</summary>
/// <param name="Mailbox"><see cref="Annotations.OfServer"/> for one of the server.</param>
/// <param name="Entry">In lower case: <c>/private/comment</c>.</param>
public sealed record Annotation(MailboxId Mailbox, string Entry, ReadOnlyMemory<byte> Value);

/// <summary>A new value for an entry; null removes it.</summary>
public sealed record AnnotationChange(string Entry, ReadOnlyMemory<byte>? Value);

/// <summary>The end of SETMETADATA (RFC 5464 §4.3). But for Done nothing was changed.</summary>
public enum AnnotationOutcome
{
    Done = 0,
    NoSuchMailbox,

    /// <summary>More than <see cref="Annotations.MaxEntries"/> at one mailbox.</summary>
    TooMany,

    /// <summary>More than <see cref="Annotations.MaxOctets"/> in the account.</summary>
    OverQuota,
}

/// <summary>Limits of annotations.</summary>
public static class Annotations
{
    /// <summary>At one mailbox, or of the server.</summary>
    public const int MaxEntries = 100;

    /// <summary>Octets of names and values in an account.</summary>
    public const long MaxOctets = 10 * 1024 * 1024;

    /// <summary>Octets of a value; whoever sets one sees to it.</summary>
    public const int MaxValueLength = 16 * 1024;

    /// <summary>Octets of a name; whoever sets one sees to it.</summary>
    public const int MaxEntryLength = 250;

    /// <summary>What a value and its name count against <see cref="MaxOctets"/>.</summary>
    public static long OctetsOf(string entry, long valueLength) => entry.Length + valueLength;

    /// <summary>What changes would make of the annotations of one mailbox.</summary>
    /// <param name="octets">Those that there are, each with its <see cref="OctetsOf"/>; it is what there would be afterwards.</param>
    /// <returns>How many octets more there would be; negative for fewer.</returns>
    public static long Weigh(IDictionary<string, long> octets, IEnumerable<AnnotationChange> changes)
    {
        ArgumentNullException.ThrowIfNull(octets);
        ArgumentNullException.ThrowIfNull(changes);
        var before = octets.Values.Sum();
        foreach (var change in changes)
        {
            if (change.Value is { } value) octets[change.Entry] = OctetsOf(change.Entry, value.Length);
            else octets.Remove(change.Entry);
        }
        return octets.Values.Sum() - before;
    }

    /// <summary>Stands for the server where a mailbox is named.</summary>
    public static MailboxId OfServer => default;
}

/// <summary>Annotations of an account's mailboxes, and those that the account keeps for itself at the server (RFC 5464). They go with their mailbox.</summary>
public interface IMailboxAnnotations
{
    /// <summary>By mailbox, then by entry; nothing of a mailbox that is not there.</summary>
    /// <param name="mailbox">Null for all, those of the server among them.</param>
    IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken);

    /// <summary>All changes or none; an entry that comes twice has the last value.</summary>
    ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken);
}
