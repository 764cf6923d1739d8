using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>What acceptance puts on top of a message (RFC 5321 §4.4, RFC 6409 §8.2, §8.3). The message itself stays as it was received.</summary>
internal static class TraceHeaders
{
    /// <summary>The Received field; folded, with CRLF.</summary>
    public static string Received(SmtpPeer peer, Envelope envelope, string hostName, QueueId id, DateTimeOffset at)
    {
        var field = new StringBuilder();
        field.Append(CultureInfo.InvariantCulture, $"Received: from {peer.Hello} ({peer.Name ?? "unknown"} {AddressLiteral(peer.RemoteEndPoint.Address)})\r\n");
        if (peer.Tls is { } tls) field.Append(CultureInfo.InvariantCulture, $"\t(using {tls.Protocol} with cipher {tls.CipherSuite})\r\n");
        field.Append(CultureInfo.InvariantCulture, $"\tby {hostName} with {Protocol(peer, envelope)} id {id}");
        // RFC 6710 §4.4.
        if (envelope.Priority != 0) field.Append(CultureInfo.InvariantCulture, $" PRIORITY {envelope.Priority}");
        // With several recipients the field would tell each of the others.
        if (envelope.Recipients is [var only]) field.Append(CultureInfo.InvariantCulture, $"\r\n\tfor <{Path(only.Address, envelope.SmtpUtf8)}>");
        field.Append(CultureInfo.InvariantCulture, $";\r\n\t{Date(at)}\r\n");
        return field.ToString();
    }

    public static string MissingDate(DateTimeOffset at) => $"Date: {Date(at)}\r\n";

    public static string MissingMessageId(string messageId) => $"Message-ID: {messageId}\r\n";

    /// <summary>The names of RFC 3848 and RFC 6531 §4.3 for what was spoken.</summary>
    public static string Protocol(SmtpPeer peer, Envelope envelope)
    {
        if (!peer.Esmtp) return "SMTP";
        return (envelope.SmtpUtf8 ? "UTF8SMTP" : "ESMTP") + (peer.Tls is null ? "" : "S") + (peer.Account is null ? "" : "A");
    }

    /// <summary>RFC 5322 §3.3.</summary>
    private static string Date(DateTimeOffset at) => at.ToUniversalTime().ToString("ddd, d MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);

    private static string AddressLiteral(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    private static string Path(EmailAddress address, bool smtpUtf8)
    {
        var text = address.ToString();
        return smtpUtf8 || Ascii.IsValid(text) ? text : $"{text[..^address.Domain.Length]}{DomainName.ToAscii(address.Domain) ?? address.Domain}";
    }
}
