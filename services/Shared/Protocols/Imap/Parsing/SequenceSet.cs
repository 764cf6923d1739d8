using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>One member of a sequence-set; <see cref="Star"/> stands for the highest number in use.</summary>
internal readonly record struct SequenceRange(uint First, uint Last)
{
    /// <summary>'*'; no message has the number 0.</summary>
    public const uint Star = 0;

    /// <summary>A range with '*' at one end, such as <c>1:*</c>.</summary>
    public bool IsOpen => (First == Star) != (Last == Star);

    /// <summary>With '*' put in, First not above Last: <c>9:*</c> of a mailbox that ends at 5 is 5:9 (RFC 3501 §9 seq-range).</summary>
    public SequenceRange Resolve(uint highest)
    {
        var first = First == Star ? highest : First;
        var last = Last == Star ? highest : Last;
        return first <= last ? new SequenceRange(first, last) : new SequenceRange(last, first);
    }
}

/// <summary>sequence-set as it was sent (RFC 3501 §9): message numbers or UIDs, not yet looked at in a mailbox.</summary>
internal sealed record SequenceSet(IReadOnlyList<SequenceRange> Ranges)
{
    /// <summary>'$': the result that the last search saved (RFC 5182).</summary>
    public static SequenceSet Saved { get; } = new([]);

    public bool IsSaved => ReferenceEquals(this, Saved);

    /// <summary>A set of UIDs, of messages that are there or not.</summary>
    public UidSet ToUids(Uid highest)
        => UidSet.Of(Ranges.Select(range => range.Resolve(Math.Max(highest.Value, 1))).Select(range => new UidRange(new Uid(range.First), new Uid(range.Last))));
}
