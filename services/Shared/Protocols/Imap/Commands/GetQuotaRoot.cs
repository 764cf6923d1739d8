using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>GETQUOTAROOT (RFC 9208 §4.3): the same root for all mailboxes, none where the account has no limit.</summary>
internal sealed record GetQuotaRoot(MailboxArgument Mailbox) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new GetQuotaRoot(scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.Read) is { } refusal) return refusal;
        var usage = await session.Mailboxes.QuotaAsync(mailbox!.Owner, cancellationToken).ConfigureAwait(false);
        var output = session.Output;
        output.Raw("* QUOTAROOT "u8).Mailbox(mailbox.Name);
        if (!GetQuota.HasRoot(usage))
        {
            output.Line();
            return Completion.Ok;
        }
        var root = GetQuota.RootOf(mailbox);
        output.Raw(" "u8).AString(root).Line();
        GetQuota.Write(output, root, usage);
        return Completion.Ok;
    }
}
