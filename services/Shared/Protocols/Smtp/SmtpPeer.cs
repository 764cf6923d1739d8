using System.Net;
using Merpati.Accounts;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Smtp;

/// <summary>The client as the session knows it by now.</summary>
/// <param name="Hello">The argument of HELO or EHLO as it was sent, an unproven claim.</param>
/// <param name="Esmtp">It said EHLO.</param>
/// <param name="Account">Who it authenticated as; null before AUTH.</param>
public sealed record SmtpPeer(IPEndPoint RemoteEndPoint, IPEndPoint LocalEndPoint, TlsDetails? Tls, string Hello, bool Esmtp, Account? Account)
{
    /// <summary>The client's name by the word of a trusted proxy (XCLIENT); null when nobody said.</summary>
    public string? Name { get; init; }

    /// <summary>Whose message a trusted peer passes on (XFORWARD), until the transaction's end; null for its own.</summary>
    public ForwardedClient? Forwarded { get; init; }
}

/// <summary>The client of whoever forwards the message: for logs and the timeline, not for decisions. What it did not say is null.</summary>
/// <param name="Identifier">The name of the message in the forwarder's own logs.</param>
public sealed record ForwardedClient(string? Name, string? Address, string? Port, string? Hello, string? Protocol, string? Identifier, string? Source)
{
    public override string ToString() => $"{Name ?? "unknown"}[{Address ?? "unknown"}]";
}
