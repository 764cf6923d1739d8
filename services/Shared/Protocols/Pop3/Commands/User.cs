namespace Merpati.Protocols.Pop3.Commands;

/// <summary>USER (RFC 1939 §7). Every name is accepted: which exist is nobody's business.</summary>
internal static class User
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words() is not [var name]) return ValueTask.FromResult(Pop3Reply.Syntax("USER takes one name"));
        session.State = new Pop3State.Authorization(name);
        return ValueTask.FromResult(Pop3Reply.Ok("send PASS"));
    }
}
