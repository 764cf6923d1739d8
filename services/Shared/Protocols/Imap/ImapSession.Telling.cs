using Merpati.Mailboxes;
using Merpati.Protocols.Imap.Commands;

namespace Merpati.Protocols.Imap;

/// <summary>What a session tells of its mailboxes without being asked.</summary>
internal sealed partial class ImapSession
{
    private const int RangesInALine = 500;

    private volatile bool _idling;
    private volatile MailboxWatch? _watch;

    /// <summary>While set, a change of the mailbox wakes the session's read.</summary>
    public void SetIdling(bool idling) => _idling = idling;

    /// <summary>
    /// Looks what other sessions did to the selected mailbox, if the bell rang. Nothing of it is written. A fault is logged and the bell
    /// rings on: a command that is done stays done, and the news come with a later one.
    /// </summary>
    /// <exception cref="MailboxGoneException">It was deleted.</exception>
    public async ValueTask LookAsync(CancellationToken cancellationToken)
    {
        if (TrySelected is not { IsRung: true } mailbox) return;
        mailbox.Answer();
        try { await LookAsync(mailbox, cancellationToken).ConfigureAwait(false); }
        catch (MailboxGoneException) { throw; }
        catch (OperationCanceledException) when (Aborted.IsCancellationRequested) { throw; }
#pragma warning disable CA1031 // Logged, and tried again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            mailbox.Ring();
            Log.LookFailed(fault, Id, mailbox.Id);
        }
    }

    private async ValueTask LookAsync(SelectedMailbox mailbox, CancellationToken cancellationToken)
    {
        await CheckRightsAsync(cancellationToken).ConfigureAwait(false);
        var changes = await Mailboxes.ChangesAsync(mailbox.Account, mailbox.Id, mailbox.View.ModSeq, cancellationToken).ConfigureAwait(false)
            ?? throw new MailboxGoneException();
        var before = mailbox.View.LastUid;
        mailbox.View.Apply(changes);
        if (mailbox.View.LastUid == before || Rev2) return;
        // EXAMINE shows what is recent and takes it from nobody (RFC 3501 §6.3.2).
        mailbox.View.ClaimRecent(mailbox.ReadOnly || changes.Mailbox.FirstRecent >= changes.Mailbox.UidNext
            ? changes.Mailbox.FirstRecent
            : await Mailboxes.ClaimRecentAsync(mailbox.Account, mailbox.Id, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Tells the client what the view has in store: EXPUNGE, then EXISTS and RECENT, then flags (RFC 3501 §7.3, §7.4).</summary>
    public async ValueTask AnnounceAsync(bool expunges, bool withUid)
    {
        if (TrySelected is not { } mailbox) return;
        var view = mailbox.View;
        var wanted = _watch?.Selected;
        if (expunges) mailbox.Contexts.TellVanishing(Output, view);
        if (expunges && (QResyncEnabled || UidOnly))
        {
            await WriteVanishedAsync(view.TakeVanished(), earlier: false).ConfigureAwait(false);
        }
        else if (expunges)
        {
            foreach (var number in view.TakeExpunges())
            {
                Output.Untagged(number, "EXPUNGE"u8);
                await Output.FlushIfFullAsync().ConfigureAwait(false);
            }
        }
        var arrivals = wanted?.Items is null ? UidSet.Empty : view.Arrivals;
        if (view.TakeArrivals())
        {
            Output.Untagged(view.Count, "EXISTS"u8);
            if (!Rev2) Output.Untagged(view.RecentCount, "RECENT"u8);
        }
        // RFC 9051 §7.5.2: what nobody asked for carries the UID.
        withUid |= Rev2;
        if (!arrivals.IsEmpty) await new Fetch(wanted!.Items!, withUid).SendAsync(this, mailbox, arrivals, Aborted).ConfigureAwait(false);
        foreach (var state in view.TakeFlagChanges())
        {
            if (wanted is not null && !wanted.Events.HasFlag(NotifyEvents.FlagChange)) continue;
            WriteFlags(mailbox, state, withUid);
            await Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        await mailbox.Contexts.TellChangesAsync(this, mailbox, Aborted).ConfigureAwait(false);
    }

    /// <summary><c>* n FETCH (FLAGS (…))</c>, after a FLAGS response when it has a keyword that is new; with MODSEQ for who knows it.</summary>
    public void WriteFlags(SelectedMailbox mailbox, MessageState state, bool withUid)
    {
        if (mailbox.View.NumberOf(state.Uid) == 0) return;
        LearnKeywords(mailbox, state.Flags);
        if (!BeginFetch(mailbox.View, state.Uid, withUid)) Output.Raw(" "u8);
        Output.Raw("FLAGS "u8).Flags(state.Flags, mailbox.View.IsRecent(state.Uid));
        if (CondStoreEnabled) Output.Raw(" "u8).ModSeq(state.ModSeq);
        Output.Raw(")\r\n"u8);
    }

    /// <summary><c>* n FETCH (MODSEQ (…))</c>: the client knows the flags, having set them itself.</summary>
    public void WriteModSeq(SelectedMailbox mailbox, MessageState state, bool withUid)
    {
        if (mailbox.View.NumberOf(state.Uid) == 0) return;
        if (!BeginFetch(mailbox.View, state.Uid, withUid)) Output.Raw(" "u8);
        Output.ModSeq(state.ModSeq).Raw(")\r\n"u8);
    }

    /// <summary>
    /// <c>* n FETCH (</c>, and the UID where the command or QRESYNC asks for it (RFC 7162 §3.2.4); <c>* uid UIDFETCH (</c> once UIDONLY is enabled
    /// (RFC 9586 §3.3). Returns whether no item was written.
    /// </summary>
    public bool BeginFetch(MailboxView view, Uid uid, bool withUid)
    {
        if (UidOnly)
        {
            Output.Raw("* "u8).Number(uid.Value).Raw(" UIDFETCH ("u8);
            return true;
        }
        Output.Raw("* "u8).Number(view.NumberOf(uid)).Raw(" FETCH ("u8);
        withUid |= QResyncEnabled;
        if (withUid) Output.Raw("UID "u8).Number(uid.Value);
        return !withUid;
    }

    /// <summary><c>* VANISHED 1:3,5</c>, or <c>* VANISHED (EARLIER) …</c> of messages that have no number (RFC 7162 §3.2.10). A long set takes several lines.</summary>
    public async ValueTask WriteVanishedAsync(IEnumerable<UidRange> ranges, bool earlier)
    {
        foreach (var line in ranges.Chunk(RangesInALine))
        {
            Output.Raw(earlier ? "* VANISHED (EARLIER) "u8 : "* VANISHED "u8).UidSet(line).Line();
            await Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    public void WriteHighestModSeq(ModSeq modSeq) => Output.Raw("* OK [HIGHESTMODSEQ "u8).Number(modSeq.Value).Raw("] Highest\r\n"u8);

    public void LearnKeywords(SelectedMailbox mailbox, MessageFlags flags)
    {
        if (flags.Keywords.Count > 0 && mailbox.Learn(flags)) WriteKnownFlags(mailbox);
    }

    /// <summary><c>* FLAGS (…)</c>: what messages of this mailbox may have (RFC 3501 §7.2.6).</summary>
    public void WriteKnownFlags(SelectedMailbox mailbox)
    {
        Output.Raw("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft"u8);
        foreach (var keyword in mailbox.Keywords) Output.Raw(" "u8).Ascii(keyword);
        Output.Raw(")\r\n"u8);
    }

    /// <summary><c>* OK [PERMANENTFLAGS (…)]</c>: which flags the client may change (RFC 3501 §7.1), by its rights (RFC 4314 §5.1.1).</summary>
    public void WritePermanentFlags(SelectedMailbox mailbox)
    {
        if (mailbox.ReadOnly || (mailbox.Rights & MailboxRights.Flags) == MailboxRights.None)
        {
            Output.Raw("* OK [PERMANENTFLAGS ()] No flag can be changed\r\n"u8);
            return;
        }
        List<string> flags = [];
        if (mailbox.May(MailboxRights.Write)) flags.AddRange(["\\Answered", "\\Flagged"]);
        if (mailbox.May(MailboxRights.DeleteMessages)) flags.Add("\\Deleted");
        if (mailbox.May(MailboxRights.Seen)) flags.Add("\\Seen");
        if (mailbox.May(MailboxRights.Write)) flags.AddRange(["\\Draft", "\\*"]);
        Output.Raw("* OK [PERMANENTFLAGS ("u8).Ascii(string.Join(' ', flags)).Raw(")] Flags are kept\r\n"u8);
    }

    /// <summary>Waits for the store, and tells the client now and then that it still does (RFC 9585 INPROGRESS). Nothing else may be written meanwhile.</summary>
    public async ValueTask<T> WithProgressAsync<T>(ValueTask<T> work)
    {
        if (work.IsCompleted) return await work.ConfigureAwait(false);
        var task = work.AsTask();
        while (true)
        {
            try { return await task.WaitAsync(Options.ProgressInterval, Engine.Time, Aborted).ConfigureAwait(false); }
            catch (TimeoutException) when (!task.IsCompleted)
            {
                Output.Raw("* OK [INPROGRESS ("u8).String(Tag).Raw(" NIL NIL)] Still working\r\n"u8);
                await Output.FlushAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>What NOTIFY asks to be told from now on; null for nothing (RFC 5465 §3.1).</summary>
    /// <returns>False where it would be too much, and nothing is told.</returns>
    public async ValueTask<bool> WatchAsync(IReadOnlyList<EventGroup>? groups, bool status, CancellationToken cancellationToken)
    {
        Unwatch();
        if (groups is null) return true;
        var watch = new MailboxWatch(Account.Id, groups, Engine, Input.Wake);
        _watch = watch;
        if (await watch.StartAsync(this, status, cancellationToken).ConfigureAwait(false)) return true;
        Unwatch();
        return false;
    }

    /// <summary>Tells what NOTIFY asked for, of the selected mailbox and of the others. A fault is logged, and the news come with a later look.</summary>
    /// <exception cref="MailboxGoneException">The selected mailbox was deleted.</exception>
    public async ValueTask TellAsync(CancellationToken cancellationToken)
    {
        if (_watch is not { } watch) return;
        if (watch.TakePoll()) TrySelected?.Ring();
        if (watch.Selected is { Events: not NotifyEvents.None } selected)
        {
            await LookAsync(cancellationToken).ConfigureAwait(false);
            await AnnounceAsync(expunges: selected.Filter == NotifyFilter.Selected, withUid: false).ConfigureAwait(false);
        }
        bool keepsUp;
        try { keepsUp = await watch.TellAsync(this, cancellationToken).ConfigureAwait(false); }
        catch (ConnectionLostException) { throw; }
        catch (OperationCanceledException) when (Aborted.IsCancellationRequested) { throw; }
#pragma warning disable CA1031 // Logged, and tried again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.NotifyFailed(fault, Id);
            return;
        }
        if (keepsUp) return;
        Unwatch();
        Output.Untagged("OK", "NOTIFICATIONOVERFLOW", "Too many mailboxes to watch");
    }

    /// <summary>What the session itself changed is not told to it.</summary>
    public void Annotated(MailboxId mailbox, IReadOnlyList<AnnotationChange> changes) => _watch?.Learn(mailbox, changes);

    private void Unwatch()
    {
        _watch?.Dispose();
        _watch = null;
    }

    private void OnRing()
    {
        if (_idling || _watch is { Selected.Events: not NotifyEvents.None }) Input.Wake();
    }
}
