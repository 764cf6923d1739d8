namespace Merpati.Protocols.Smtp.Commands;

/// <summary>NOOP (RFC 5321 §4.1.1.9): an argument is ignored.</summary>
internal static class Noop
{
    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
        => ValueTask.FromResult<SmtpReply?>(SmtpReplies.Ok);
}
