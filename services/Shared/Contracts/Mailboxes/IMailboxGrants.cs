namespace Merpati.Mailboxes;

/// <summary>Rights that the owner of a mailbox gives to others: one entry of its access control list (RFC 4314 §2).</summary>
/// <param name="Negative">They are taken away, whatever gives them: <c>-identifier</c>.</param>
public sealed record MailboxGrant(MailboxId Mailbox, Grantee Grantee, bool Negative, MailboxRights Rights);

/// <summary>A change to the entry of a grantee. An entry that is left without rights is gone.</summary>
public sealed record GrantChange(Grantee Grantee, bool Negative, FlagOperation Operation, MailboxRights Rights);

/// <summary>The end of SETACL. But for Done nothing was changed.</summary>
public enum GrantOutcome
{
    Done = 0,
    NoSuchMailbox,

    /// <summary>More than <see cref="Grants.MaxPerMailbox"/> at the mailbox, or <see cref="Grants.MaxPerAccount"/> in the account.</summary>
    TooMany,
}

/// <summary>Limits of grants, and what they come to.</summary>
public static class Grants
{
    /// <summary>Entries of one mailbox.</summary>
    public const int MaxPerMailbox = 100;

    /// <summary>Entries of all mailboxes of an account.</summary>
    public const int MaxPerAccount = 10_000;

    /// <summary>Accounts whose shared mailboxes one account is shown; the others are reached by name.</summary>
    public const int MaxSharers = 500;

    /// <summary>What one entry is after a change.</summary>
    public static MailboxRights Apply(MailboxRights before, GrantChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return change.Operation switch
        {
            FlagOperation.Replace => change.Rights,
            FlagOperation.Add => before | change.Rights,
            FlagOperation.Remove => before & ~change.Rights,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>
    /// What the entries of one mailbox would be after changes, by grantee and sign; those without rights are those that go.
    /// </summary>
    /// <param name="entries">Those that there are.</param>
    public static Dictionary<(Grantee Grantee, bool Negative), MailboxRights> Apply(IEnumerable<MailboxGrant> entries, IEnumerable<GrantChange> changes)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(changes);
        var rights = entries.ToDictionary(entry => (entry.Grantee, entry.Negative), entry => entry.Rights);
        foreach (var change in changes)
        {
            var key = (change.Grantee, change.Negative);
            rights[key] = Apply(rights.GetValueOrDefault(key), change);
        }
        return rights;
    }

    /// <summary>The rights of somebody who goes under several names: all that one of them is given, without what is taken from one of them (RFC 4314 §2).</summary>
    public static MailboxRights Of(IReadOnlyCollection<Grantee> names, IEnumerable<MailboxGrant> entries)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(entries);
        MailboxRights given = MailboxRights.None, taken = MailboxRights.None;
        foreach (var entry in entries)
        {
            if (!names.Contains(entry.Grantee)) continue;
            if (entry.Negative) taken |= entry.Rights;
            else given |= entry.Rights;
        }
        return given & ~taken;
    }
}

/// <summary>Who besides its owner may use a mailbox (RFC 4314). Grants go with their mailbox, with the account that gave them, and with the one that has them. The owner needs none.</summary>
public interface IMailboxGrants
{
    /// <summary>By mailbox, grantee and sign; nothing of a mailbox that is not there.</summary>
    /// <param name="mailbox">Null for all mailboxes of the owner.</param>
    ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken);

    /// <summary>All changes or none, one after the other.</summary>
    ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken);

    /// <summary>The accounts that name one of these in a grant, <see cref="Grants.MaxSharers"/> at most.</summary>
    ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken);
}
