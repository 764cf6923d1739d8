namespace Merpati.Mailboxes;

/// <summary>
/// The exclusive-access lock of RFC 1939 §4: one POP3 session per account. It never outlives the connection that took it.
/// Other protocols are not kept out; what they expunge meanwhile is answered with -ERR.
/// </summary>
public interface IMaildropLock
{
    /// <summary>Null when another session has it. Disposing gives it back, at once and without fail.</summary>
    ValueTask<IAsyncDisposable?> TryAcquireAsync(AccountId account, CancellationToken cancellationToken);
}
