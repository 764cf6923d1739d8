using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>RSET (RFC 1939 §5): no message is marked as deleted any more.</summary>
internal static class Rset
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words().Length > 0) return ValueTask.FromResult(Pop3Reply.Syntax("RSET takes no argument"));
        session.Maildrop.UndeleteAll();
        return ValueTask.FromResult(Pop3Reply.Ok(string.Create(CultureInfo.InvariantCulture, $"maildrop has {session.Maildrop.Remaining} messages ({session.Maildrop.RemainingOctets} octets)")));
    }
}
