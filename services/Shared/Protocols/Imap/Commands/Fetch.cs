using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>FETCH and UID FETCH (RFC 3501 §6.4.5, §7.4.2), with mod-sequences (RFC 7162 §3.1.4, §3.2.6), SAVEDATE (RFC 8514), EMAILID and THREADID (RFC 8474) and PREVIEW (RFC 8970).</summary>
internal sealed record Fetch(SequenceSet Messages, bool ByUid, IReadOnlyList<FetchItem> Items, FetchModifiers Modifiers) : Command
{
    /// <summary>Messages asked of the store at a time: it is not kept waiting for the client, and memory stays bounded.</summary>
    private const int MessagesAtATime = 256;

    private const int StatesAtATime = 2048;

    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Fetch Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var messages = scanner.SequenceSet();
        scanner.Space();
        var items = FetchItems.Parse(ref scanner);
        var modifiers = FetchModifiers.Parse(ref scanner, byUid);
        // RFC 7162 §3.1.4.1: CHANGEDSINCE asks for MODSEQ too.
        return new Fetch(messages, byUid, modifiers.ChangedSince is null || items.Any(item => item is FetchItem.ModSeq) ? items : [.. items, new FetchItem.ModSeq()], modifiers);
    }

    /// <summary>Items that nobody asked for in a command: of messages that are new (RFC 5465 §5.2). They leave \Seen alone.</summary>
    public Fetch(IReadOnlyList<FetchItem> items, bool withUid)
        : this(new SequenceSet([]), withUid, [.. items.Select(item => item is FetchItem.Section section ? section with { Peek = true } : item)], FetchModifiers.None) { }

    // Looked at for each message: found once.
    private bool AsksModSeq { get; } = Items.Any(item => item is FetchItem.ModSeq);

    private bool AsksFlags { get; } = Items.Any(item => item is FetchItem.Flags);

    /// <summary>Flags alone need no more than states: what a client asks that only synchronises.</summary>
    private bool AsksStates => Items.All(item => item is FetchItem.Flags or FetchItem.Uid or FetchItem.ModSeq);

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (Modifiers.Vanished && !session.QResyncEnabled) return Completion.Bad("VANISHED needs QRESYNC to be enabled");
        if (mailbox.View.Resolve(Messages, ByUid) is not var (uids, count)) return Completion.NoSuchNumber;
        if (AsksModSeq) session.Enable(Extensions.CondStore);
        if (Modifiers.ChangedSince is { } since) return await FetchChangedAsync(session, mailbox, uids, since, cancellationToken).ConfigureAwait(false);
        if (Modifiers.Partial is not null) (uids, count) = Limit(mailbox.View, uids);
        if (count == 0) return Completion.Ok;
        // What the UIDs are is known here, also of messages that others expunged and that still have their numbers.
        if (Items.All(item => item is FetchItem.Uid) && !ShowsModSeq(session, newlySeen: false)) return await FetchUidsAsync(session, mailbox.View, uids).ConfigureAwait(false);
        return await SendAsync(session, mailbox, uids, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<Completion> SendAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, CancellationToken cancellationToken)
    {
        var count = mailbox.View.CountOf(uids);
        return AsksStates
            ? FetchStatesAsync(session, mailbox, uids, count, cancellationToken)
            : FetchMessagesAsync(session, mailbox, uids, count, cancellationToken);
    }

    /// <summary>One question to the store, however large the mailbox is: what changed, and with VANISHED what is gone.</summary>
    private async ValueTask<Completion> FetchChangedAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, ModSeq since, CancellationToken cancellationToken)
    {
        var changes = await session.Mailboxes.ChangesAsync(mailbox.Account, mailbox.Id, since, cancellationToken).ConfigureAwait(false) ?? throw new MailboxGoneException();
        if (Modifiers.Vanished)
        {
            var highest = new Uid(changes.Mailbox.UidNext.Value - 1);
            // What has a number here is told without EARLIER, when this command ends.
            await session.WriteVanishedAsync(changes.Expunged.Intersect(Messages.ToUids(highest)).SelectMany(mailbox.View.Gaps), earlier: true).ConfigureAwait(false);
        }
        var changed = changes.Changed.Where(state => uids.Contains(state.Uid) && mailbox.View.NumberOf(state.Uid) > 0).ToList();
        if (Modifiers.Partial is not null)
        {
            var (part, _) = Limit(mailbox.View, UidSet.Of(changed.Select(state => state.Uid)));
            changed.RemoveAll(state => !part.Contains(state.Uid));
        }
        if (!AsksStates && changed.Count > 0)
            return await FetchMessagesAsync(session, mailbox, UidSet.Of(changed.Select(state => state.Uid)), changed.Count, cancellationToken).ConfigureAwait(false);
        foreach (var state in changed)
        {
            WriteState(session, mailbox, state);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }

    private (UidSet Uids, int Count) Limit(MailboxView view, UidSet uids)
    {
        var part = Modifiers.Limit(uids, view);
        return (part, view.CountOf(part));
    }

    private static async ValueTask<Completion> FetchUidsAsync(ImapSession session, MailboxView view, UidSet uids)
    {
        foreach (var uid in view.Known(uids))
        {
            if (session.BeginFetch(view, uid, withUid: true)) session.Output.Raw("UID "u8).Number(uid.Value);
            session.Output.Raw(")\r\n"u8);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }

    private async ValueTask<Completion> FetchStatesAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, int count, CancellationToken cancellationToken)
    {
        var found = 0;
        var states = new List<MessageState>(Math.Min(count, StatesAtATime));
        foreach (var batch in mailbox.View.Split(uids, StatesAtATime))
        {
            states.Clear();
            await foreach (var state in session.Mailboxes.StatesAsync(mailbox.Account, mailbox.Id, batch, cancellationToken).ConfigureAwait(false)) states.Add(state);
            foreach (var state in states)
            {
                if (mailbox.View.NumberOf(state.Uid) == 0) continue;
                found++;
                WriteState(session, mailbox, state);
                await session.Output.FlushIfFullAsync().ConfigureAwait(false);
            }
        }
        return found < count && !ByUid ? Completion.SomeAreGone : Completion.Ok;
    }

    private void WriteState(ImapSession session, SelectedMailbox mailbox, MessageState state)
    {
        if (AsksFlags) session.LearnKeywords(mailbox, state.Flags);
        var hasUid = !session.BeginFetch(mailbox.View, state.Uid, ByUid);
        var first = !hasUid;
        for (var i = 0; i < Items.Count; i++)
        {
            var item = Items[i];
            if (item is FetchItem.Uid && hasUid) continue;
            if (!first) session.Output.Raw(" "u8);
            first = false;
            if (item is FetchItem.Uid) session.Output.Raw("UID "u8).Number(state.Uid.Value);
            else if (item is FetchItem.ModSeq) session.Output.ModSeq(state.ModSeq);
            else session.Output.Raw("FLAGS "u8).Flags(state.Flags, mailbox.View.IsRecent(state.Uid));
        }
        if (ShowsModSeq(session, newlySeen: false)) session.Output.Raw(" "u8).ModSeq(state.ModSeq);
        session.Output.Raw(")\r\n"u8);
    }

    /// <summary>MODSEQ is shown unasked to who knows it, with flags (RFC 7162 §3.1), and once QRESYNC is enabled in every answer to UID FETCH (§3.2.6).</summary>
    private bool ShowsModSeq(ImapSession session, bool newlySeen) => !AsksModSeq && session.CondStoreEnabled && (AsksFlags || newlySeen || ByUid && session.QResyncEnabled);

    private async ValueTask<Completion> FetchMessagesAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, int count, CancellationToken cancellationToken)
    {
        var newlySeen = await MarkSeenAsync(session, mailbox, uids, cancellationToken).ConfigureAwait(false);
        int found = 0, damaged = 0, encoded = 0;
        var messages = new List<MessageInfo>(Math.Min(count, MessagesAtATime));
        foreach (var batch in mailbox.View.Split(uids, MessagesAtATime))
        {
            messages.Clear();
            await foreach (var message in session.Mailboxes.MessagesAsync(mailbox.Account, mailbox.Id, batch, cancellationToken).ConfigureAwait(false)) messages.Add(session.Shown(message));
            foreach (var message in messages)
            {
                if (mailbox.View.NumberOf(message.Uid) == 0) continue;
                try
                {
                    await WriteMessageAsync(session, mailbox, message, newlySeen.Contains(message.Uid), cancellationToken).ConfigureAwait(false);
                    found++;
                }
                catch (UnknownEncodingException)
                {
                    encoded++;
                }
                catch (ContentDamagedException damage) when (!session.Output.OwesOctets)
                {
                    if (!await ExistsAsync(session, mailbox, message.Uid, cancellationToken).ConfigureAwait(false)) continue;
                    session.Log.MessageUnreadable(damage, session.Id, message.Uid, mailbox.Id, message.Content);
                    damaged++;
                }
                await session.Output.FlushIfFullAsync().ConfigureAwait(false);
            }
        }
        if (damaged > 0) return Completion.No("CORRUPTION", "Some messages cannot be read; the others were sent");
        if (encoded > 0) return Completion.No("UNKNOWN-CTE", "Some parts are in a transfer encoding that is not known; the others were sent");
        return found < count && !ByUid ? Completion.SomeAreGone : Completion.Ok;
    }

    /// <summary>
    /// Reading a body sets \Seen (RFC 3501 §6.4.5): one change for all messages that do not have it. Returns those, whose flags
    /// are news to the client.
    /// </summary>
    private async ValueTask<IReadOnlySet<Uid>> MarkSeenAsync(ImapSession session, SelectedMailbox mailbox, UidSet uids, CancellationToken cancellationToken)
    {
        var newlySeen = new HashSet<Uid>();
        if (mailbox.ReadOnly || !mailbox.May(MailboxRights.Seen) || !Items.Any(item => item is FetchItem.Section { Peek: false })) return newlySeen;
        await foreach (var state in session.Mailboxes.StatesAsync(mailbox.Account, mailbox.Id, uids, cancellationToken).ConfigureAwait(false))
        {
            if (!state.Flags.Has(SystemFlags.Seen) && mailbox.View.NumberOf(state.Uid) > 0) newlySeen.Add(state.Uid);
        }
        if (newlySeen.Count == 0) return newlySeen;
        StoreOutcome outcome;
        try
        {
            outcome = await session.Mailboxes.StoreFlagsAsync(mailbox.Account, mailbox.Id, UidSet.Of(newlySeen), FlagOperation.Add,
                new MessageFlags(SystemFlags.Seen, []), unchangedSince: null, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException fault)
        {
            // A store that cannot write, full perhaps, can still be read; the messages stay unseen.
            session.Log.SeenNotKept(fault, session.Id, mailbox.Id);
            return new HashSet<Uid>();
        }
        foreach (var state in outcome.Changed) mailbox.View.Told(state);
        mailbox.Contexts.Touch();
        return newlySeen;
    }

    private async ValueTask WriteMessageAsync(ImapSession session, SelectedMailbox mailbox, MessageInfo message, bool newlySeen, CancellationToken cancellationToken)
    {
        var contents = new List<SectionContent?>();
        var sizes = new List<long>();
        try
        {
            // All sections are opened before the first octet of the response is written: a damaged message leaves no half line.
            foreach (var item in Items)
            {
                if (item is FetchItem.Section section) contents.Add(await SectionContent.OpenAsync(session, mailbox.Account, message, section, cancellationToken).ConfigureAwait(false));
                if (item is FetchItem.BinarySize size) sizes.Add(await BinaryContent.CountAsync(session, mailbox.Account, message, size.Body, cancellationToken).ConfigureAwait(false));
            }
            if (newlySeen || AsksFlags) session.LearnKeywords(mailbox, message.Flags);
            var hasUid = !session.BeginFetch(mailbox.View, message.Uid, ByUid);
            var first = !hasUid;
            int next = 0, nextSize = 0;
            foreach (var item in Items)
            {
                if (item is FetchItem.Uid && hasUid) continue;
                if (!first) session.Output.Raw(" "u8);
                first = false;
                if (item is FetchItem.Section section) await WriteSectionAsync(session, mailbox, message, section, contents[next++], cancellationToken).ConfigureAwait(false);
                else if (item is FetchItem.BinarySize binary) session.Output.Raw(binary.Label).Raw(" "u8).Number(sizes[nextSize++]);
                else WriteItem(session.Output, mailbox, message, item);
            }
            if (newlySeen && !AsksFlags) session.Output.Raw(" FLAGS "u8).Flags(message.Flags, mailbox.View.IsRecent(message.Uid));
            if (ShowsModSeq(session, newlySeen)) session.Output.Raw(" "u8).ModSeq(message.ModSeq);
            session.Output.Raw(")\r\n"u8);
        }
        finally
        {
            foreach (var content in contents)
            {
                if (content is not null) await content.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static void WriteItem(ResponseWriter output, SelectedMailbox mailbox, MessageInfo message, FetchItem item)
    {
        switch (item)
        {
            case FetchItem.Flags:
                output.Raw("FLAGS "u8).Flags(message.Flags, mailbox.View.IsRecent(message.Uid));
                break;
            case FetchItem.Uid:
                output.Raw("UID "u8).Number(message.Uid.Value);
                break;
            case FetchItem.ModSeq:
                output.ModSeq(message.ModSeq);
                break;
            case FetchItem.InternalDate:
                output.Raw("INTERNALDATE "u8).DateTime(message.InternalDate);
                break;
            case FetchItem.SaveDate:
                output.Raw("SAVEDATE "u8).DateTime(message.SaveDate);
                break;
            case FetchItem.EmailId:
                output.Raw("EMAILID ("u8).Ascii(message.EmailId).Raw(")"u8);
                break;
            case FetchItem.ThreadId:
                output.Raw("THREADID ("u8).Ascii(message.ThreadId).Raw(")"u8);
                break;
            case FetchItem.Preview:
                output.Raw("PREVIEW "u8).String(message.Structure.Preview);
                break;
            case FetchItem.Size:
                output.Raw("RFC822.SIZE "u8).Number(message.Size);
                break;
            case FetchItem.Envelope:
                output.Raw("ENVELOPE "u8).Envelope(message.Structure.Envelope);
                break;
            case FetchItem.Structure structure:
                output.Raw(structure.Extensible ? "BODYSTRUCTURE "u8 : "BODY "u8).Structure(message.Structure.Root, structure.Extensible);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static async ValueTask WriteSectionAsync(
        ImapSession session, SelectedMailbox mailbox, MessageInfo message, FetchItem.Section section, SectionContent? content, CancellationToken cancellationToken)
    {
        session.Output.Raw(section.Label).Raw(" "u8);
        if (content is null)
        {
            session.Output.Raw("NIL"u8);
            return;
        }
        try { await content.WriteAsync(session.Output, cancellationToken).ConfigureAwait(false); }
        catch (Exception failure) when (failure is not ConnectionLostException && !cancellationToken.IsCancellationRequested)
        {
            session.Log.MessageBrokeOff(failure, session.Id, message.Uid, mailbox.Id, message.Content);
            throw new ConnectionLostException("a message broke off while it was sent", canWrite: true);
        }
    }

    private static async ValueTask<bool> ExistsAsync(ImapSession session, SelectedMailbox mailbox, Uid uid, CancellationToken cancellationToken)
    {
        await foreach (var _ in session.Mailboxes.StatesAsync(mailbox.Account, mailbox.Id, UidSet.Of(uid), cancellationToken).ConfigureAwait(false)) return true;
        return false;
    }
}
