using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Header criteria that the ENVELOPE decides, so that no content has to be opened for FROM, TO and SUBJECT.</summary>
internal static class EnvelopeText
{
    /// <summary>Sender and Reply-To are not among them: From stands in for them. An empty list does not tell a missing field from an empty one.</summary>
    public static bool CanAnswer(SearchCriteria.Header header) => header.Field.ToUpperInvariant() switch
    {
        "SUBJECT" or "DATE" or "MESSAGE-ID" or "IN-REPLY-TO" => true,
        "FROM" or "TO" or "CC" or "BCC" => header.Text.Length > 0,
        _ => false,
    };

    public static bool Matches(MessageEnvelope envelope, SearchCriteria.Header header) => header.Field.ToUpperInvariant() switch
    {
        "SUBJECT" => Contains(envelope.Subject, header.Text),
        "DATE" => Contains(envelope.Date, header.Text),
        "MESSAGE-ID" => Contains(envelope.MessageId, header.Text),
        "IN-REPLY-TO" => Contains(envelope.InReplyTo, header.Text),
        "FROM" => Contains(envelope.From, header.Text),
        "TO" => Contains(envelope.To, header.Text),
        "CC" => Contains(envelope.Cc, header.Text),
        "BCC" => Contains(envelope.Bcc, header.Text),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static bool Contains(string? value, string wanted)
        => value is not null && new TextMatch(wanted).IsIn(HeaderText.Decode(value));

    private static bool Contains(IReadOnlyList<EnvelopeAddress> addresses, string wanted)
        => addresses.Count > 0 && Contains(string.Join(", ", addresses.Where(a => a.Mailbox is not null).Select(Write)), wanted);

    private static string Write(EnvelopeAddress address) => address switch
    {
        { Host: null } => $"{address.Mailbox}:",
        { Name: null } => $"{address.Mailbox}@{address.Host}",
        _ => $"{address.Name} <{address.Mailbox}@{address.Host}>",
    };
}
