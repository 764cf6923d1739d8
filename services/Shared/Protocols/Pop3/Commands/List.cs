using System.Globalization;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>LIST (RFC 1939 §5): the scan listing, number and octets, of one message or of all that are not marked as deleted.</summary>
internal static class List
{
    internal static ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
        => ValueTask.FromResult(command.Words() switch
        {
            [] => All(session.Maildrop),
            [var word] => session.TryFindMessage(word, out var number, out var refusal) ? Pop3Reply.Ok(Line(session.Maildrop, number)) : refusal,
            _ => Pop3Reply.Syntax("LIST takes one message number or nothing"),
        });

    private static Pop3Reply.Listing All(Maildrop maildrop) => new(
        string.Create(CultureInfo.InvariantCulture, $"{maildrop.Remaining} messages ({maildrop.RemainingOctets} octets)"),
        maildrop.RemainingNumbers().Select(number => Line(maildrop, number)));

    private static string Line(Maildrop maildrop, int number) => string.Create(CultureInfo.InvariantCulture, $"{number} {maildrop.SizeOf(number)}");
}
