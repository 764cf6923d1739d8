using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>STAT (RFC 1939 §5): number and octets of the messages that are not marked as deleted.</summary>
internal static class Stat
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words().Length == 0
            ? Pop3Reply.Ok(string.Create(CultureInfo.InvariantCulture, $"{session.Maildrop.Remaining} {session.Maildrop.RemainingOctets}"))
            : Pop3Reply.Syntax("STAT takes no argument"));
}
