namespace Merpati.Protocols.Imap.Commands;

/// <summary>NOTIFY (RFC 5465): what the server tells without being asked, of the selected mailbox and of others.</summary>
/// <param name="Groups">Null for NONE; null with <paramref name="BadEvent"/> where an event is named that we do not know.</param>
/// <param name="Status">The client wants to know first how the mailboxes are.</param>
internal sealed record Notify(IReadOnlyList<EventGroup>? Groups, bool Status, bool BadEvent) : Command
{
    private const int MaxGroups = 100;

    private static readonly Completion Refused = Completion.No("BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)", "Some of the events are not supported");

    private static readonly Completion TooMany = Completion.No("NOTIFICATIONOVERFLOW", "Too many mailboxes to watch");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        if (scanner.TryWord("NONE"u8)) return new Notify(null, false, false);
        if (!scanner.TryWord("SET"u8)) scanner.Fail("Expected SET or NONE");
        scanner.Space();
        var status = scanner.TryWord("STATUS"u8);
        if (status) scanner.Space();
        var groups = new List<EventGroup>();
        var badEvent = false;
        do groups.Add(EventGroup.Parse(ref scanner, ref badEvent));
        while (!scanner.Failed && scanner.TryTake((byte)' '));
        if (groups.Count > MaxGroups) scanner.Fail("Too many event groups");
        if (groups.Count(group => group.IsSelected) > 1) scanner.Fail("There is one selected mailbox");
        return new Notify(groups, status, badEvent);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (BadEvent) return Refused;
        return await session.WatchAsync(Groups, Status, cancellationToken).ConfigureAwait(false) ? Completion.Ok : TooMany;
    }
}
