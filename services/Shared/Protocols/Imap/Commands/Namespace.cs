namespace Merpati.Protocols.Imap.Commands;

/// <summary>NAMESPACE (RFC 2342): one personal namespace, nothing shared.</summary>
internal sealed record Namespace : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Namespace();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"u8);
        return new(Completion.Ok);
    }
}
