namespace Merpati.Protocols.Smtp.Commands;

/// <summary>QUIT (RFC 5321 §4.1.1.10).</summary>
internal static class Quit
{
    private static readonly SmtpReply Goodbye = new(221, "2.0.0", "Goodbye");

    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
        => ValueTask.FromResult<SmtpReply?>(argument.IsEmpty ? Goodbye : SmtpReplies.NoArgument);
}
