using System.Globalization;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using MimeKit;
using MimeKit.Utils;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>A TLS report as a mail (RFC 8460 §5.3).</summary>
internal static class TlsReportMessage
{
    /// <param name="messageId">Without angle brackets.</param>
    public static MimeMessage Write(TlsReport report, EmailAddress from, EmailAddress to, string messageId, DateTimeOffset date)
    {
        var text = new TextPart("plain")
        {
            Text = string.Create(CultureInfo.InvariantCulture, $"This is an aggregate TLS report of {report.Submitter} for {report.Sessions.Domain} and {report.Sessions.Day:yyyy-MM-dd} (UTC).\r\n"),
        };
        var attachment = new MimePart("application", "tlsrpt+gzip")
        {
            Content = new MimeContent(new MemoryStream(report.ToGzip(), writable: false)),
            ContentTransferEncoding = ContentEncoding.Base64,
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment) { FileName = report.FileName },
        };
        attachment.ContentType.Name = report.FileName;
        var body = new Multipart("report") { text, attachment };
        body.ContentType.Parameters["report-type"] = "tlsrpt";
        var message = new MimeMessage(new List<MailboxAddress> { new("", from.ToString()) }, new List<MailboxAddress> { new("", to.ToString()) }, report.Subject, body)
        {
            Date = date,
            MessageId = messageId,
        };
        message.Headers.Add("TLS-Report-Domain", report.Sessions.Domain);
        message.Headers.Add("TLS-Report-Submitter", report.Submitter);
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }
}
