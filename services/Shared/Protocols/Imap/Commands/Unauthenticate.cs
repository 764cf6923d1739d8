namespace Merpati.Protocols.Imap.Commands;

/// <summary>UNAUTHENTICATE (RFC 8437): the connection is as after the greeting, but for TLS and compression, and somebody else may log in.</summary>
internal sealed record Unauthenticate : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Unauthenticate();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.LogOut();
        return new(Completion.OkWith($"CAPABILITY {Capabilities.For(session)}"));
    }
}
