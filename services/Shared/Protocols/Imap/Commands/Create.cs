using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>CREATE (RFC 3501 §6.3.3) with a special use (RFC 6154 §3) and MAILBOXID (RFC 8474 §4.1).</summary>
/// <param name="Use">Null for uses that a mailbox cannot be given.</param>
internal sealed record Create(MailboxArgument Mailbox, SpecialUse? Use) : Command
{
    private static readonly Completion ImpossibleUse = Completion.No("USEATTR", "A mailbox cannot have that special use");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox().WithoutTrailingDelimiter();
        SpecialUse? use = SpecialUse.None;
        if (scanner.TryTake((byte)' '))
        {
            scanner.Expect((byte)'(');
            if (!scanner.TryWord("USE"u8)) scanner.Fail("Unknown CREATE parameter");
            scanner.Space();
            scanner.Expect((byte)'(');
            if (!scanner.NextIs((byte)')')) use = ParseUses(ref scanner);
            scanner.Expect((byte)')');
            scanner.Expect((byte)')');
        }
        return new Create(mailbox, use);
    }

    private static SpecialUse? ParseUses(ref CommandScanner scanner)
    {
        SpecialUse? use = null;
        var uses = 0;
        do
        {
            scanner.Expect((byte)'\\');
            use = SpecialUses.TryParse(scanner.Keyword("a special use"));
            uses++;
        }
        while (scanner.TryTake((byte)' '));
        // A mailbox has one use here; \All and \Flagged would be views over other mailboxes.
        return uses == 1 && use is not (SpecialUse.All or SpecialUse.Flagged) ? use : null;
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Mailbox.Name is not { } name) return Completion.ImpossibleName;
        if (Use is not { } use) return ImpossibleUse;
        if (ForeignName.IsReserved(name)) return await CreateForeignAsync(session, name, use, cancellationToken).ConfigureAwait(false);
        var parent = await Inheritance.FindParentAsync(session, session.Account.Id, name, cancellationToken).ConfigureAwait(false);
        var outcome = await session.Mailboxes.CreateAsync(session.Account.Id, name, use, cancellationToken).ConfigureAwait(false);
        if (outcome == MailboxOutcome.Done && parent is not null) await Inheritance.PassOnAsync(session, session.Account.Id, parent.Id, parent.Name, name, cancellationToken).ConfigureAwait(false);
        if (outcome == MailboxOutcome.Done) OldName.WriteIfDenormalized(session, Mailbox, exists: true);
        return await CompleteAsync(session, outcome, name, use, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Below another's mailbox, or at the top of another's account, where the rights of its INBOX count and are passed on.</summary>
    private static async ValueTask<Completion> CreateForeignAsync(ImapSession session, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
    {
        // The same where nobody has that address, where nothing is shared, and where there are rights but this one.
        if (ForeignName.TryParse(name) is not { } foreign || await session.FindParentAsync(foreign, cancellationToken).ConfigureAwait(false) is not { } parent || !parent.May(MailboxRights.Create))
            return Completion.NoPermission;
        if (use != SpecialUse.None) return ImpossibleUse;
        var outcome = await session.Mailboxes.CreateAsync(parent.Owner, foreign.Inside, SpecialUse.None, cancellationToken).ConfigureAwait(false);
        if (outcome == MailboxOutcome.Done) await Inheritance.PassOnAsync(session, parent.Owner, parent.Id, parent.Inside, foreign.Inside, cancellationToken).ConfigureAwait(false);
        return await CompleteAsync(session, outcome, name, use, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<Completion> CompleteAsync(ImapSession session, MailboxOutcome outcome, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
    {
        if (outcome == MailboxOutcome.Done && await session.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } created)
            return Completion.OkWith($"MAILBOXID ({ResponseWriter.ObjectIdOf(created.Id)})");
        // Another mailbox has the use (RFC 6154 §3).
        return outcome == MailboxOutcome.Cannot && use != SpecialUse.None ? ImpossibleUse : Completion.Of(outcome);
    }
}
