using Merpati.Protocols.Sasl;
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
        yield return "PIPELINING";
        yield return FormattableString.Invariant($"SIZE {connection.Options.MaxMessageSize}");
        yield return "8BITMIME";
        yield return "SMTPUTF8";
        yield return "CHUNKING";
        yield return "ENHANCEDSTATUSCODES";
        if (connection.Options.AdvertiseDsn) yield return "DSN";
        if (connection.CanUpgradeToTls) yield return "STARTTLS";
        if (connection.Options.OfferAuth && connection.IsConfidential) yield return "AUTH " + string.Join(' ', SaslServer.Mechanisms);
    }
}
