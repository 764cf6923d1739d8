namespace Merpati.Protocols.Imap.Commands;

/// <summary>ENABLE (RFC 5161). Nothing that is advertised needs enabling yet; names we do not know are passed over, as §3.1 asks.</summary>
internal sealed record Enable : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        do
        {
            scanner.Space();
            scanner.Atom("a capability");
        }
        while (scanner.NextIs((byte)' '));
        return new Enable();
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* ENABLED\r\n"u8);
        return new(Completion.Ok);
    }
}
