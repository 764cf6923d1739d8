using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// APPEND (RFC 3501 §6.3.11) of one message or several (RFC 3502), with APPENDUID (RFC 4315 §3), literal8 (RFC 3516 §4.4), CATENATE (RFC 4469) and UTF8 (RFC 6855 §4).
/// The record is made when the first literal is announced; what can be refused is refused before the client is told to send. Messages stream from the connection into the store.
/// </summary>
internal sealed record Append(MailboxArgument Mailbox, IReadOnlyList<AppendPiece> Pieces, AppendPosition Position) : Command
{
    public override bool TakesMessage => Pieces is [.., AppendPiece.Literal];

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        var pieces = new List<AppendPiece>();
        var position = AppendPieces.Parse(ref scanner, AppendPosition.Message, several: true, pieces);
        return new Append(mailbox, pieces, position);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var (done, completion) = await RunAsync(session, Mailbox, new AppendFeed(session, Pieces, Position, several: true), replaced: null, refusal: null, cancellationToken).ConfigureAwait(false);
        return done is null ? completion : Completion.OkWith(Code(done));
    }

    /// <summary>APPENDUID of the messages, whose UIDs ascend.</summary>
    public static string Code(AppendOutcome.Done done) => $"APPENDUID {done.Messages[0].UidValidity} {UidSet.Of(done.Messages.Select(message => message.Uid))}";

    /// <summary>Also of REPLACE. Null and how the command ends where nothing was stored.</summary>
    public static async ValueTask<(AppendOutcome.Done? Done, Completion Completion)> RunAsync(
        ImapSession session, MailboxArgument argument, AppendFeed feed, ReplacedMessage? replaced, Completion? refusal, CancellationToken cancellationToken)
    {
        AppendOutcome? outcome = null;
        try
        {
            if (refusal is null)
            {
                var (mailbox, impossible) = await session.FindDestinationAsync(argument, cancellationToken).ConfigureAwait(false);
                if (mailbox is null) refusal = impossible;
                else outcome = await StoreAsync(session, mailbox, feed, replaced, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception) when (feed.IsLost) { throw new ConnectionLostException("The client went away within a message", canWrite: true); }
        catch (Exception) when (feed.Refusal is not null) { refusal = feed.Refusal; }
        catch when (feed.Owed is not null && !session.Aborted.IsCancellationRequested)
        {
            if (await DropAsync(session, feed.Owed).ConfigureAwait(false) is { } end) return (null, end);
            throw;
        }
        if (outcome is not AppendOutcome.Done && await DropAsync(session, feed.Owed).ConfigureAwait(false) is { } tooMuch) return (null, tooMuch);
        if (outcome is AppendOutcome.Done done)
        {
            // RFC 3501 §6.3.11: the new message of the selected mailbox is told of at once, whether or not a bell rang.
            if (session.TrySelected is { } selected && selected.Id == done.Messages[0].Mailbox) selected.Ring();
            return (done, Completion.Ok);
        }
        return (null, refusal ?? Refusal(outcome));
    }

    private static async ValueTask<AppendOutcome> StoreAsync(ImapSession session, ReachedMailbox mailbox, AppendFeed feed, ReplacedMessage? replaced, CancellationToken cancellationToken)
    {
        var messages = feed.MessagesAsync(mailbox.Rights, cancellationToken);
        if (replaced is not { } other || session.Selected.Account == mailbox.Owner)
            return await session.Mailboxes.AppendAsync(mailbox.Owner, mailbox.Id, messages, replaced, cancellationToken).ConfigureAwait(false);
        // Two accounts share no transaction: the new message first, so that none is lost, and it goes again where the old one is there no more.
        var outcome = await session.Mailboxes.AppendAsync(mailbox.Owner, mailbox.Id, messages, replaced: null, cancellationToken).ConfigureAwait(false);
        if (outcome is not AppendOutcome.Done done) return outcome;
        var gone = await session.Mailboxes.ExpungeAsync(session.Selected.Account, other.Mailbox, UidSet.Of(other.Uid), onlyDeleted: false, cancellationToken).ConfigureAwait(false);
        if (gone.Count > 0) return outcome;
        await session.Mailboxes.ExpungeAsync(mailbox.Owner, mailbox.Id, UidSet.Of(done.Messages.Select(message => message.Uid)), onlyDeleted: false, cancellationToken).ConfigureAwait(false);
        return new AppendOutcome.NoSuchMessage();
    }

    private static Completion Refusal(AppendOutcome? outcome) => outcome switch
    {
        AppendOutcome.OverQuota => Completion.OverQuota,
        AppendOutcome.TooLarge => Completion.TooBig,
        AppendOutcome.NotConvertible => Completion.No("UNKNOWN-CTE", "The message holds a NUL, and a part with it cannot be given another transfer encoding"),
        AppendOutcome.NoSuchMessage => Completion.No("EXPUNGEISSUED", "The message to be replaced is no longer there"),
        _ => Completion.TryCreate,
    };

    /// <summary>Reads past the rest of the command; not null when the session has to end.</summary>
    private static async ValueTask<Completion?> DropAsync(ImapSession session, long? octets)
        => octets is null ? null : await session.Reader.DiscardAsync(octets.Value, session.Options.MaxDiscard).ConfigureAwait(false) switch
        {
            null => null,
            { Refusal: { } refusal } => refusal,
            _ => throw new ConnectionLostException("The client went away within a message", canWrite: true),
        };
}
