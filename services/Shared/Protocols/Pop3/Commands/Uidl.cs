using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>UIDL (RFC 1939 §7): number and unique-id of one message or of all that are not marked as deleted.</summary>
internal static class Uidl
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words() switch
        {
            [] => new Pop3Reply.Listing("unique-id listing follows", session.Maildrop.RemainingNumbers().Select(number => Line(session.Maildrop, number))),
            [var word] => session.TryFindMessage(word, out var number, out var refusal) ? Pop3Reply.Ok(Line(session.Maildrop, number)) : refusal,
            _ => Pop3Reply.Syntax("UIDL takes one message number or nothing"),
        });

    private static string Line(Maildrop maildrop, int number) => string.Create(CultureInfo.InvariantCulture, $"{number} {maildrop.UniqueIdOf(number)}");
}
