namespace Merpati.Protocols.Smtp.Client;

/// <summary>How the opening of a session ended. After anything but <see cref="Ready"/> the connection is closed.</summary>
public abstract record OpenOutcome
{
    private OpenOutcome() { }

    /// <summary>Messages can be sent.</summary>
    /// <param name="Tls">Null in the clear.</param>
    /// <param name="ClearBecause">TLS was wanted and not insisted on: why there is none; null with TLS, and where none was wanted.</param>
    public sealed record Ready(SmtpCapabilities Capabilities, TlsHandshake.Done? Tls, TlsFault? ClearBecause) : OpenOutcome;

    /// <summary>The server does not want to talk to us: for good (5yz), or not now (4yz).</summary>
    public sealed record Refused(SmtpStage Stage, RemoteReply Reply) : OpenOutcome;

    /// <summary>TLS is not what the policy wants.</summary>
    /// <param name="Reply">To STARTTLS; null when it was not offered, or after the handshake had begun.</param>
    /// <param name="TryInClear">The policy does not insist: a new connection without TLS may be made.</param>
    public sealed record TlsFailed(TlsFault Fault, RemoteReply? Reply, bool TryInClear) : OpenOutcome;

    /// <summary>There is a credential, and no way to use it: no TLS, or no mechanism that both sides know.</summary>
    public sealed record NoMechanism(string Reason) : OpenOutcome;

    public sealed record Lost(ConnectionLoss Loss) : OpenOutcome;
}
