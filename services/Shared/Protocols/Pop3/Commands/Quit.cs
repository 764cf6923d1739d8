namespace Merpati.Protocols.Pop3.Commands;

/// <summary>
/// QUIT (RFC 1939 §4 and §6): from AUTHORIZATION just goodbye; from TRANSACTION the UPDATE state, the only place where messages are removed.
/// </summary>
internal static class Quit
{
    internal static async ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words().Length > 0) return Pop3Reply.Syntax("QUIT takes no argument");
        if (session.State is not Pop3State.Transaction transaction) return Pop3Reply.Ok("bye").AndClose();
        try
        {
            var removed = await RemoveAsync(session, transaction, cancellationToken).ConfigureAwait(false);
            return (removed ? Pop3Reply.Ok("bye") : Pop3Reply.Err(ResponseCode.Temporary, "some deleted messages not removed")).AndClose();
        }
        finally
        {
            // Before the reply: a client that reconnects as soon as it has read it must find the maildrop free.
            await session.CloseMaildropAsync().ConfigureAwait(false);
        }
    }

    /// <summary>False when some are still there. Those that IMAP expunged meanwhile are removed as far as the client is concerned.</summary>
    private static async ValueTask<bool> RemoveAsync(Pop3Session session, Pop3State.Transaction transaction, CancellationToken cancellationToken)
    {
        var marked = transaction.Maildrop.Count - transaction.Maildrop.Remaining;
        if (marked == 0) return true;
        var (account, mailbox, uids) = (transaction.Account.Id, transaction.Maildrop.Mailbox, transaction.Maildrop.DeletedUids());
        var removed = await session.Mailboxes.ExpungeAsync(account, mailbox, uids, onlyDeleted: false, cancellationToken).ConfigureAwait(false);
        session.Telemetry.MessagesRemoved(account, removed.Count);
        if (removed.Count == marked) return true;
        await foreach (var _ in session.Mailboxes.StatesAsync(account, mailbox, uids, cancellationToken).ConfigureAwait(false)) return false;
        return true;
    }
}
