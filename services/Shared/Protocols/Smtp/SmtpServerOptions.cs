using System.Net;

namespace Merpati.Protocols.Smtp;

/// <summary>What one SMTP server offers and how far it lets a stranger go. A capability is advertised exactly when it is on here.</summary>
public sealed record SmtpServerOptions
{
    /// <summary>Our name in the greeting and in EHLO (RFC 5321 §4.1.1.1).</summary>
    public required string HostName { get; init; }

    /// <summary>The domain of <c>RCPT TO:&lt;postmaster&gt;</c> (RFC 5321 §4.5.1); the host name when null.</summary>
    public string? PostmasterDomain { get; init; }

    /// <summary>Offers AUTH (RFC 4954).</summary>
    public bool OfferAuth { get; init; }

    /// <summary>No mail before AUTH: a submission server (RFC 6409 §4.3).</summary>
    public bool RequireAuth { get; init; }

    /// <summary>AUTH on a connection without TLS. For tests on loopback.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>DSN (RFC 3461). On only where somebody sends the reports that it promises.</summary>
    public bool AdvertiseDsn { get; init; }

    /// <summary>REQUIRETLS (RFC 8689), offered in TLS. On only where the relay obeys it.</summary>
    public bool OfferRequireTls { get; init; }

    /// <summary>BINARYMIME (RFC 3030 §3). On only where what takes the octets is ready for any.</summary>
    public bool OfferBinaryMime { get; init; }

    /// <summary>MT-PRIORITY (RFC 6710): the highest that a client gets, -9 to 9; a message that asks for more goes with this. Null offers none.</summary>
    public int? MaxPriority { get; init; }

    /// <summary>FUTURERELEASE (RFC 4865), for submission only (§3): how long a message may be held. Null offers none.</summary>
    public TimeSpan? MaxHold { get; init; }

    /// <summary>DELIVERBY (RFC 2852). On only where somebody looks at the clock.</summary>
    public bool OfferDeliverBy { get; init; }

    /// <summary>Clients that may say for whom they connect (XCLIENT).</summary>
    public IReadOnlyList<IPNetwork> XClientNetworks { get; init; } = [];

    /// <summary>Clients that may say for whom they pass on a message (XFORWARD).</summary>
    public IReadOnlyList<IPNetwork> XForwardNetworks { get; init; } = [];

    /// <summary>SIZE (RFC 1870), octets after dot decoding.</summary>
    public long MaxMessageSize { get; init; } = 52_428_800;

    /// <summary>
    /// Octets of a text line without CRLF. RFC 5321 §4.5.3.1.6 sends no more than 998, real senders do: HTML in one line is common, and a body streams
    /// through without memory for its lines. This limit only keeps out what no reader could show.
    /// </summary>
    public int MaxTextLine { get; init; } = 1_048_576;

    /// <summary>Recipients of one message; RFC 5321 §4.5.3.1.8 wants at least 100.</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>MAIL commands that succeed in one session (MAILMAX of RFC 9422); null for any number.</summary>
    public int? MaxMessages { get; init; }

    /// <summary>Domains of the recipients of one session (RCPTDOMAINMAX of RFC 9422); null for any number.</summary>
    public int? MaxRecipientDomains { get; init; }

    /// <summary>Replies of the kind 500 to 504 and 555 in one session before it ends.</summary>
    public int MaxBadCommands { get; init; } = 20;

    /// <summary>Failed AUTH exchanges in one session before it ends.</summary>
    public int MaxAuthFailures { get; init; } = 5;

    /// <summary>Commands before AUTH on a server that requires it.</summary>
    public int MaxCommandsBeforeAuth { get; init; } = 50;

    /// <summary>For a command line (RFC 5321 §4.5.3.2.7).</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the next octets of a message (RFC 5321 §4.5.3.2.5).</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>For a client that does not take our replies.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>For the session as a whole, so that a drip of octets does not hold it for ever.</summary>
    public TimeSpan MaxSessionTime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>The LIMITS line of EHLO (RFC 9422): what is enforced here.</summary>
    internal string Limits
        => FormattableString.Invariant($"LIMITS RCPTMAX={MaxRecipients}")
            + (MaxMessages is { } messages ? FormattableString.Invariant($" MAILMAX={messages}") : "")
            + (MaxRecipientDomains is { } domains ? FormattableString.Invariant($" RCPTDOMAINMAX={domains}") : "");
}
