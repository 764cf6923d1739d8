using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>HELO (RFC 5321 §4.1.1.1).</summary>
internal static class Helo
{
    public static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: HELO domain, or EHLO domain");

    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!SmtpHello.TryParse(argument.Span, out var hello)) return Syntax;
        await connection.GreetAsync(hello, esmtp: false).ConfigureAwait(false);
        return new SmtpReply(250, null, connection.Options.HostName);
    }
}
