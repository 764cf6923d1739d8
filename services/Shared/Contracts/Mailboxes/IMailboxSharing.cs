namespace Merpati.Mailboxes;

/// <summary>A mailbox for which others have rights.</summary>
public sealed record SharedMailbox(MailboxName Name, IReadOnlyList<MailboxGrant> Grants);

/// <summary>
/// Grants as an administrator gives them, by the names of mailboxes: of an account that is of no person nobody else could give the first. Delivery implements it.
/// It is apart from <see cref="IMailboxes"/>, so that who administers accounts does not come to read mail.
/// </summary>
public interface IMailboxSharing
{
    /// <summary>The mailboxes of the account for which others have rights, in order of name.</summary>
    ValueTask<IReadOnlyList<SharedMailbox>> SharedAsync(AccountId owner, CancellationToken cancellationToken);

    /// <summary>Makes the rights of a grantee what is said, in one mailbox or in all that there are. A new account has its first mailboxes then.</summary>
    /// <param name="mailbox">Null for all.</param>
    /// <param name="rights">None takes the entry away.</param>
    ValueTask<GrantOutcome> ShareAsync(AccountId owner, MailboxName? mailbox, Grantee grantee, MailboxRights rights, CancellationToken cancellationToken);
}
