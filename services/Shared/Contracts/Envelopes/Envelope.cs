using Merpati.Addresses;

namespace Merpati.Envelopes;

/// <summary>BODY of MAIL FROM (RFC 6152, RFC 3030).</summary>
public enum BodyType
{
    SevenBit = 0,
    EightBitMime = 1,
    BinaryMime = 2,
}

/// <summary>RET of MAIL FROM: how much of the message a DSN returns (RFC 3461 §4.3).</summary>
public enum DsnReturn
{
    Unspecified = 0,
    Full = 1,
    Headers = 2,
}

/// <summary>NOTIFY of RCPT TO (RFC 3461 §4.1). <see cref="Unspecified"/> means failure, and delay at our discretion.</summary>
[Flags]
public enum DsnNotify
{
    Unspecified = 0,
    Never = 1,
    Success = 2,
    Failure = 4,
    Delay = 8,
}

/// <summary>One forward-path with its DSN parameters.</summary>
/// <param name="Address">As given in RCPT TO, before aliases.</param>
/// <param name="Notify">RFC 3461 §4.1.</param>
/// <param name="OriginalRecipient">ORCPT, still xtext-encoded with its type, <c>rfc822;ann@example.org</c>.</param>
public sealed record EnvelopeRecipient(EmailAddress Address, DsnNotify Notify = DsnNotify.Unspecified, string? OriginalRecipient = null);

/// <summary>Who sent it and who shall have it; apart from the headers (RFC 5321 §2.3.1).</summary>
public sealed record Envelope
{
    public required ReversePath ReversePath { get; init; }

    public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public DsnReturn Return { get; init; }

    /// <summary>ENVID, xtext (RFC 3461 §4.4).</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>Only over verified TLS, or not at all (RFC 8689 §2).</summary>
    public bool RequireTls { get; init; }

    /// <summary>MT-PRIORITY, -9 to 9; 0 is ordinary mail (RFC 6710 §4.3).</summary>
    public int Priority { get; init; }

    /// <summary>BY (RFC 2852); null for mail that is never late.</summary>
    public DeliverBy? DeliverBy { get; init; }

    /// <summary>HOLDFOR or HOLDUNTIL: not to be delivered or relayed before (RFC 4865 §4); null for at once.</summary>
    public DateTimeOffset? HoldUntil { get; init; }
}
