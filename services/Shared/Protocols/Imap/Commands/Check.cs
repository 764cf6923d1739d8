namespace Merpati.Protocols.Imap.Commands;

/// <summary>CHECK (RFC 3501 §6.4.1): every change is durable already; it looks at the mailbox as NOOP does.</summary>
internal sealed record Check : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Check();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Selected.Ring();
        return new(Completion.Ok);
    }
}
