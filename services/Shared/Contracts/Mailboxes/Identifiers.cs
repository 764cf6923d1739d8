namespace Merpati.Mailboxes;

/// <summary>Names one account for ever; addresses and logins may change.</summary>
public readonly record struct AccountId(Guid Value)
{
    public static AccountId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public static bool TryParse(string? text, out AccountId id)
    {
        var ok = Guid.TryParseExact(text, "N", out var value);
        id = new AccountId(value);
        return ok;
    }

    public override string ToString() => Value.ToString("N");
}

/// <summary>Names one mailbox for ever; it survives RENAME (RFC 8474 §4 MAILBOXID).</summary>
public readonly record struct MailboxId(Guid Value)
{
    public static MailboxId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public override string ToString() => Value.ToString("N");
}

/// <summary>A mailbox and whose it is: all that is needed to reach it.</summary>
public readonly record struct MailboxPlace(AccountId Owner, MailboxId Mailbox);

/// <summary>Names one stored content: the octets of a message as received, shared by all its recipients.</summary>
public readonly record struct ContentId(Guid Value)
{
    public static ContentId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public override string ToString() => Value.ToString("N");
}

/// <summary>Unique identifier of a message in a mailbox, 1 to 2^32-1, ascending, never used twice (RFC 3501 §2.3.1.1).</summary>
public readonly record struct Uid(uint Value) : IComparable<Uid>
{
    public int CompareTo(Uid other) => Value.CompareTo(other.Value);

    public static bool operator <(Uid left, Uid right) => left.Value < right.Value;

    public static bool operator >(Uid left, Uid right) => left.Value > right.Value;

    public static bool operator <=(Uid left, Uid right) => left.Value <= right.Value;

    public static bool operator >=(Uid left, Uid right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>UIDVALIDITY of a mailbox, 1 to 2^32-1 (RFC 3501 §2.3.1.1).</summary>
public readonly record struct UidValidity(uint Value)
{
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Modification sequence, 1 to 2^63-1, ascending in a mailbox with every change (RFC 7162 §3.1).</summary>
public readonly record struct ModSeq(long Value) : IComparable<ModSeq>
{
    public int CompareTo(ModSeq other) => Value.CompareTo(other.Value);

    public static bool operator <(ModSeq left, ModSeq right) => left.Value < right.Value;

    public static bool operator >(ModSeq left, ModSeq right) => left.Value > right.Value;

    public static bool operator <=(ModSeq left, ModSeq right) => left.Value <= right.Value;

    public static bool operator >=(ModSeq left, ModSeq right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
