using System.Globalization;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Client.Commands;

/// <summary>MAIL (RFC 5321 §4.1.1.2) with the parameters that the server knows: RFC 1870, 3461, 6152, 3030, 6531, 8689, 6710, 2852.</summary>
internal static class MailLine
{
    // RFC 2852 §4: nine digits.
    private const double MaxDeliverBy = 999_999_999;

    public static string Write(OutgoingMessage message, SmtpCapabilities capabilities, DateTimeOffset now)
    {
        var envelope = message.Envelope;
        var line = new StringBuilder("MAIL FROM:").Append(WirePath.Write(envelope.ReversePath.Address));
        if (capabilities.Size) line.Append(CultureInfo.InvariantCulture, $" SIZE={message.Size}");
        if (envelope.Body != BodyType.SevenBit) line.Append(envelope.Body == BodyType.BinaryMime ? " BODY=BINARYMIME" : " BODY=8BITMIME");
        if (WirePath.NeedsSmtpUtf8(envelope)) line.Append(" SMTPUTF8");
        if (envelope.RequireTls) line.Append(" REQUIRETLS");
        if (capabilities.Dsn && envelope.Return != DsnReturn.Unspecified) line.Append(envelope.Return == DsnReturn.Full ? " RET=FULL" : " RET=HDRS");
        if (capabilities.Dsn && envelope.EnvelopeId is not null) line.Append(" ENVID=").Append(envelope.EnvelopeId);
        if (capabilities.MtPriority && envelope.Priority != 0) line.Append(CultureInfo.InvariantCulture, $" MT-PRIORITY={envelope.Priority}");
        if (capabilities.DeliverBy && envelope.DeliverBy is { } by) line.Append(" BY=").Append(Write(by, now));
        return line.ToString();
    }

    /// <summary><c>by-time ";" by-mode [by-trace]</c>: what is left of the time; in mode R it must be more than nothing.</summary>
    private static string Write(DeliverBy by, DateTimeOffset now)
    {
        var left = Math.Clamp(Math.Floor((by.At - now).TotalSeconds), by.Mode == DeliverByMode.Return ? 1 : -MaxDeliverBy, MaxDeliverBy);
        return string.Create(CultureInfo.InvariantCulture, $"{left:0};{(by.Mode == DeliverByMode.Return ? "R" : "N")}{(by.Trace ? "T" : "")}");
    }
}

/// <summary>Addresses as they travel.</summary>
internal static class WirePath
{
    /// <summary>In angle brackets; null is the null path. A domain that can go without SMTPUTF8 does: in A-labels, unless the local part needs it anyway.</summary>
    public static string Write(EmailAddress? address)
    {
        if (address is null) return "<>";
        var text = address.ToString();
        return Ascii.IsValid(address.LocalPart) && DomainName.ToAscii(address.Domain) is { } ascii ? $"<{text[..^address.Domain.Length]}{ascii}>" : $"<{text}>";
    }

    /// <summary>The header is in UTF-8, or an address is and cannot be written otherwise.</summary>
    public static bool NeedsSmtpUtf8(Envelope envelope)
        => envelope.SmtpUtf8 || NeedsSmtpUtf8(envelope.ReversePath.Address) || envelope.Recipients.Any(recipient => NeedsSmtpUtf8(recipient.Address));

    private static bool NeedsSmtpUtf8(EmailAddress? address) => address is not null && !Ascii.IsValid(Write(address));
}
