using System.Globalization;
using System.Net;
using System.Text;
using Merpati.Addresses;
using Merpati.Queueing;
using MimeKit;

namespace Merpati.Delivery.Quarantine;

/// <summary>A message in quarantine as its recipient is told of it. The texts are a stranger's, made harmless.</summary>
/// <param name="Sender">The reverse-path.</param>
/// <param name="Author">From.</param>
/// <param name="Reason">Which rule put it there.</param>
internal sealed record QuarantinedMessage(QueueId Id, DateTimeOffset At, long Size, string Sender, string Author, string Subject, string Reason);

/// <summary>The digest as a mail: text and HTML that say the same. Nothing in it can be followed; no text of a message is in it.</summary>
internal static class DigestMessage
{
    private const int MaxText = 150;

    /// <param name="total">Messages in all, where more are there than lines.</param>
    /// <param name="messageId">Without angle brackets.</param>
    /// <param name="kept">How long a message waits; then it is thrown away.</param>
    public static MimeMessage Write(IReadOnlyList<QuarantinedMessage> lines, int total, EmailAddress from, EmailAddress to, string messageId, DateTimeOffset date, TimeSpan kept)
    {
        var head = total == 1 ? "A message for you was put into quarantine and not delivered:" : string.Create(CultureInfo.InvariantCulture, $"{total} messages for you were put into quarantine and not delivered:");
        var more = total > lines.Count ? string.Create(CultureInfo.InvariantCulture, $"{total - lines.Count} more are not listed here.") : null;
        var foot = string.Create(CultureInfo.InvariantCulture, $"If you want one of them, ask your administrator and name its number. Each is thrown away {Math.Max(1, (int)kept.TotalDays)} days after it came. Do not answer this message.");
        var body = new MultipartAlternative
        {
            new TextPart("plain") { Text = Text(lines, head, more, foot) },
            new TextPart("html") { Text = Html(lines, head, more, foot) },
        };
        var subject = total == 1 ? "A message for you is in quarantine" : string.Create(CultureInfo.InvariantCulture, $"{total} messages for you are in quarantine");
        var message = new MimeMessage(new List<MailboxAddress> { new("Mail quarantine", from.ToString()) }, new List<MailboxAddress> { new("", to.ToString()) }, subject, body)
        {
            Date = date,
            MessageId = messageId,
        };
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    private static string Text(IReadOnlyList<QuarantinedMessage> lines, string head, string? more, string foot)
    {
        var text = new StringBuilder(head).Append("\r\n\r\n");
        foreach (var line in lines)
        {
            foreach (var (name, value) in Fields(line)) text.Append(CultureInfo.InvariantCulture, $"{name + ':',-9}{value}\r\n");
            text.Append("\r\n");
        }
        if (more is not null) text.Append(more).Append("\r\n\r\n");
        return text.Append(foot).Append("\r\n").ToString();
    }

    private static string Html(IReadOnlyList<QuarantinedMessage> lines, string head, string? more, string foot)
    {
        var html = new StringBuilder("<!DOCTYPE html>\r\n<html><body>\r\n").Append(CultureInfo.InvariantCulture, $"<p>{WebUtility.HtmlEncode(head)}</p>\r\n");
        foreach (var line in lines)
        {
            html.Append("<table>\r\n");
            foreach (var (name, value) in Fields(line)) html.Append(CultureInfo.InvariantCulture, $"<tr><td>{name}</td><td>{WebUtility.HtmlEncode(value)}</td></tr>\r\n");
            html.Append("</table>\r\n<hr>\r\n");
        }
        if (more is not null) html.Append(CultureInfo.InvariantCulture, $"<p>{WebUtility.HtmlEncode(more)}</p>\r\n");
        return html.Append(CultureInfo.InvariantCulture, $"<p>{WebUtility.HtmlEncode(foot)}</p>\r\n</body></html>\r\n").ToString();
    }

    private static IEnumerable<(string Name, string Value)> Fields(QuarantinedMessage message) =>
    [
        ("Subject", Short(message.Subject)),
        ("From", Short(message.Author)),
        ("Sender", Short(message.Sender)),
        ("Came", message.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        ("Size", string.Create(CultureInfo.InvariantCulture, $"{(message.Size + 1023) / 1024} KB")),
        ("Reason", message.Reason),
        ("Number", message.Id.ToString()),
    ];

    private static string Short(string text) => text.Length == 0 ? "(none)" : text.Length <= MaxText ? text : text[..MaxText] + "...";
}
