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
        "SUBJECT" => Contains(Of(envelope.Subject), header.Text),
        "DATE" => Contains(Of(envelope.Date), header.Text),
        "MESSAGE-ID" => Contains(Of(envelope.MessageId), header.Text),
        "IN-REPLY-TO" => Contains(Of(envelope.InReplyTo), header.Text),
        "FROM" => Contains(Of(envelope.From), header.Text),
        "TO" => Contains(Of(envelope.To), header.Text),
        "CC" => Contains(Of(envelope.Cc), header.Text),
        "BCC" => Contains(Of(envelope.Bcc), header.Text),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>As it is searched; null where there is none.</summary>
    public static string? Of(string? value) => value is null ? null : HeaderText.Decode(value);

    /// <inheritdoc cref="Of(string?)"/>
    public static string? Of(IReadOnlyList<EnvelopeAddress> addresses)
        => addresses.Count == 0 ? null : HeaderText.Decode(string.Join(", ", addresses.Where(a => a.Mailbox is not null).Select(Write)));

    private static bool Contains(string? value, string wanted) => value is not null && new TextMatch(wanted).IsIn(value);

    private static string Write(EnvelopeAddress address) => address switch
    {
        { Host: null } => $"{address.Mailbox}:",
        { Name: null } => $"{address.Mailbox}@{address.Host}",
        _ => $"{address.Name} <{address.Mailbox}@{address.Host}>",
    };
}
