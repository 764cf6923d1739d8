using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp.Extensions;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>EHLO (RFC 5321 §4.1.1.1): greets, and lists what works on this connection now.</summary>
internal static class Ehlo
{
    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!SmtpHello.TryParse(argument.Span, out var hello)) return Helo.Syntax;
        await connection.GreetAsync(hello, esmtp: true).ConfigureAwait(false);
        return new SmtpReply(250, null, [$"{connection.Options.HostName} greets {hello}", .. Extensions(connection)]);
    }

    private static IEnumerable<string> Extensions(SmtpConnection connection)
    {
        var options = connection.Options;
        yield return "PIPELINING";
        yield return FormattableString.Invariant($"SIZE {options.MaxMessageSize}");
        yield return "8BITMIME";
        yield return "SMTPUTF8";
        yield return "CHUNKING";
        if (options.OfferBinaryMime) yield return "BINARYMIME";
        yield return "ENHANCEDSTATUSCODES";
        if (options.AdvertiseDsn) yield return "DSN";
        if (options.OfferRequireTls && connection.Peer.Tls is not null) yield return "REQUIRETLS";
        if (options.MaxPriority is not null) yield return "MT-PRIORITY";
        if (options.MaxHold is { } longest) yield return FutureRelease.Advertise(longest, connection.Now);
        if (options.OfferDeliverBy) yield return "DELIVERBY";
        yield return options.Limits;
        if (connection.IsTrusted(options.XClientNetworks)) yield return XClient.Advertise;
        if (connection.IsTrusted(options.XForwardNetworks)) yield return XForward.Advertise;
        if (connection.CanUpgradeToTls) yield return "STARTTLS";
        if (options.OfferAuth && connection.IsConfidential) yield return "AUTH " + string.Join(' ', SaslServer.Mechanisms);
    }
}
