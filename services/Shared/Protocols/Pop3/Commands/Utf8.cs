using Merpati.Mailboxes;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>
/// UTF8 (RFC 6856 §2.1): from here on messages are sent as they are. Who does not ask gets those with UTF-8 in their headers as <see cref="DowngradedMessage"/>, and their sizes too.
/// </summary>
internal static class Utf8
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words().Length > 0) return ValueTask.FromResult(Pop3Reply.Syntax("UTF8 takes no argument"));
        session.Utf8 = true;
        return ValueTask.FromResult(Pop3Reply.Ok("UTF-8 mode"));
    }
}
