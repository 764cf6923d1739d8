using System.Globalization;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using MimeKit;

namespace Merpati.OutboundRelay.DmarcReports;

/// <summary>A DMARC report as a mail (RFC 9990 §2.6.2, RFC 7489 §7.2.1.1).</summary>
internal static class DmarcReportMessage
{
    /// <param name="gzip">The report.</param>
    /// <param name="messageId">Without angle brackets.</param>
    public static MimeMessage Write(DmarcReport report, byte[] gzip, EmailAddress from, EmailAddress to, string messageId, DateTimeOffset date)
    {
        var text = new TextPart("plain")
        {
            Text = string.Create(CultureInfo.InvariantCulture, $"This is a DMARC aggregate report of {report.Organization} for {report.Policy.Domain} and {report.Begin:yyyy-MM-dd} (UTC).\r\n"),
        };
        var attachment = new MimePart("application", "gzip")
        {
            Content = new MimeContent(new MemoryStream(gzip, writable: false)),
            ContentTransferEncoding = ContentEncoding.Base64,
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment) { FileName = report.FileName(from.Domain) },
        };
        attachment.ContentType.Name = attachment.FileName;
        var message = new MimeMessage(new List<MailboxAddress> { new("", from.ToString()) }, new List<MailboxAddress> { new("", to.ToString()) }, report.Subject(from.Domain), new Multipart("mixed") { text, attachment })
        {
            Date = date,
            MessageId = messageId,
        };
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }
}
