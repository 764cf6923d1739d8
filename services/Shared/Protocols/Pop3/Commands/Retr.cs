using System.Globalization;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>RETR (RFC 1939 §5). It does not set \Seen: reading by POP3 is not reading by the person, and IMAP clients keep their marks.</summary>
internal static class Retr
{
    internal static async ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words() is not [var word]) return Pop3Reply.Syntax("RETR takes one message number");
        if (!session.TryFindMessage(word, out var number, out var refusal)) return refusal;
        if (await session.FindMessageInfoAsync(number, cancellationToken).ConfigureAwait(false) is not { } message) return Pop3Reply.Err("message is gone");
        session.Telemetry.MessageRead(message);
        var content = await session.Mailboxes.OpenShownAsync(session.Account.Id, message, 0, message.Size, cancellationToken).ConfigureAwait(false);
        return new Pop3Reply.Message(string.Create(CultureInfo.InvariantCulture, $"{message.Size} octets"), content, message.Size);
    }
}
