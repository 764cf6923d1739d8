namespace Merpati.Protocols.Pop3.Commands;

/// <summary>
/// UTF8 (RFC 6856 §2.1). The maildrop keeps UTF-8 natively and sends what it holds in either mode: to a client that did not ask, refusing
/// a message with UTF-8 headers would make it unreachable, and downgrading it would change its octets and its size.
/// </summary>
internal static class Utf8
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words().Length == 0 ? Pop3Reply.Ok("UTF-8 mode") : Pop3Reply.Syntax("UTF8 takes no argument"));
}
