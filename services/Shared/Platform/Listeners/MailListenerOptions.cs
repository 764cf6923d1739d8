using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Merpati.Platform.Listeners;

/// <summary>Limits that hold for all mail ports of a process.</summary>
public sealed record ConnectionLimits
{
    /// <summary>Open connections of a port; more are closed at once with the protocol's own words.</summary>
    [Range(1, 1_000_000)]
    public int PerPort { get; init; } = 20_000;

    /// <summary>Open connections of one client address on a port (of an IPv6 client: of its /64).</summary>
    [Range(1, 1_000_000)]
    public int PerAddress { get; init; } = 200;

    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan TlsHandshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long sessions may take to finish after the listener stopped accepting.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Proxies that say who their client is.</summary>
    public ProxyProtocolOptions ProxyProtocol { get; init; } = new();

    /// <summary>Loopback connections do not count towards <see cref="PerAddress"/>: they are proxies and tests of ours.</summary>
    public bool LoopbackIsExempt { get; init; } = true;
}

/// <summary>HAProxy's PROXY protocol, for all mail ports of a process.</summary>
public sealed record ProxyProtocolOptions : IValidatableObject
{
    /// <summary>
    /// Networks of the proxies and load balancers, such as 10.0.0.0/8. A connection from there begins with a PROXY header, version 1 or 2, and is closed without one;
    /// from anywhere else there is no such header.
    /// </summary>
    public IList<string> Networks { get; init; } = [];

    /// <summary>Time for the header.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => TrustedNetworks.Check(Networks, nameof(Networks));
}

/// <summary>One mail port.</summary>
/// <param name="Name">For logs and metrics: smtp, submission, submissions, imap, imaps, pop3, pop3s.</param>
/// <param name="ImplicitTls">TLS from the first byte (RFC 8314).</param>
/// <param name="Busy">The line for a connection that is one too many, <c>421 4.3.2 …\r\n</c>.</param>
/// <param name="Session">Serves one connection to its end.</param>
public sealed record MailPort(string Name, IPEndPoint EndPoint, bool ImplicitTls, string Busy, Func<Protocols.Wire.ITransport, Protocols.Wire.SessionLifetime, ValueTask> Session);
