namespace Merpati.Protocols.Pop3.Commands;

/// <summary>STLS (RFC 2595 §4): what the client said before counts for nothing afterwards, and what it sent ahead is thrown away.</summary>
internal static class Stls
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words().Length > 0) return ValueTask.FromResult(Pop3Reply.Syntax("STLS takes no argument"));
        return ValueTask.FromResult(session.MayStartTls ? new Pop3Reply.StartTls("begin TLS negotiation") : Pop3Reply.Err("TLS is not available or already active"));
    }
}
