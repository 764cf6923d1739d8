using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>ENVELOPE (RFC 3501 §7.4.2, §9 envelope); in ASCII alone for clients that know no more (RFC 6858 §2).</summary>
internal static class EnvelopeWriter
{
    private static readonly MessageEnvelope Empty = new();

    public static void Envelope(this ResponseWriter output, MessageEnvelope? envelope)
    {
        envelope ??= Empty;
        output.Raw("("u8).AsciiHeaderText(envelope.Date).Raw(" "u8).HeaderText(envelope.Subject).Raw(" "u8);
        Addresses(output, envelope.From);
        Addresses(output, envelope.Sender.Count > 0 ? envelope.Sender : envelope.From);
        Addresses(output, envelope.ReplyTo.Count > 0 ? envelope.ReplyTo : envelope.From);
        Addresses(output, envelope.To);
        Addresses(output, envelope.Cc);
        Addresses(output, envelope.Bcc);
        output.AsciiHeaderText(envelope.InReplyTo).Raw(" "u8).AsciiHeaderText(envelope.MessageId).Raw(")"u8);
    }

    /// <summary>A list of addresses and the space after it.</summary>
    private static void Addresses(ResponseWriter output, IReadOnlyList<EnvelopeAddress> addresses)
    {
        if (addresses.Count == 0)
        {
            output.Raw("NIL "u8);
            return;
        }
        output.Raw("("u8);
        for (var i = 0; i < addresses.Count; i++)
        {
            var address = output.Utf8 ? addresses[i] : addresses[i].InAscii();
            output.Raw("("u8).NString(address.Name).Raw(" "u8).NString(address.Route).Raw(" "u8).NString(address.Mailbox).Raw(" "u8).NString(address.Host).Raw(")"u8);
        }
        output.Raw(") "u8);
    }
}
