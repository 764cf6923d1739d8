namespace Merpati.Mailboxes;

/// <summary>The system flags that are kept (RFC 3501 §2.3.2). The numbers are stored: never change them. \Recent is not stored.</summary>
[Flags]
public enum SystemFlags
{
    None = 0,
    Seen = 1,
    Answered = 2,
    Flagged = 4,
    Deleted = 8,
    Draft = 16,
}

/// <summary>All flags of a message: system flags and keywords. Keywords compare without case and are kept sorted.</summary>
public sealed record MessageFlags
{
    /// <summary>Keywords per message; more is refused with LIMIT.</summary>
    public const int MaxKeywords = 100;

    public static MessageFlags None { get; } = new(SystemFlags.None, []);

    public MessageFlags(SystemFlags system, IEnumerable<string> keywords)
    {
        System = system;
        Keywords = keywords.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase).ToArray();
    }

    public SystemFlags System { get; }

    public IReadOnlyList<string> Keywords { get; }

    public bool Has(SystemFlags flag) => (System & flag) == flag;

    public MessageFlags Apply(FlagOperation operation, MessageFlags change) => operation switch
    {
        FlagOperation.Replace => change,
        FlagOperation.Add => new MessageFlags(System | change.System, Keywords.Concat(change.Keywords)),
        FlagOperation.Remove => new MessageFlags(System & ~change.System, Keywords.Except(change.Keywords, StringComparer.OrdinalIgnoreCase)),
        _ => throw new global::System.Diagnostics.UnreachableException(),
    };

    public bool Equals(MessageFlags? other)
        => other is not null && System == other.System && Keywords.SequenceEqual(other.Keywords, StringComparer.OrdinalIgnoreCase);

    public override int GetHashCode() => HashCode.Combine(System, Keywords.Count);
}

/// <summary>FLAGS, +FLAGS and -FLAGS of STORE (RFC 3501 §6.4.6).</summary>
public enum FlagOperation
{
    Replace = 0,
    Add = 1,
    Remove = 2,
}
