using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>GETACL (RFC 4314 §3.3): the owner first, who is in no entry.</summary>
internal sealed record GetAcl(MailboxArgument Mailbox) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new GetAcl(scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.Administer) is { } refusal) return refusal;
        if (await session.Engine.Directory.GetAccountAsync(mailbox!.Owner, cancellationToken).ConfigureAwait(false) is not { } owner) return Completion.NoSuchMailbox;
        var entries = new List<(string Name, MailboxRights Rights)> { (owner.Address.ToString(), MailboxRights.All) };
        foreach (var grant in await session.Mailboxes.GrantsAsync(mailbox.Owner, mailbox.Id, cancellationToken).ConfigureAwait(false))
        {
            if (await Identifier.NameAsync(session, grant, cancellationToken).ConfigureAwait(false) is { } name) entries.Add((name, grant.Rights));
        }
        var output = session.Output.Raw("* ACL "u8).Mailbox(mailbox.Name);
        foreach (var (name, rights) in entries) output.Raw(" "u8).AString(name).Raw(" "u8).Ascii(RightsText.Format(rights));
        output.Line();
        return Completion.Ok;
    }
}
