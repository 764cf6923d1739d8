using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>STORE and UID STORE (RFC 3501 §6.4.6), conditional with UNCHANGEDSINCE (RFC 7162 §3.1.3).</summary>
/// <param name="UnchangedSince">Messages with a higher MODSEQ are left alone, and named in MODIFIED.</param>
internal sealed record Store(SequenceSet Messages, bool ByUid, ModSeq? UnchangedSince, FlagOperation Operation, bool Silent, FlagArgument Flags) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Store Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var messages = scanner.SequenceSet();
        scanner.Space();
        var unchangedSince = ParseUnchangedSince(ref scanner);
        var operation = scanner.TryTake((byte)'+') ? FlagOperation.Add : scanner.TryTake((byte)'-') ? FlagOperation.Remove : FlagOperation.Replace;
        var silent = scanner.TryWord("FLAGS.SILENT"u8);
        if (!silent && !scanner.TryWord("FLAGS"u8)) scanner.Fail("Expected FLAGS, +FLAGS or -FLAGS");
        scanner.Space();
        return new Store(messages, byUid, unchangedSince, operation, silent, scanner.Flags(bare: true));
    }

    /// <summary>store-modifiers of RFC 4466 §2.5; this is the one there is.</summary>
    private static ModSeq? ParseUnchangedSince(ref CommandScanner scanner)
    {
        if (!scanner.TryTake((byte)'(')) return null;
        if (!scanner.TryWord("UNCHANGEDSINCE"u8)) scanner.Fail("Unknown STORE modifier");
        scanner.Space();
        var unchangedSince = new ModSeq(scanner.ModSeqValue());
        scanner.Expect((byte)')');
        scanner.Space();
        return unchangedSince;
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (mailbox.View.Resolve(Messages, ByUid) is not var (uids, count)) return Completion.NoSuchNumber;
        if (UnchangedSince is not null) session.Enable(Extensions.CondStore);
        if (mailbox.ReadOnly) return Completion.ReadOnly;
        if (!Flags.IsWithinLimits) return Completion.FlagLimit;
        var asked = Flags.ToFlags();
        var flags = asked.Within(mailbox.Rights);
        // RFC 4314 §4: it does not fail as long as there is a right to one of the flags.
        if ((mailbox.Rights & MailboxRights.Flags) == MailboxRights.None || flags == MessageFlags.None && asked != MessageFlags.None) return Completion.NoPermission;
        if (uids.IsEmpty) return Completion.Ok;
        if (Operation == FlagOperation.Add && flags.Keywords.Count > 0 && await WouldOverflowAsync(session, mailbox, uids, flags, cancellationToken).ConfigureAwait(false))
            return Completion.FlagLimit;
        var (stored, modified) = await StoreAsync(session, mailbox, uids, flags, cancellationToken).ConfigureAwait(false);
        var code = modified.Count == 0 ? null : "MODIFIED " + (ByUid ? UidSet.Of(modified).ToString() : Numbers(mailbox.View, modified));
        if (stored + modified.Count == count || ByUid) return code is null ? Completion.Ok : Completion.OkWith(code, "Some of the messages have changed since");
        if (code is not null) return Completion.No(code, "Some of the messages have changed since, or are no longer there");
        // RFC 2180 §4.2: with .SILENT it is enough that all that are still there were changed.
        return Silent && stored > 0 ? Completion.OkWith("EXPUNGEISSUED") : Completion.SomeAreGone;
    }

    /// <summary>
    /// The client takes its own change as known, and nothing else: flags that others changed, of which it has not heard, have to be told with it
    /// (RFC 3501 §6.4.6). So the messages that are as the client knows them are changed first, and only of these .SILENT says nothing.
    /// Returns how many messages were still there, and which were left alone.
    /// </summary>
    private async ValueTask<(int Stored, IReadOnlyList<Uid> Modified)> StoreAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, CancellationToken cancellationToken)
    {
        var view = mailbox.View;
        var known = UnchangedSince;
        if (Silent && (known is null || known > view.ModSeq)) known = view.ModSeq;
        var (changed, modified) = await session.WithProgressAsync(ApplyAsync(session, mailbox, uids, flags, known, cancellationToken)).ConfigureAwait(false);
        var stored = 0;
        // Searches that are kept up to date are told of it with this command, whether or not a bell rang.
        mailbox.Contexts.Touch();
        // Without the limit a message that had the flags already, by another's change, is among them; only under it all that is newer is of this command.
        var own = known <= view.ModSeq;
        foreach (var state in changed)
        {
            if (view.NumberOf(state.Uid) == 0) continue;
            stored++;
            view.Told(state);
            if (own) view.Made(state.ModSeq);
            if (!Silent) session.WriteFlags(mailbox, state, ByUid);
            else if (session.CondStoreEnabled) session.WriteModSeq(mailbox, state, ByUid);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        if (modified.Count > 0 && known != UnchangedSince)
        {
            (var others, modified) = await session.WithProgressAsync(ApplyAsync(session, mailbox, UidSet.Of(modified), flags, UnchangedSince, cancellationToken)).ConfigureAwait(false);
            stored += others.Count(state => view.NumberOf(state.Uid) > 0);
            // Told before this command ends, whether or not the bell of the others' changes has come through.
            mailbox.Ring();
        }
        // What kept a message from being changed is news as well.
        if (modified.Count > 0) mailbox.Ring();
        return (stored, [.. modified.Where(uid => view.NumberOf(uid) > 0)]);
    }

    private ValueTask<StoreOutcome> ApplyAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
        => Operation != FlagOperation.Replace || mailbox.May(MailboxRights.Flags)
            ? session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, uids, Operation, flags, unchangedSince, cancellationToken)
            : ReplaceWithinRightsAsync(session, mailbox, uids, flags, unchangedSince, cancellationToken);

    /// <summary>
    /// Who may not change all flags leaves the others as they are. They are read first; where somebody changes them meanwhile, they are read again.
    /// </summary>
    private static async ValueTask<StoreOutcome> ReplaceWithinRightsAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        const int MaxRounds = 20;
        var (changed, modified) = (new List<MessageState>(), new List<Uid>());
        for (var round = 0; !uids.IsEmpty; round++)
        {
            if (round == MaxRounds) throw new IOException("The flags change faster than they can be read.");
            var states = new List<MessageState>();
            await foreach (var state in session.Mailboxes.StatesAsync(mailbox.Account, mailbox.Id, uids, cancellationToken).ConfigureAwait(false)) states.Add(state);
            modified.AddRange(states.Where(state => state.ModSeq > unchangedSince).Select(state => state.Uid));
            states.RemoveAll(state => state.ModSeq > unchangedSince);
            if (states.Count == 0) break;
            var read = states.Max(state => state.ModSeq);
            var again = new List<Uid>();
            foreach (var alike in states.GroupBy(state => state.Flags.Within(MailboxRights.Flags & ~mailbox.Rights).Apply(FlagOperation.Add, flags), state => state.Uid))
            {
                var outcome = await session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, UidSet.Of(alike), FlagOperation.Replace, alike.Key, read, cancellationToken).ConfigureAwait(false);
                changed.AddRange(outcome.Changed);
                again.AddRange(outcome.Modified);
            }
            uids = UidSet.Of(again);
        }
        return new StoreOutcome([.. changed.OrderBy(state => state.Uid)], [.. modified.Order()]);
    }

    private static string Numbers(MailboxView view, IReadOnlyList<Uid> uids) => UidSet.Of(uids.Select(uid => new Uid((uint)view.NumberOf(uid)))).ToString();

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
