using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>One message for one server.</summary>
public sealed record OutgoingMessage
{
    /// <summary>
    /// Who sends it and who shall have it; at least one recipient. <see cref="Envelope.Body"/> and <see cref="Envelope.SmtpUtf8"/> say what the octets need, not what somebody once declared.
    /// Parameters that the server does not know are left out (DSN, MT-PRIORITY, BY), but for those without which the message must not go (<see cref="ServerLack"/>).
    /// </summary>
    public required Envelope Envelope { get; init; }

    /// <summary>Octets that <see cref="OpenAsync"/> gives, before dots are doubled.</summary>
    public required long Size { get; init; }

    /// <summary>Opens the octets from the beginning: header and body with CRLF, anything at all with <see cref="BodyType.BinaryMime"/>. The engine disposes the stream.</summary>
    public required Func<CancellationToken, ValueTask<Stream>> OpenAsync { get; init; }

    /// <summary>
    /// Awaited when everything but the end was sent, just before the final dot or the last chunk: from the moment that it returns, the server may have the message.
    /// If it throws, the message is not sent, the connection is closed, and the exception goes to the caller.
    /// </summary>
    public Func<CancellationToken, ValueTask>? BeforeEndAsync { get; init; }
}
