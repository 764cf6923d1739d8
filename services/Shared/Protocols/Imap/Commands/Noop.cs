namespace Merpati.Protocols.Imap.Commands;

/// <summary>NOOP (RFC 3501 §6.1.2): the way to poll, so it looks at the mailbox even if no bell rang.</summary>
internal sealed record Noop : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Noop();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.TrySelected?.Ring();
        return new(Completion.Ok);
    }
}
