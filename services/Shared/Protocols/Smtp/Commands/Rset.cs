namespace Merpati.Protocols.Smtp.Commands;

/// <summary>RSET (RFC 5321 §4.1.1.5).</summary>
internal static class Rset
{
    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!argument.IsEmpty) return SmtpReplies.NoArgument;
        await connection.EndTransactionAsync().ConfigureAwait(false);
        return SmtpReplies.Ok;
    }
}
