using Merpati.Mailboxes;
using Merpati.Protocols.Imap.Commands;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Watches the mailboxes that an account reaches for NOTIFY (RFC 5465). It remembers what it told last, so that whatever happens between two looks is
/// told once, as it is then; memory grows with the mailboxes and not with the events.
/// </summary>
internal sealed class MailboxWatch : IDisposable
{
    private static readonly IReadOnlyList<StatusItem> Counters = [StatusItem.Messages, StatusItem.UidNext, StatusItem.UidValidity, StatusItem.Unseen];

    private static readonly IReadOnlyList<StatusItem> CountersAndModSeq = [.. Counters, StatusItem.HighestModSeq];

    private readonly IReadOnlyList<EventGroup> _groups;
    private readonly IMailboxChangeFeed _feed;
    private readonly AccountId _account;
    private readonly Dictionary<AccountId, IDisposable> _subscriptions = [];
    private readonly Action _onRing;
    private readonly AnnotationWatch? _annotations;
    private Dictionary<MailboxId, ReachedMailbox> _told = [];
    private readonly ITimer _timer;
    private int _rung;
    private int _polls;

    /// <param name="onRing">Called from any thread when something changed, or when it is time to look without being told.</param>
    public MailboxWatch(AccountId account, IReadOnlyList<EventGroup> groups, ImapEngine engine, Action onRing)
    {
        _groups = groups;
        _onRing = onRing;
        Selected = groups.FirstOrDefault(group => group.IsSelected);
        if (groups.Any(group => (group.Events & NotifyEvents.OfMetadata) != NotifyEvents.None)) _annotations = new AnnotationWatch();
        _feed = engine.Feed;
        _account = account;
        _subscriptions.Add(account, _feed.Subscribe(account, OnChange));
        _timer = engine.Time.CreateTimer(static watch => ((MailboxWatch)watch!).Poll(), this, engine.Options.IdlePoll, engine.Options.IdlePoll);
    }

    /// <summary>What is to be told of the selected mailbox; null where nothing was said about it, and it is told as ever.</summary>
    public EventGroup? Selected { get; }

    private bool WatchesOthers => _groups.Any(group => !group.IsSelected && group.Events != NotifyEvents.None);

    /// <summary>True once each time it is due to look even if no bell rang: a broker's outage hides changes.</summary>
    public bool TakePoll() => Interlocked.Exchange(ref _polls, 0) != 0;

