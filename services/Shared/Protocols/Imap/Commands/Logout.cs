namespace Merpati.Protocols.Imap.Commands;

/// <summary>LOGOUT (RFC 3501 §6.1.3).</summary>
internal sealed record Logout : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Logout();

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
        => new(Completion.Ok with { Bye = "Logging out" });
}
