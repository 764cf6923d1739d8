using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// APPEND (RFC 3501 §6.3.11), with APPENDUID (RFC 4315 §3). The record is made when the literal is announced; what can be refused is
/// refused before the client is told to send. The message streams from the connection into the store.
/// </summary>
internal sealed record Append(MailboxArgument Mailbox, FlagArgument? Flags, DateTimeOffset? InternalDate, long Size, bool NonSynchronizing) : Command
{
    public override bool TakesMessage => true;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        FlagArgument? flags = null;
        if (scanner.NextIs((byte)'('))
        {
            flags = scanner.Flags(bare: false);
            scanner.Space();
        }
        DateTimeOffset? date = null;
        if (scanner.NextIs((byte)'"'))
        {
            if (ImapDate.TryParseDateTime(scanner.Text(scanner.String("a date")), out var moment)) date = moment;
            else scanner.Fail("A date is written as \"17-Jul-1996 02:44:25 -0700\"");
            scanner.Space();
        }
        scanner.TryLiteralHeader(out var size, out var nonSynchronizing);
        if (scanner.Remaining > 0) scanner.Fail("The message is read from the connection, not from the command");
        return new Append(mailbox, flags, date, size, nonSynchronizing);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        MailboxInfo? mailbox = null;
        var refusal = Check(session.Options);
        if (refusal is null)
        {
            try
            {
                if (Mailbox.Name is { } name) mailbox = await session.Mailboxes.FindAsync(session.Account.Id, name, cancellationToken).ConfigureAwait(false);
            }
            catch when (NonSynchronizing)
            {
                if (await DropAsync(session, Size).ConfigureAwait(false) is { } end) return end;
                throw;
            }
            if (mailbox is null) refusal = Completion.TryCreate;
        }
        if (refusal is { } refused) return NonSynchronizing ? await DropAsync(session, Size).ConfigureAwait(false) ?? refused : refused;
        if (!NonSynchronizing) session.Output.Continue("Ready for the message");
        return await ReceiveAsync(session, mailbox!, cancellationToken).ConfigureAwait(false);
    }

    private Completion? Check(ImapOptions options)
    {
        if (Size > options.AppendLimit) return Completion.No("TOOBIG", "The message is larger than APPENDLIMIT");
        if (Size == 0) return Completion.No("CANNOT", "An empty message cannot be stored");
        return Flags is { IsWithinLimits: false } ? Completion.FlagLimit : null;
    }

    private async ValueTask<Completion> ReceiveAsync(ImapSession session, MailboxInfo mailbox, CancellationToken cancellationToken)
    {
        var message = new MessageLiteral(session.Input, session.Options.StallTimeout, Size);
        await using var _ = message.ConfigureAwait(false);
        AppendOutcome? outcome = null;
        try
        {
            outcome = await session.Mailboxes
                .AppendAsync(session.Account.Id, mailbox.Id, Flags?.ToFlags() ?? MessageFlags.None, InternalDate, Size, message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (message.IsLost) { throw new ConnectionLostException("The client went away within a message", canWrite: true); }
        catch (EndOfStreamException) when (message.HoldsNul || message.IsFollowedByMore) { }
        catch when (!message.IsComplete && !session.Aborted.IsCancellationRequested)
        {
            if (await DropAsync(session, message.Remaining).ConfigureAwait(false) is { } end) return end;
            throw;
        }
        if (!message.IsComplete && await DropAsync(session, message.Remaining).ConfigureAwait(false) is { } tooMuch) return tooMuch;
        if (message.HoldsNul) return Completion.Bad("A message holds no NUL; nothing was stored");
        if (message.IsFollowedByMore) return Completion.Bad("Unexpected text after the message; nothing was stored");
        return outcome switch
        {
            AppendOutcome.Done done => Appended(session, done.Messages[0]),
            AppendOutcome.OverQuota => Completion.OverQuota,
            AppendOutcome.TooLarge => Completion.No("TOOBIG", "The message is larger than APPENDLIMIT"),
            _ => Completion.TryCreate,
        };
    }

    private static Completion Appended(ImapSession session, Appended message)
    {
        // RFC 3501 §6.3.11: the new message of the selected mailbox is told of at once, whether or not a bell rang.
        if (session.TrySelected is { } selected && selected.Id == message.Mailbox) selected.Ring();
        return Completion.OkWith($"APPENDUID {message.UidValidity} {message.Uid}");
    }

    /// <summary>Reads past the rest of the command; not null when the session has to end.</summary>
    private static async ValueTask<Completion?> DropAsync(ImapSession session, long octets)
        => await session.Reader.DiscardAsync(octets, session.Options.MaxDiscard).ConfigureAwait(false) switch
        {
            null => null,
            { Refusal: { } refusal } => refusal,
            _ => throw new ConnectionLostException("The client went away within a message", canWrite: true),
        };
}