    /// <summary>Learns how the mailboxes are. With <paramref name="status"/> the client is told, of each that has message events (RFC 5465 §3.1).</summary>
    /// <returns>False where there are more mailboxes than we are willing to watch.</returns>
    public async ValueTask<bool> StartAsync(ImapSession session, bool status, CancellationToken cancellationToken)
    {
        if (!WatchesOthers) return true;
        var mailboxes = await ListAsync(session, cancellationToken).ConfigureAwait(false);
        if (mailboxes.Count > session.Options.MaxWatchedMailboxes) return false;
        if (_annotations is not null) await _annotations.LearnAsync(session, cancellationToken).ConfigureAwait(false);
        if (!status) return true;
        foreach (var mailbox in mailboxes.Where(mailbox => mailbox.Id != session.TrySelected?.Id && (EventsOf(mailbox) & NotifyEvents.OfMessages) != NotifyEvents.None))
            await WriteStatusAsync(session, mailbox, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Tells what has changed since the last look.</summary>
    /// <returns>False where it has become too much: the client is on its own (RFC 5465 §5.8 NOTIFICATIONOVERFLOW).</returns>
    /// <remarks>After a fault it looks again with the next ring.</remarks>
    public async ValueTask<bool> TellAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (!WatchesOthers || Interlocked.Exchange(ref _rung, 0) == 0) return true;
        var before = _told;
        var mailboxes = await ListAsync(session, cancellationToken).ConfigureAwait(false);
        if (mailboxes.Count > session.Options.MaxWatchedMailboxes) return false;
        foreach (var mailbox in mailboxes)
        {
            before.Remove(mailbox.Id, out var known);
            if (mailbox == known) continue;
            TellOfTree(session, mailbox, known);
            if (mailbox.Id != session.TrySelected?.Id && (Happened(mailbox.Info, known?.Info) & EventsOf(mailbox)) != NotifyEvents.None)
                await WriteStatusAsync(session, mailbox, cancellationToken).ConfigureAwait(false);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        foreach (var gone in before.Values)
        {
            if (EventsOf(gone).HasFlag(NotifyEvents.MailboxName)) WriteList(session, gone, "\\NonExistent", null);
        }
        if (_annotations is not null) await TellOfAnnotationsAsync(session, _annotations, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>The session itself made this change.</summary>
    public void Learn(MailboxId mailbox, IReadOnlyList<AnnotationChange> changes) => _annotations?.Learn(mailbox, changes);

    /// <summary>METADATA without values (RFC 5464 §4.4.2): which entries have changed. Those of a mailbox that is gone went with it.</summary>
    private async ValueTask TellOfAnnotationsAsync(ImapSession session, AnnotationWatch annotations, CancellationToken cancellationToken)
    {
        foreach (var change in await annotations.TakeChangesAsync(session, cancellationToken).ConfigureAwait(false))
        {
            var ofServer = change.Key == Annotations.OfServer;
            var mailbox = ofServer ? null : _told.GetValueOrDefault(change.Key);
            var told = ofServer
                ? _groups.Any(group => group.Events.HasFlag(NotifyEvents.ServerMetadataChange))
                : mailbox is not null && EventsOf(mailbox).HasFlag(NotifyEvents.MailboxMetadataChange);
            if (!told) continue;
            session.Output.Raw("* METADATA "u8).Mailbox(mailbox?.Name.Value ?? "");
            foreach (var entry in change) session.Output.Raw(" "u8).AString(entry);
            session.Output.Line();
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions.Values) subscription.Dispose();
        _timer.Dispose();
    }

    private async ValueTask<IReadOnlyList<ReachedMailbox>> ListAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var withForeign = _groups.Any(group => group.ReachesOthers);
        var mailboxes = await session.ListAsync(withForeign, cancellationToken).ConfigureAwait(false);
        // Whose mailboxes came to be seen is listened to before they are looked at, so that no change falls between.
        if (withForeign && Follow(mailboxes)) mailboxes = await session.ListAsync(withForeign, cancellationToken).ConfigureAwait(false);
        _told = mailboxes.ToDictionary(mailbox => mailbox.Id);
        return mailboxes;
    }

    /// <summary>Listens to those whose mailboxes are seen, and to nobody else. True where somebody is new.</summary>
    private bool Follow(IReadOnlyList<ReachedMailbox> mailboxes)
    {
        var owners = mailboxes.Where(mailbox => EventsOf(mailbox) != NotifyEvents.None).Select(mailbox => mailbox.Owner).Append(_account).ToHashSet();
        foreach (var gone in _subscriptions.Keys.Where(owner => !owners.Contains(owner)).ToList())
        {
            _subscriptions.Remove(gone, out var subscription);
            subscription!.Dispose();
        }
        var before = _subscriptions.Count;
        foreach (var owner in owners.Where(owner => !_subscriptions.ContainsKey(owner))) _subscriptions.Add(owner, _feed.Subscribe(owner, OnChange));
        return _subscriptions.Count > before;
    }

    /// <summary>The first group that is about a mailbox says all about it (RFC 5465 §3.1).</summary>
    private NotifyEvents EventsOf(ReachedMailbox mailbox)
    {
        var events = _groups.FirstOrDefault(group => group.Covers(mailbox))?.Events ?? NotifyEvents.None;
        // Of messages it is told who may read them; of annotations, who owns them.
        if (!mailbox.May(MailboxRights.Read)) events &= ~NotifyEvents.OfMessages;
        return mailbox.IsOwn ? events : events & ~NotifyEvents.OfMetadata;
    }

    private void TellOfTree(ImapSession session, ReachedMailbox mailbox, ReachedMailbox? known)
    {
        var events = EventsOf(mailbox) | (known is null ? NotifyEvents.None : EventsOf(known));
        var attribute = mailbox.Info.Subscribed ? "\\Subscribed" : "";
        if (events.HasFlag(NotifyEvents.MailboxName) && mailbox.Name != known?.Name) WriteList(session, mailbox, attribute, known?.Name);
        else if (events.HasFlag(NotifyEvents.SubscriptionChange) && mailbox.Info.Subscribed != (known?.Info.Subscribed ?? false)) WriteList(session, mailbox, attribute, null);
    }

    private static NotifyEvents Happened(MailboxInfo mailbox, MailboxInfo? known)
    {
        if (known is null) return mailbox.Messages > 0 ? NotifyEvents.MessageNew : NotifyEvents.None;
        if (mailbox.HighestModSeq == known.HighestModSeq) return NotifyEvents.None;
        var happened = NotifyEvents.None;
        var arrived = (long)mailbox.UidNext.Value - known.UidNext.Value;
        if (arrived > 0) happened |= NotifyEvents.MessageNew;
        if (mailbox.Messages != known.Messages + arrived) happened |= NotifyEvents.MessageExpunge;
        // Every arrival and every expunge may have been a change of its own, and flags may have changed besides: nobody can tell.
        return happened == NotifyEvents.None ? NotifyEvents.FlagChange : happened;
    }

    private async ValueTask WriteStatusAsync(ImapSession session, ReachedMailbox mailbox, CancellationToken cancellationToken)
    {
        var items = session.CondStoreEnabled || EventsOf(mailbox).HasFlag(NotifyEvents.FlagChange) ? CountersAndModSeq : Counters;
        await Status.WriteAsync(session, mailbox, items, cancellationToken).ConfigureAwait(false);
        await session.Output.FlushIfFullAsync().ConfigureAwait(false);
    }

    private static void WriteList(ImapSession session, ReachedMailbox mailbox, string attribute, MailboxName? oldName)
    {
        session.Output.Raw("* LIST ("u8).Ascii(attribute).Raw(") \"/\" "u8).Mailbox(mailbox.Name);
        if (oldName is { } old) session.Output.Raw(" (\"OLDNAME\" ("u8).Mailbox(old).Raw("))"u8);
        session.Output.Line();
    }

    private void OnChange(MailboxChanged change)
    {
        // Annotations are told of as the tree is.
        if (change.Mailbox is null) _annotations?.Ring();
        Volatile.Write(ref _rung, 1);
        _onRing();
    }

    private void Poll()
    {
        Volatile.Write(ref _polls, 1);
        _annotations?.Ring();
        Volatile.Write(ref _rung, 1);
        _onRing();
    }
}
