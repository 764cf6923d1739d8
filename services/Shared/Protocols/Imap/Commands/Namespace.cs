namespace Merpati.Protocols.Imap.Commands;

/// <summary>NAMESPACE (RFC 2342): one's own mailboxes, those of other users, and those of accounts that are of no person.</summary>
internal sealed record Namespace : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Namespace();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) ((\"Shared/\" \"/\"))\r\n"u8);
        return new(Completion.Ok);
    }
}
