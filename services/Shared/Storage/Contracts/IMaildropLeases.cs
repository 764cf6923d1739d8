using Merpati.Mailboxes;

namespace Merpati.Storage;

/// <summary>
/// Which POP3 session has the maildrop of an account (RFC 1939 §4), where several processes may give it out: at most one holder has an unexpired lease.
/// A lease outlives the process that gave it, so that the session behind it can go on with another one; nobody renews that of a session that is gone.
/// </summary>
public interface IMaildropLeases
{
    /// <summary>
    /// Takes the lease until <paramref name="duration"/> from now, or extends it where the holder has it already; false where another holder's has not expired.
    /// </summary>
    /// <param name="holder">Names the session; made for it, never used again.</param>
    ValueTask<bool> TryTakeAsync(AccountId account, Guid holder, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives the lease back where the holder has it. Idempotent.</summary>
    ValueTask ReleaseAsync(AccountId account, Guid holder, CancellationToken cancellationToken);
}
