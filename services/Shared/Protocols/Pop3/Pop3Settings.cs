namespace Merpati.Protocols.Pop3;

/// <summary>What the operator decides, and every limit on what a stranger can make grow.</summary>
public sealed record Pop3Settings
{
    /// <summary>Shown in the greeting.</summary>
    public string ServerName { get; init; } = "localhost";

    /// <summary>USER and AUTH without TLS: only for tests on loopback.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>
    /// Octets of a command without its CRLF. RFC 2449 §4 asks for 255; RFC 6856 §2 leaves room for UTF-8, and long passwords exist.
    /// </summary>
    public int MaxCommandLength { get; init; } = 510;

    /// <summary>Octets of a line of an AUTH exchange, base64 (RFC 4422 leaves it to the protocol; this is RFC 4954's figure).</summary>
    public int MaxAuthLineLength { get; init; } = 12288;

    /// <summary>The inactivity timer; RFC 1939 §3 allows no less than 10 minutes.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From the greeting to the login: all of it, however busy the client is. Strangers do not hold connections for ever.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The least time from one login of an account to the next, whole seconds, advertised as LOGIN-DELAY (RFC 2449 §6.5); zero is none.</summary>
    public TimeSpan LoginDelay { get; init; }

    /// <summary>How long a client may take nothing of what is sent to it.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Commands before the login, right or wrong.</summary>
    public int MaxCommandsBeforeLogin { get; init; } = 60;

    /// <summary>Unknown, malformed or over-long commands in a row.</summary>
    public int MaxBadCommands { get; init; } = 15;

    public int MaxFailedLogins { get; init; } = 5;
}
