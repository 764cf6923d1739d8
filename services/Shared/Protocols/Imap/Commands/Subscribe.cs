using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// SUBSCRIBE (RFC 3501 §6.3.6) and UNSUBSCRIBE (§6.3.7). Only a mailbox that exists can be subscribed, or the list could grow
/// without end; a subscription outlives its mailbox.
/// </summary>
internal sealed record Subscribe(MailboxArgument Mailbox, bool Subscribed) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, subscribed: true);

    public static Command ParseUnsubscribe(ref CommandScanner scanner) => Parse(ref scanner, subscribed: false);

    private static Subscribe Parse(ref CommandScanner scanner, bool subscribed)
    {
        scanner.Space();
        return new Subscribe(scanner.Mailbox(), subscribed);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Mailbox.Name is not { } name) return Completion.NoSuchMailbox;
        if (Subscribed)
        {
            var mailbox = await session.FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (ReachedMailbox.Refusal(mailbox, MailboxRights.Lookup) is { } refusal) return refusal;
            name = mailbox!.Name;
        }
        await session.Mailboxes.SubscribeAsync(session.Account.Id, name, Subscribed, cancellationToken).ConfigureAwait(false);
        return Completion.Ok;
    }
}
