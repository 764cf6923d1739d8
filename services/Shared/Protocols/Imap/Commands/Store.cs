using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>STORE and UID STORE (RFC 3501 §6.4.6).</summary>
internal sealed record Store(SequenceSet Messages, bool ByUid, FlagOperation Operation, bool Silent, FlagArgument Flags) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Store Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var messages = scanner.SequenceSet();
        scanner.Space();
        var operation = scanner.TryTake((byte)'+') ? FlagOperation.Add : scanner.TryTake((byte)'-') ? FlagOperation.Remove : FlagOperation.Replace;
        var silent = scanner.TryWord("FLAGS.SILENT"u8);
        if (!silent && !scanner.TryWord("FLAGS"u8)) scanner.Fail("Expected FLAGS, +FLAGS or -FLAGS");
        scanner.Space();
        return new Store(messages, byUid, operation, silent, scanner.Flags(bare: true));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (mailbox.View.Resolve(Messages, ByUid) is not var (uids, count)) return Completion.NoSuchNumber;
        if (mailbox.ReadOnly) return Completion.ReadOnly;
        if (!Flags.IsWithinLimits) return Completion.FlagLimit;
        if (uids.IsEmpty) return Completion.Ok;
        var flags = Flags.ToFlags();
        if (Operation == FlagOperation.Add && flags.Keywords.Count > 0 && await WouldOverflowAsync(session, mailbox, uids, flags, cancellationToken).ConfigureAwait(false))
            return Completion.FlagLimit;
        var stored = Silent
            ? await StoreSilentlyAsync(session, mailbox, uids, flags, cancellationToken).ConfigureAwait(false)
            : await StoreAsync(session, mailbox, uids, flags, cancellationToken).ConfigureAwait(false);
        if (stored == count || ByUid) return Completion.Ok;
        // RFC 2180 §4.2: with .SILENT it is enough that all that are still there were changed.
        return Silent && stored > 0 ? Completion.OkWith("EXPUNGEISSUED") : Completion.SomeAreGone;
    }

    /// <summary>Says what became of each message. Returns how many were still there.</summary>
    private async ValueTask<int> StoreAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, CancellationToken cancellationToken)
    {
        var outcome = await session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, uids, Operation, flags, unchangedSince: null, cancellationToken).ConfigureAwait(false);
        var stored = 0;
        foreach (var state in outcome.Changed)
        {
            if (mailbox.View.NumberOf(state.Uid) == 0) continue;
            stored++;
            mailbox.View.Told(state);
            session.WriteFlags(mailbox, state, ByUid);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return stored;
    }

    /// <summary>
    /// The client takes its own change as known, and nothing else: flags that others changed, of which it has not heard, have to be told with it
    /// (RFC 3501 §6.4.6). So the messages that are as the client knows them are changed first, and only of these there is no news.
    /// </summary>
    private async ValueTask<int> StoreSilentlyAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, CancellationToken cancellationToken)
    {
        var (known, modified) = await session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, uids, Operation, flags, mailbox.View.ModSeq, cancellationToken).ConfigureAwait(false);
        foreach (var state in known)
        {
            mailbox.View.Told(state);
            mailbox.View.Made(state.ModSeq);
        }
        if (modified.Count == 0) return known.Count;
        var others = await session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, UidSet.Of(modified), Operation, flags, unchangedSince: null, cancellationToken).ConfigureAwait(false);
        // Told before this command ends, whether or not the bell of the others' changes has come through.
        mailbox.Ring();
        return known.Count + others.Changed.Count;
    }

    private static async ValueTask<bool> WouldOverflowAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, CancellationToken cancellationToken)
    {
        await foreach (var state in session.Mailboxes.StatesAsync(mailbox.Account, mailbox.Id, uids, cancellationToken).ConfigureAwait(false))
        {
            if (state.Flags.Keywords.Count + flags.Keywords.Count > MessageFlags.MaxKeywords
                && state.Flags.Apply(FlagOperation.Add, flags).Keywords.Count > MessageFlags.MaxKeywords) return true;
        }
        return false;
    }
}
