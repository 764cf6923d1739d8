namespace Merpati.Protocols.Smtp.Commands;

/// <summary>STARTTLS (RFC 3207). The handshake itself is the connection's, after the reply is out.</summary>
internal static class StartTls
{
    private static readonly SmtpReply Ready = new(220, "2.0.0", "Ready to start TLS");
    private static readonly SmtpReply Active = new(503, "5.5.1", "TLS is active already");

    /// <summary>With TLS on it is known, and refused for its place in the sequence.</summary>
    public static bool IsOffered(SmtpConnection connection) => connection.CanUpgradeToTls || connection.Peer.Tls is not null;

    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!argument.IsEmpty) return ValueTask.FromResult<SmtpReply?>(SmtpReplies.NoArgument);
        if (connection.Peer.Tls is not null) return ValueTask.FromResult<SmtpReply?>(Active);
        connection.UpgradeAfterReply();
        return ValueTask.FromResult<SmtpReply?>(Ready);
    }
}
