using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// STATUS (RFC 3501 §6.3.10), with SIZE (RFC 8438), APPENDLIMIT (RFC 7889), HIGHESTMODSEQ (RFC 7162 §3.1.7), DELETED (RFC 9051 §6.3.11),
/// DELETED-STORAGE (RFC 9208 §4.1.4) and MAILBOXID (RFC 8474 §4.3).
/// </summary>
internal sealed record Status(MailboxArgument Mailbox, IReadOnlyList<StatusItem> Items) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        return new Status(mailbox, ParseItems(ref scanner));
    }

    /// <summary>Also of LIST RETURN (STATUS …) (RFC 5819).</summary>
    public static IReadOnlyList<StatusItem> ParseItems(ref CommandScanner scanner)
    {
        var items = new List<StatusItem>();
        scanner.Expect((byte)'(');
        do
        {
            StatusItem? item = scanner.Keyword("a status item") switch
            {
                "MESSAGES" => StatusItem.Messages,
                "RECENT" => StatusItem.Recent,
                "UIDNEXT" => StatusItem.UidNext,
                "UIDVALIDITY" => StatusItem.UidValidity,
                "UNSEEN" => StatusItem.Unseen,
                "SIZE" => StatusItem.Size,
                "DELETED" => StatusItem.Deleted,
                "DELETED-STORAGE" => StatusItem.DeletedStorage,
                "APPENDLIMIT" => StatusItem.AppendLimit,
                "HIGHESTMODSEQ" => StatusItem.HighestModSeq,
                "MAILBOXID" => StatusItem.MailboxId,
                _ => null,
            };
            if (item is null) scanner.Fail("Unknown status item");
            else if (!items.Contains(item.Value)) items.Add(item.Value);
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        return items;
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.Read) is { } refusal) return refusal;
        Enable(session, Items);
        await WriteAsync(session, mailbox!, Items, cancellationToken).ConfigureAwait(false);
        return Completion.Ok;
    }

    /// <summary>Who asks for HIGHESTMODSEQ knows mod-sequences (RFC 7162 §3.1).</summary>
    public static void Enable(ImapSession session, IReadOnlyList<StatusItem> items)
    {
        if (items.Contains(StatusItem.HighestModSeq)) session.Enable(Extensions.CondStore);
    }

    public static async ValueTask WriteAsync(ImapSession session, ReachedMailbox reached, IReadOnlyList<StatusItem> items, CancellationToken cancellationToken)
    {
        var mailbox = reached.Info;
        var deletedSize = mailbox.Deleted > 0 && items.Contains(StatusItem.DeletedStorage)
            ? await session.Mailboxes.DeletedSizeAsync(reached.Owner, mailbox.Id, cancellationToken).ConfigureAwait(false)
            : 0;
        var output = session.Output;
        output.Raw("* STATUS "u8).Mailbox(mailbox.Name).Raw(" ("u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) output.Raw(" "u8);
            _ = items[i] switch
            {
                StatusItem.Messages => output.Raw("MESSAGES "u8).Number(mailbox.Messages),
                StatusItem.Recent => output.Raw("RECENT "u8).Number(mailbox.Recent),
                StatusItem.UidNext => output.Raw("UIDNEXT "u8).Number(mailbox.UidNext.Value),
                StatusItem.UidValidity => output.Raw("UIDVALIDITY "u8).Number(mailbox.UidValidity.Value),
                StatusItem.Unseen => output.Raw("UNSEEN "u8).Number(mailbox.Unseen),
                StatusItem.Size => output.Raw("SIZE "u8).Number(mailbox.Size),
                StatusItem.Deleted => output.Raw("DELETED "u8).Number(mailbox.Deleted),
                StatusItem.DeletedStorage => output.Raw("DELETED-STORAGE "u8).Number(deletedSize),
                StatusItem.AppendLimit => output.Raw("APPENDLIMIT "u8).Number(session.Options.AppendLimit),
                StatusItem.HighestModSeq => output.Raw("HIGHESTMODSEQ "u8).Number(mailbox.HighestModSeq.Value),
                StatusItem.MailboxId => output.Raw("MAILBOXID ("u8).ObjectId(mailbox.Id).Raw(")"u8),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        output.Raw(")\r\n"u8);
    }
}

internal enum StatusItem
{
    Messages = 0,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    Size,
    AppendLimit,
    HighestModSeq,
    Deleted,
    DeletedStorage,
    MailboxId,
}
