using System.Net;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.Sending;

/// <summary>Whom to connect to, and how.</summary>
/// <param name="EndPoint">One address of the host.</param>
/// <param name="HostName">The name in the MX record, for SNI where the policy names none; an address literal keeps its brackets.</param>
/// <param name="Tls">What the connection must be.</param>
/// <param name="TestedTls">What is checked and reported only (RFC 8461 §5).</param>
/// <param name="ImplicitTls">TLS from the first octet: smart hosts on port 465.</param>
/// <param name="Credential">For smart hosts.</param>
public sealed record DialTarget(IPEndPoint EndPoint, string HostName, TlsPolicy Tls, TlsPolicy? TestedTls = null, bool ImplicitTls = false, bool Lmtp = false, SmtpCredential? Credential = null);

/// <summary>How dialing ended.</summary>
public abstract record DialOutcome
{
    private DialOutcome() { }

    /// <summary>The session is open; whoever asked for it quits and disposes it.</summary>
    /// <param name="TlsFault">TLS was wanted, not insisted on and not had: the session is in the clear.</param>
    public sealed record Connected(SmtpClientConnection Connection, OpenOutcome.Ready Session, TlsFault? TlsFault) : DialOutcome;

    /// <summary>Nobody is there: refused, no route, no answer in time.</summary>
    public sealed record Unreachable(string Reason) : DialOutcome;

    /// <summary>Somebody is there, and no session came of it.</summary>
    /// <param name="TlsFault">A handshake that failed before, when the last try was in the clear.</param>
    public sealed record NotOpened(OpenOutcome Outcome, TlsFault? TlsFault) : DialOutcome;
}
