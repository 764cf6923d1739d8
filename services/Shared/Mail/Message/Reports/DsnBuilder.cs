using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;

namespace Merpati.Mail;

/// <summary>
/// Writes delivery status notifications: a multipart/report (RFC 6522) of a text for people, a message/delivery-status for machines
/// (RFC 3464) and the message or its header; for SMTPUTF8 in the forms of RFC 6533.
/// </summary>
public static class DsnBuilder
{
    /// <summary>Octets of header returned at the most.</summary>
    private const int MaxReturnedHeader = 128 * 1024;

    /// <summary>Octets of a foreign text shown at the most, so that its line stays under the 998 of RFC 5322 §2.1.1.</summary>
    private const int MaxForeignText = 800;

    /// <summary>
    /// Writes the report as a whole message with CRLF line ends. The result may hold octets over 127 (BODY=8BITMIME).
    /// </summary>
    /// <param name="original">The message reported on, trace headers first; read to its end, or past its header only. The caller keeps it.</param>
    /// <param name="destination">Takes the octets; neither flushed nor closed.</param>
    public static async ValueTask WriteAsync(DeliveryReport report, Stream original, Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(destination);

        // 128 random bits: the returned message cannot hold this boundary.
        var boundary = "report-" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        var head = new StringBuilder();
        WriteHeader(head, report, boundary);
        WriteText(head, report, boundary);
        WriteStatus(head, report, boundary);
        WriteReturnedPartHeader(head, report, boundary);
        await destination.WriteAsync(Encoding.UTF8.GetBytes(head.ToString()), cancellationToken);

        if (report.Return == DsnReturn.Full) await original.CopyToAsync(destination, cancellationToken);
        else await destination.WriteAsync(await ReadHeaderAsync(original, cancellationToken), cancellationToken);
        await destination.WriteAsync(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"), cancellationToken);
    }

    private static void WriteHeader(StringBuilder to, DeliveryReport report, string boundary)
    {
        var subject = report.Recipients.All(r => r.Action == DsnAction.Failed) ? "Undelivered mail returned to sender"
            : report.Recipients.Any(r => r.Action == DsnAction.Failed) ? "Some of your mail could not be delivered"
            : report.Recipients.Any(r => r.Action == DsnAction.Delayed) ? "Delivery of your mail is delayed"
            : "Your mail was delivered";
        Line(to, $"From: Mail Delivery System <{report.From}>");
        Line(to, $"To: <{report.To}>");
        Line(to, $"Subject: {subject}");
        Line(to, $"Date: {Date(report.Date)}");
        Line(to, $"Message-ID: <{report.MessageId}>");
        Line(to, "Auto-Submitted: auto-replied");
        Line(to, "MIME-Version: 1.0");
        Line(to, "Content-Type: multipart/report; report-type=delivery-status;");
        Line(to, $"\tboundary=\"{boundary}\"");
        Line(to, "Content-Transfer-Encoding: 8bit");
        Line(to, "");
        Line(to, "This is a delivery report in MIME format.");
        Line(to, "");
    }

    private static void WriteText(StringBuilder to, DeliveryReport report, string boundary)
    {
        Line(to, $"--{boundary}");
        Line(to, report.IsInternational ? "Content-Type: text/plain; charset=utf-8" : "Content-Type: text/plain; charset=us-ascii");
        Line(to, report.IsInternational ? "Content-Transfer-Encoding: 8bit" : "Content-Transfer-Encoding: 7bit");
        Line(to, "Content-Description: Notification");
        Line(to, "");
        Line(to, $"This is the mail system at {report.ReportingMta}.");
        foreach (var (action, sentence) in Sentences)
        {
            var recipients = report.Recipients.Where(r => r.Action == action).ToList();
            if (recipients.Count == 0) continue;
            Line(to, "");
            Line(to, sentence);
            foreach (var recipient in recipients)
            {
                Line(to, "");
                Line(to, $"  <{Clean(recipient.Recipient.Address.ToString(), report.IsInternational)}>");
                if (recipient.Diagnostic is { Length: > 0 } reason)
                    Line(to, $"    {Clean(recipient.RemoteMta is null ? reason : $"{recipient.RemoteMta} said: {reason}", report.IsInternational)}");
                if (recipient.WillRetryUntil is { } until)
                    Line(to, $"    We keep trying until {Date(until)}; there is no need to send it again.");
            }
        }
        Line(to, "");
        Line(to, report.Return == DsnReturn.Full ? "The message is attached." : "The header of the message is attached.");
        Line(to, "");
    }

    private static readonly (DsnAction, string)[] Sentences =
    [
        (DsnAction.Failed, "Your message could not be delivered to:"),
        (DsnAction.Delayed, "Your message has not been delivered yet to:"),
        (DsnAction.Delivered, "Your message was delivered to:"),
        (DsnAction.Relayed, "Your message was passed on to a system that gives no reports, for:"),
        (DsnAction.Expanded, "Your message was delivered to, and passed on by:"),
    ];

    private static void WriteStatus(StringBuilder to, DeliveryReport report, string boundary)
    {
        var international = report.IsInternational;
        Line(to, $"--{boundary}");
        Line(to, international ? "Content-Type: message/global-delivery-status" : "Content-Type: message/delivery-status");
        if (international) Line(to, "Content-Transfer-Encoding: 8bit");
        Line(to, "Content-Description: Delivery report");
        Line(to, "");
        if (report.EnvelopeId is { Length: > 0 } id) Line(to, $"Original-Envelope-Id: {Clean(Xtext.Decode(id), international)}");
        Line(to, $"Reporting-MTA: dns; {report.ReportingMta}");
        Line(to, $"Arrival-Date: {Date(report.ArrivalDate)}");
        foreach (var recipient in report.Recipients)
        {
            Line(to, "");
            if (OriginalRecipient(recipient.Recipient, international) is { } original) Line(to, $"Original-Recipient: {original}");
            Line(to, $"Final-Recipient: {TypedAddress(recipient.Recipient.Address, international)}");
            Line(to, $"Action: {recipient.Action.ToString().ToLowerInvariant()}");
            Line(to, $"Status: {recipient.Status}");
            if (recipient.RemoteMta is { } remote) Line(to, $"Remote-MTA: dns; {Clean(remote, international)}");
            if (recipient.Diagnostic is { Length: > 0 } reason)
                Line(to, $"Diagnostic-Code: {(IsSmtpReply(reason) ? "smtp" : "x-merpati")}; {Clean(reason, international)}");
            if (recipient.WillRetryUntil is { } until) Line(to, $"Will-Retry-Until: {Date(until)}");
        }
        Line(to, "");
    }

    private static void WriteReturnedPartHeader(StringBuilder to, DeliveryReport report, string boundary)
    {
        var type = (report.Return == DsnReturn.Full, report.IsInternational) switch
        {
            (true, false) => "message/rfc822",
            (true, true) => "message/global",
            (false, false) => "text/rfc822-headers",
            (false, true) => "message/global-headers",
        };
        Line(to, $"--{boundary}");
        Line(to, $"Content-Type: {type}");
        Line(to, "Content-Transfer-Encoding: 8bit");
        Line(to, report.Return == DsnReturn.Full ? "Content-Description: Undelivered message" : "Content-Description: Undelivered message header");
        Line(to, "");
    }

    /// <summary>Whole lines up to the empty line or the limit; the octets over 127 stay.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> ReadHeaderAsync(Stream original, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var filled = 0;
        while (true)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await original.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            filled += read;
            if (EndOfHeader(buffer.AsSpan(0, filled)) is { } end) return buffer.AsMemory(0, end);
            if (read == 0) return buffer.AsMemory(0, filled);
            if (filled >= MaxReturnedHeader) return buffer.AsMemory(0, buffer.AsSpan(0, MaxReturnedHeader).LastIndexOf((byte)'\n') + 1);
        }
    }

    private static int? EndOfHeader(ReadOnlySpan<byte> octets)
    {
        var crlf = octets.IndexOf("\r\n\r\n"u8);
        var lf = octets.IndexOf("\n\n"u8);
        if (crlf >= 0 && (lf < 0 || crlf < lf)) return crlf + 2;
        return lf >= 0 ? lf + 1 : null;
    }

    /// <summary>ORCPT with its xtext undone; in utf-8 form where it is of that type (RFC 6533 §3).</summary>
    private static string? OriginalRecipient(EnvelopeRecipient recipient, bool international)
    {
        if (recipient.OriginalRecipient is not { } orcpt || orcpt.IndexOf(';', StringComparison.Ordinal) is not (> 0 and var semicolon)) return null;
        var type = orcpt[..semicolon];
        var address = orcpt[(semicolon + 1)..];
        if (type.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            var text = Xtext.DecodeUtf8Address(address);
            return $"utf-8; {(international ? Clean(text, true) : Xtext.EncodeUtf8Address(text))}";
        }
        return $"{Clean(type, false)}; {Clean(Xtext.Decode(address), false)}";
    }

    private static string TypedAddress(EmailAddress address, bool international)
        => !address.NeedsSmtpUtf8 ? $"rfc822; {address}"
            : international ? $"utf-8; {address}"
            : $"utf-8; {Xtext.EncodeUtf8Address(address.ToString())}";

    private static bool IsSmtpReply(string text)
        => text.Length >= 3 && text[0] is >= '2' and <= '5' && char.IsAsciiDigit(text[1]) && char.IsAsciiDigit(text[2]) && (text.Length == 3 || text[3] is ' ' or '-');

    /// <summary>One line without control characters, bounded; ASCII unless international. A remote or a sender chose these words.</summary>
    private static string Clean(string text, bool international)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxForeignText));
        var octets = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            octets += rune.Utf8SequenceLength;
            if (octets > MaxForeignText) break;
            if (Rune.IsControl(rune)) clean.Append(' ');
            else if (rune.IsAscii || international) clean.Append(rune.ToString());
            else clean.Append('?');
        }
        return clean.ToString().Trim();
    }

    private static string Date(DateTimeOffset date)
        => date.ToString("ddd, dd MMM yyyy HH:mm:ss ", CultureInfo.InvariantCulture) + date.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    private static void Line(StringBuilder to, string line) => to.Append(line).Append("\r\n");
}
