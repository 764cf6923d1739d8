namespace Merpati.Protocols.Pop3.Commands;

/// <summary>NOOP (RFC 1939 §5).</summary>
internal static class Noop
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words().Length == 0 ? Pop3Reply.Ok("") : Pop3Reply.Syntax("NOOP takes no argument"));
}
