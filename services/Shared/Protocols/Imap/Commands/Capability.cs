namespace Merpati.Protocols.Imap.Commands;

/// <summary>CAPABILITY (RFC 3501 §6.1.1).</summary>
internal sealed record Capability : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Capability();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* CAPABILITY "u8).Ascii(Capabilities.For(session)).Line();
        return new(Completion.Ok);
    }
}
