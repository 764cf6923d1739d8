using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SETMETADATA (RFC 5464 §4.3): all the entries or none; NIL removes one.</summary>
internal sealed record SetMetadata(MailboxArgument Mailbox, IReadOnlyList<AnnotationChange> Changes) : Command
{
    private static readonly Completion TooLarge = Completion.No($"METADATA MAXSIZE {Annotations.MaxValueLength}", "The value is too large");

    private static readonly Completion TooMany = Completion.No("METADATA TOOMANY", "No more entries fit here");

    private static readonly Completion OfAdministrators = Completion.No("NOPERM", "Shared entries of the server are set by the administrator");

    /// <summary>Of others' mailboxes no private annotations are kept (RFC 5464 §4.3).</summary>
    private static readonly Completion OfOwner = Completion.No("METADATA NOPRIVATE", "Private entries are of one's own mailboxes");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        scanner.Expect((byte)'(');
        var changes = new List<AnnotationChange>();
        do
        {
            var entry = EntryNames.Parse(ref scanner, withValue: true);
            scanner.Space();
            ReadOnlyMemory<byte>? value = scanner.NString8("a value", out var octets) ? octets.ToArray() : default(ReadOnlyMemory<byte>?);
            changes.Add(new AnnotationChange(EntryNames.Fold(entry), value));
        }
        while (!scanner.Failed && scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        return new SetMetadata(mailbox, changes);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (!Mailbox.IsEmpty && EntryNames.Refusal(mailbox) is { } refusal) return refusal;
        if (mailbox is { IsOwn: false })
        {
            if (!Changes.All(change => EntryNames.IsShared(change.Entry))) return OfOwner;
            if (!mailbox.May(MailboxRights.Write)) return Completion.NoPermission;
        }
        var (owner, id) = mailbox?.Place ?? new MailboxPlace(session.Account.Id, Annotations.OfServer);
        if (mailbox is null && Changes.Any(change => EntryNames.IsShared(change.Entry))) return OfAdministrators;
        if (Changes.Any(change => change.Value is { Length: > Annotations.MaxValueLength })) return TooLarge;
        switch (await session.Mailboxes.AnnotateAsync(owner, id, Changes, cancellationToken).ConfigureAwait(false))
        {
            case AnnotationOutcome.Done:
                if (owner == session.Account.Id) session.Annotated(id, Changes);
                return Completion.Ok;
            case AnnotationOutcome.TooMany:
                return TooMany;
            case AnnotationOutcome.OverQuota:
                return Completion.OverQuota;
            default:
                return Completion.NoSuchMailbox;
        }
    }
}
