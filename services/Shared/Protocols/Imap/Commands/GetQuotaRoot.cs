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
        if (Mailbox.Name is not { } name || await session.Mailboxes.FindAsync(session.Account.Id, name, cancellationToken).ConfigureAwait(false) is not { } mailbox)
            return Completion.NoSuchMailbox;
        var usage = await session.Mailboxes.QuotaAsync(session.Account.Id, cancellationToken).ConfigureAwait(false);
        var output = session.Output;
        output.Raw("* QUOTAROOT "u8).Mailbox(mailbox.Name);
        if (!GetQuota.HasRoot(usage))
        {
            output.Line();
            return Completion.Ok;
        }
        GetQuota.WriteRoot(output.Raw(" "u8)).Line();
        GetQuota.Write(output, usage);
        return Completion.Ok;
    }
}
