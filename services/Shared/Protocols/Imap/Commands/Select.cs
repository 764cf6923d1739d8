using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SELECT (RFC 3501 §6.3.1) and EXAMINE (§6.3.2), with CONDSTORE and QRESYNC (RFC 7162 §3.1.8, §3.2.5) and MAILBOXID (RFC 8474 §4.2). Whatever comes of it, the mailbox selected before is no more.</summary>
internal sealed record Select(MailboxArgument Mailbox, bool ReadOnly, bool CondStore, QResyncParameters? QResync) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, readOnly: false);

    public static Command ParseExamine(ref CommandScanner scanner) => Parse(ref scanner, readOnly: true);

    private static Select Parse(ref CommandScanner scanner, bool readOnly)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        var condStore = false;
        QResyncParameters? qresync = null;
        if (!scanner.TryTake((byte)' ')) return new Select(mailbox, readOnly, condStore, qresync);
        scanner.Expect((byte)'(');
        do
        {
            switch (scanner.Keyword("a parameter"))
            {
                case "CONDSTORE":
                    condStore = true;
                    break;
                case "QRESYNC" when qresync is null:
                    scanner.Space();
                    qresync = QResyncParameters.Parse(ref scanner);
                    break;
                default:
                    scanner.Fail("Unknown parameter, or one too many");
                    break;
            }
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        return new Select(mailbox, readOnly, condStore, qresync);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (QResync is not null && !session.QResyncEnabled) return Completion.Bad("QRESYNC has to be enabled first");
        // RFC 7162 §3.2.11: what comes from here on is of the other mailbox.
        if (session.TrySelected is not null && (session.QResyncEnabled || session.Rev2)) session.Output.Untagged("OK", "CLOSED", "The mailbox selected before is closed");
        session.Deselect();
        if (CondStore) session.Enable(Extensions.CondStore);
        var found = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(found, MailboxRights.Read) is { } refusal) return refusal;
        if (await session.Mailboxes.SnapshotAsync(found!.Owner, found.Id, cancellationToken).ConfigureAwait(false) is not var (mailbox, uids)) return Completion.NoSuchMailbox;

        var view = new MailboxView(uids, mailbox.HighestModSeq);
        var readOnly = ReadOnly || ReachedMailbox.IsReadOnly(found.Rights);
        if (!session.Rev2) await ClaimRecentAsync(session, found.Owner, mailbox, view, readOnly, cancellationToken).ConfigureAwait(false);
        var firstUnseen = session.Rev2 || session.UidOnly ? 0 : await FindFirstUnseenAsync(session, found.Owner, mailbox, uids, view, cancellationToken).ConfigureAwait(false);

        var selected = session.Select(found, view, ReadOnly);
        var output = session.Output;
        session.WriteKnownFlags(selected);
        session.WritePermanentFlags(selected);
        output.Untagged(view.Count, "EXISTS"u8);
        if (!session.Rev2) output.Untagged(view.RecentCount, "RECENT"u8);
        if (firstUnseen > 0) output.Raw("* OK [UNSEEN "u8).Number(firstUnseen).Raw("] First unseen\r\n"u8);
        output.Raw("* OK [UIDVALIDITY "u8).Number(mailbox.UidValidity.Value).Raw("] UIDs are valid\r\n"u8);
        output.Raw("* OK [UIDNEXT "u8).Number(mailbox.UidNext.Value).Raw("] Next UID\r\n"u8);
        session.WriteHighestModSeq(mailbox.HighestModSeq);
        output.Raw("* OK [MAILBOXID ("u8).ObjectId(mailbox.Id).Raw(")] Its id\r\n"u8);
        // RFC 9051 §6.3.2, with OLDNAME where the client writes the name otherwise (§6.3.9.7).
        if (session.Rev2 && Mailbox.Denormalized is { } other) OldName.Write(session, found.Name, other, exists: true);
        else if (session.Rev2) output.Raw("* LIST () \"/\" "u8).Mailbox(found.Name).Line();
        if (QResync is { } known && known.UidValidity == mailbox.UidValidity) await ResynchroniseAsync(session, selected, known, cancellationToken).ConfigureAwait(false);
        return Completion.OkWith(readOnly ? "READ-ONLY" : "READ-WRITE");
    }

    /// <summary>Who only looks takes \Recent from nobody; and where there is nothing to claim the store is spared a write.</summary>
    private static async ValueTask ClaimRecentAsync(ImapSession session, AccountId owner, MailboxInfo mailbox, MailboxView view, bool readOnly, CancellationToken cancellationToken)
        => view.ClaimRecent(readOnly || mailbox.FirstRecent >= mailbox.UidNext
            ? mailbox.FirstRecent
            : await session.Mailboxes.ClaimRecentAsync(owner, mailbox.Id, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// What happened to the mailbox since the client saw it last: one question to the store. Its answer may be newer than the snapshot; what is
    /// newer is told again at the end of the next command.
    /// </summary>
    private static async ValueTask ResynchroniseAsync(ImapSession session, SelectedMailbox mailbox, QResyncParameters known, CancellationToken cancellationToken)
    {
        var changes = await session.Mailboxes.ChangesAsync(mailbox.Account, mailbox.Id, known.ModSeq, cancellationToken).ConfigureAwait(false) ?? throw new MailboxGoneException();
        await session.WriteVanishedAsync(known.Vanished(changes.Expunged, mailbox.View), earlier: true).ConfigureAwait(false);
        foreach (var state in changes.Changed)
        {
            if (known.Known is { } uids && !uids.Contains(state.Uid)) continue;
            session.WriteFlags(mailbox, state, withUid: true);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<int> FindFirstUnseenAsync(ImapSession session, AccountId owner, MailboxInfo mailbox, Uid[] uids, MailboxView view, CancellationToken cancellationToken)
        => await session.Mailboxes.FirstUnseenAsync(owner, mailbox, uids, cancellationToken).ConfigureAwait(false) is { } uid ? view.NumberOf(uid) : 0;
}
