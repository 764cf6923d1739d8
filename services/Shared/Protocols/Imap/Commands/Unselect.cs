namespace Merpati.Protocols.Imap.Commands;

/// <summary>UNSELECT (RFC 3691): CLOSE without expunging.</summary>
internal sealed record Unselect : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Unselect();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Deselect();
        return new(Completion.Ok);
    }
}
