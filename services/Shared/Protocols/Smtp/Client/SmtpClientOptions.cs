namespace Merpati.Protocols.Smtp.Client;

/// <summary>How we speak to a server. The times are those of RFC 5321 §4.5.3.2, each for a whole reply, so that a drip of octets does not hold us.</summary>
public sealed record SmtpClientOptions
{
    /// <summary>For EHLO: our name in DNS, or an address literal.</summary>
    public required string HostName { get; init; }

    /// <summary>LMTP (RFC 2033): LHLO, and a reply for each recipient after the end of the message.</summary>
    public bool Lmtp { get; init; }

    /// <summary>TLS from the first octet (RFC 8314 §3.3).</summary>
    public bool ImplicitTls { get; init; }

    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For STARTTLS and for the handshake.</summary>
    public TimeSpan TlsTimeout { get; init; } = TimeSpan.FromMinutes(2);

    public TimeSpan AuthTimeout { get; init; } = TimeSpan.FromMinutes(2);

    public TimeSpan MailTimeout { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan RcptTimeout { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For the server to take a block of a message, and to answer to a chunk that is not the last.</summary>
    public TimeSpan BlockTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>After the final dot. Giving up earlier would double messages.</summary>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan RsetTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan QuitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From MAIL to the end of the octets, for a server that takes them by drips.</summary>
    public TimeSpan MaxTransactionTime { get; init; } = TimeSpan.FromHours(1);
}
