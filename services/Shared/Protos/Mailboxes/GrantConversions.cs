using Contract = Merpati.Mailboxes;

namespace Merpati.Mailboxes.V1;

/// <summary>Grants between the contract and the wire, both ways.</summary>
public static class GrantConversions
{
    public static MailboxGrant ToWire(this Contract.MailboxGrant grant)
        => new() { MailboxId = grant.Mailbox.Value.ToWire(), Grantee = grant.Grantee.Key, Negative = grant.Negative, Rights = grant.Rights.ToWire() };

    public static Contract.MailboxGrant ToContract(this MailboxGrant grant)
        => new(new Contract.MailboxId(grant.MailboxId.ToGuid()), ToGrantee(grant.Grantee), grant.Negative, ToRights(grant.Rights));

    public static GrantChange ToWire(this Contract.GrantChange change)
        => new() { Grantee = change.Grantee.Key, Negative = change.Negative, Operation = MailboxConversions.ToWire(change.Operation), Rights = change.Rights.ToWire() };

    public static Contract.GrantChange ToContract(this GrantChange change)
        => new(ToGrantee(change.Grantee), change.Negative, MailboxConversions.ToContract(change.Operation), ToRights(change.Rights));

    public static uint ToWire(this Contract.MailboxRights rights) => (uint)rights;

    /// <summary>Rights of a later version, which mean nothing here, are left out.</summary>
    public static Contract.MailboxRights ToRights(uint rights) => (Contract.MailboxRights)rights & Contract.MailboxRights.All;

    public static Contract.Grantee ToGrantee(string key) => Contract.Grantee.TryParse(key, out var grantee) ? grantee : throw new WireFormatException("A grantee is an account, anyone or anyone@domain.");

    public static GrantOutcome ToWire(this Contract.GrantOutcome outcome) => outcome switch
    {
        Contract.GrantOutcome.Done => GrantOutcome.Done,
        Contract.GrantOutcome.NoSuchMailbox => GrantOutcome.NoSuchMailbox,
        Contract.GrantOutcome.TooMany => GrantOutcome.TooMany,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static Contract.GrantOutcome ToContract(this GrantOutcome outcome) => outcome switch
    {
        GrantOutcome.Done => Contract.GrantOutcome.Done,
        GrantOutcome.NoSuchMailbox => Contract.GrantOutcome.NoSuchMailbox,
        GrantOutcome.TooMany => Contract.GrantOutcome.TooMany,
        _ => throw new WireFormatException("The outcome of a change to grants is not known."),
    };
}
