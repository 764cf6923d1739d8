namespace Merpati.Protocols.Smtp.Commands;

/// <summary>EXPN (RFC 5321 §3.5.1, §7.3): known, and never done: a list's members are nobody's business.</summary>
internal static class Expn
{
    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
        => ValueTask.FromResult<SmtpReply?>(SmtpReplies.NotImplemented);
}
