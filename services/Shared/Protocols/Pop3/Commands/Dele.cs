using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>DELE (RFC 1939 §5): marks only; QUIT removes.</summary>
internal static class Dele
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words() is not [var word]) return ValueTask.FromResult(Pop3Reply.Syntax("DELE takes one message number"));
        if (!session.TryFindMessage(word, out var number, out var refusal)) return ValueTask.FromResult(refusal);
        session.Maildrop.Delete(number);
        return ValueTask.FromResult(Pop3Reply.Ok(string.Create(CultureInfo.InvariantCulture, $"message {number} is marked as deleted")));
    }
}
