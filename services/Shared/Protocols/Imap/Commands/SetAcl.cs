using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SETACL (RFC 4314 §3.1).</summary>
internal sealed record SetAcl(MailboxArgument Mailbox, string Identifier, FlagOperation Operation, MailboxRights Rights) : Command
{
    private static readonly Completion OfOwner = Completion.No("CANNOT", "The owner of a mailbox has all rights, always");

    private static readonly Completion TooMany = Completion.No("LIMIT", "Too many entries in the access control list");

    private static readonly Completion Nameless = Completion.No("CANNOT", "The address of the owner cannot be part of a mailbox name");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        var identifier = Imap.Identifier.Parse(ref scanner) ?? "";
        scanner.Space();
        var text = scanner.Text(scanner.AString("rights"));
        var operation = text is ['+', ..] ? FlagOperation.Add : text is ['-', ..] ? FlagOperation.Remove : FlagOperation.Replace;
        var rights = RightsText.TryParse(operation == FlagOperation.Replace ? text : text.AsSpan(1));
        if (rights is null && !scanner.Failed) scanner.Fail("Unknown right");
        return new SetAcl(mailbox, identifier, operation, rights ?? MailboxRights.None);
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
        => ChangeAsync(session, Mailbox, Identifier, Operation, Rights, cancellationToken);

    /// <summary>Also of DELETEACL, which replaces an entry with nothing.</summary>
    public static async ValueTask<Completion> ChangeAsync(
        ImapSession session, MailboxArgument argument, string identifier, FlagOperation operation, MailboxRights rights, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(argument, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.Administer) is { } refusal) return refusal;
        if (await session.Engine.Directory.GetAccountAsync(mailbox!.Owner, cancellationToken).ConfigureAwait(false) is not { } owner) return Completion.NoSuchMailbox;
        var (found, unknown) = await Imap.Identifier.FindAsync(session, owner, identifier, cancellationToken).ConfigureAwait(false);
        if (found is not { } named) return unknown;
        if (named.IsOwner)
        {
            // Nothing that would be less than all can come of it, so that nobody is locked out.
            var keepsAll = operation == FlagOperation.Add || rights == (operation == FlagOperation.Remove ? MailboxRights.None : MailboxRights.All);
            return named.Negative ? rights == MailboxRights.None ? Completion.Ok : OfOwner : keepsAll ? Completion.Ok : OfOwner;
        }
        if (rights != MailboxRights.None && ForeignName.Of(owner, mailbox.Inside) is null) return Nameless;
        switch (await session.Mailboxes.GrantAsync(mailbox.Owner, mailbox.Id, [new GrantChange(named.Grantee, named.Negative, operation, rights)], cancellationToken).ConfigureAwait(false))
        {
            case GrantOutcome.Done:
                session.Log.RightsChanged(session.Id, session.Account.Id, named.Negative ? $"-{named.Grantee}" : named.Grantee.Key, mailbox.Id, mailbox.Owner, operation, rights);
                return Completion.Ok;
            case GrantOutcome.TooMany:
                return TooMany;
            default:
                return Completion.NoSuchMailbox;
        }
    }
}
