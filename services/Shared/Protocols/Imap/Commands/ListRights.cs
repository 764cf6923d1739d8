using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>LISTRIGHTS (RFC 4314 §3.4): the owner has all, anybody else can be given each.</summary>
internal sealed record ListRights(MailboxArgument Mailbox, string Identifier) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        return new ListRights(mailbox, Imap.Identifier.Parse(ref scanner) ?? "");
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.Administer) is { } refusal) return refusal;
        if (await session.Engine.Directory.GetAccountAsync(mailbox!.Owner, cancellationToken).ConfigureAwait(false) is not { } owner) return Completion.NoSuchMailbox;
        var (found, unknown) = await Imap.Identifier.FindAsync(session, owner, Identifier, cancellationToken).ConfigureAwait(false);
        if (found is not { } named) return unknown;
        var output = session.Output.Raw("* LISTRIGHTS "u8).Mailbox(mailbox.Name).Raw(" "u8).AString(Identifier).Raw(" "u8);
        if (named is { IsOwner: true, Negative: false }) output.Ascii(RightsText.Format(MailboxRights.All));
        else output.Raw("\"\""u8);
        if (!named.IsOwner) output.Raw(" "u8).Ascii(RightsText.Optional);
        output.Line();
        return Completion.Ok;
    }
}
