namespace Merpati.Protocols.Smtp.Commands;

/// <summary>VRFY (RFC 5321 §3.5.3, §7.3): neither confirms nor denies, so that nobody can collect addresses.</summary>
internal static class Vrfy
{
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: VRFY address");
    private static readonly SmtpReply CannotVerify = new(252, "2.5.0", "Cannot VRFY user, but will accept message and attempt delivery");

    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
        => ValueTask.FromResult<SmtpReply?>(argument.Span.Trim((byte)' ').IsEmpty ? Syntax : CannotVerify);
}
