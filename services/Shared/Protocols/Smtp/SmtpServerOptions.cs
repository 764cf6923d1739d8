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

    /// <summary>SIZE (RFC 1870), octets after dot decoding.</summary>
    public long MaxMessageSize { get; init; } = 52_428_800;

    /// <summary>
    /// Octets of a text line without CRLF. RFC 5321 §4.5.3.1.6 sends no more than 998, real senders do: HTML in one line is common, and a body streams
    /// through without memory for its lines. This limit only keeps out what no reader could show.
    /// </summary>
    public int MaxTextLine { get; init; } = 1_048_576;

    /// <summary>Recipients of one message; RFC 5321 §4.5.3.1.8 wants at least 100.</summary>
    public int MaxRecipients { get; init; } = 1000;

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
}
