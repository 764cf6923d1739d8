namespace Merpati.Protocols.Imap.Commands;

/// <summary>STARTTLS (RFC 3501 §6.2.1). What the client sent ahead in the clear is thrown away by the transport.</summary>
internal sealed record StartTls : Command
{
    public static Command Parse(ref CommandScanner scanner) => new StartTls();

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (session.Transport.IsCompressed) return Completion.Bad("TLS cannot come after compression");
        if (session.Transport.Tls is not null) return Completion.Bad("TLS is active already");
        if (!session.Transport.CanUpgradeToTls) return Completion.Bad("TLS is not available");
        // The tagged OK has to leave before the handshake, and nothing may be written after it in the clear.
        session.Output.Ascii(session.Tag).Raw(" OK Begin TLS negotiation now\r\n"u8);
        await session.Output.FlushAsync().ConfigureAwait(false);
        using var timer = new CancellationTokenSource(session.Options.LoginTimeout, session.Engine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try { await session.Transport.UpgradeToTlsAsync(stop.Token).ConfigureAwait(false); }
        catch (Exception failure) when (failure is IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException("TLS handshake failed: " + failure.Message, canWrite: false);
        }
        return Completion.Answered;
    }
}
