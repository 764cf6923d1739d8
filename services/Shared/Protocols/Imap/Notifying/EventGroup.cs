using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>One parenthesis of NOTIFY SET: mailboxes, and what is to be told of them (RFC 5465 §8).</summary>
/// <param name="Names">Of SUBTREE and MAILBOXES; names that cannot be match nothing.</param>
/// <param name="Items">What of a new message in the selected mailbox is sent with it, or null.</param>
internal sealed record EventGroup(NotifyFilter Filter, IReadOnlySet<MailboxName> Names, NotifyEvents Events, IReadOnlyList<FetchItem>? Items)
{
    public bool IsSelected => Filter is NotifyFilter.Selected or NotifyFilter.SelectedDelayed;

    /// <summary>It may be about mailboxes of others.</summary>
    public bool ReachesOthers => Filter is NotifyFilter.Subscribed or NotifyFilter.Subtree or NotifyFilter.Mailboxes;

    /// <summary>Is it about this mailbox, selected or not?</summary>
    public bool Covers(ReachedMailbox mailbox) => Filter switch
    {
        NotifyFilter.Inboxes => mailbox.IsOwn && (mailbox.Name.IsInbox || mailbox.Info.SpecialUse == SpecialUse.Junk),
        NotifyFilter.Personal => mailbox.IsOwn,
        NotifyFilter.Subscribed => mailbox.Info.Subscribed,
        NotifyFilter.Subtree => HasAtOrAbove(mailbox.Name),
        NotifyFilter.Mailboxes => Names.Contains(mailbox.Name),
        _ => false,
    };

    /// <summary>However many names there are: a name has few above it.</summary>
    private bool HasAtOrAbove(MailboxName name)
    {
        for (MailboxName? at = name; at is { } level; at = level.Parent)
        {
            if (Names.Contains(level)) return true;
        }
        return false;
    }

    /// <summary>Null events where one is named that we cannot tell of: BADEVENT is due, and no syntax error.</summary>
    public static EventGroup Parse(ref CommandScanner scanner, ref bool badEvent)
    {
        scanner.Expect((byte)'(');
        var filter = ParseFilter(ref scanner);
        var names = new HashSet<MailboxName>();
        if (filter is NotifyFilter.Subtree or NotifyFilter.Mailboxes)
        {
            scanner.Space();
            ParseNames(ref scanner, names);
        }
        scanner.Space();
        IReadOnlyList<FetchItem>? items = null;
        var events = scanner.TryWord("NONE"u8) ? NotifyEvents.None : ParseEvents(ref scanner, ref items, ref badEvent);
        scanner.Expect((byte)')');
        var group = new EventGroup(filter, names, events, items);
        if (!badEvent) group.Check(ref scanner);
        return group;
    }

    private void Check(ref CommandScanner scanner)
    {
        // RFC 5465 §5: new messages and expunged ones are told of together or not at all, and flags only with them.
        if (Events.HasFlag(NotifyEvents.MessageNew) != Events.HasFlag(NotifyEvents.MessageExpunge)) scanner.Fail("MessageNew and MessageExpunge go together");
        else if (Events.HasFlag(NotifyEvents.FlagChange) && !Events.HasFlag(NotifyEvents.MessageNew)) scanner.Fail("FlagChange goes with MessageNew and MessageExpunge");
        else if (Items is not null && !IsSelected) scanner.Fail("FETCH items are for the selected mailbox only");
        else if (IsSelected && (Events & ~NotifyEvents.OfMessages) != NotifyEvents.None) scanner.Fail("Only message events are of the selected mailbox");
    }

    private static NotifyFilter ParseFilter(ref CommandScanner scanner)
    {
        switch (scanner.Keyword("a mailbox filter"))
        {
            case "SELECTED": return NotifyFilter.Selected;
            case "SELECTED-DELAYED": return NotifyFilter.SelectedDelayed;
            case "INBOXES": return NotifyFilter.Inboxes;
            case "PERSONAL": return NotifyFilter.Personal;
            case "SUBSCRIBED": return NotifyFilter.Subscribed;
            case "SUBTREE": return NotifyFilter.Subtree;
            case "MAILBOXES": return NotifyFilter.Mailboxes;
            default:
                scanner.Fail("Unknown mailbox filter");
                return NotifyFilter.Personal;
        }
    }

    private static void ParseNames(ref CommandScanner scanner, HashSet<MailboxName> names)
    {
        var listed = scanner.TryTake((byte)'(');
        do
        {
            if (scanner.Mailbox().Name is { } name) names.Add(name);
        }
        while (listed && scanner.TryTake((byte)' '));
        if (listed) scanner.Expect((byte)')');
    }

    private static NotifyEvents ParseEvents(ref CommandScanner scanner, ref IReadOnlyList<FetchItem>? items, ref bool badEvent)
    {
        var events = NotifyEvents.None;
        scanner.Expect((byte)'(');
        do
        {
            switch (scanner.Keyword("an event"))
            {
                case "MESSAGENEW":
                    events |= NotifyEvents.MessageNew;
                    if (scanner.NextAre(" ("u8))
                    {
                        scanner.Space();
                        items = FetchItems.Parse(ref scanner);
                    }
                    break;
                case "MESSAGEEXPUNGE": events |= NotifyEvents.MessageExpunge; break;
                case "FLAGCHANGE": events |= NotifyEvents.FlagChange; break;
                case "MAILBOXNAME": events |= NotifyEvents.MailboxName; break;
                case "SUBSCRIPTIONCHANGE": events |= NotifyEvents.SubscriptionChange; break;
                case "MAILBOXMETADATACHANGE": events |= NotifyEvents.MailboxMetadataChange; break;
                case "SERVERMETADATACHANGE": events |= NotifyEvents.ServerMetadataChange; break;
                // AnnotationChange too: there are no annotations of messages.
                default: badEvent = true; break;
            }
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        return events;
    }
}
