using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client.Commands;
using Merpati.Relaying;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>
/// The client's side of one SMTP or LMTP connection (RFC 5321, RFC 2033). One call at a time, in this order: <see cref="OpenAsync"/>, any number of <see cref="SendAsync"/>
/// while <see cref="IsUsable"/>, <see cref="QuitAsync"/>. What a server does is never an exception; exceptions are those of the caller's stream and callback, and of cancellation.
/// The transport is closed with the connection.
/// </summary>
public sealed class SmtpClientConnection(IClientTransport transport, SmtpClientOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly ClientWire _wire = new(transport, time, logger);
    private bool _usable;
    private bool _needsReset;

    /// <summary>What the server offers, as far as it is known by now.</summary>
    public SmtpCapabilities Capabilities { get; private set; } = SmtpCapabilities.None;

    /// <summary>Another message can be sent: the session is open, and the server has not said or done otherwise since.</summary>
    public bool IsUsable => _usable && !_wire.HasInput();

    public IClientTransport Transport => transport;

    /// <summary>Greeting, EHLO (or HELO, LHLO), STARTTLS and AUTH.</summary>
    /// <param name="policy">What TLS has to be.</param>
    /// <param name="tested">A policy that is checked and reported only (RFC 8461 §5); null for none.</param>
    /// <param name="credential">Null for a server that takes mail from anybody.</param>
    public async ValueTask<OpenOutcome> OpenAsync(TlsPolicy policy, TlsPolicy? tested, SmtpCredential? credential, CancellationToken cancellationToken)
    {
        var opening = new SessionOpening(_wire, transport, options, policy, tested);
        var outcome = await opening.RunAsync(credential, cancellationToken).ConfigureAwait(false);
        Capabilities = opening.Capabilities;
        _usable = outcome is OpenOutcome.Ready;
        // A server that only refused hears a goodbye (RFC 5321 §3.1).
        if (outcome is OpenOutcome.Refused { Reply.ClosesChannel: false } or OpenOutcome.NoMechanism) await SayQuitAsync(cancellationToken).ConfigureAwait(false);
        if (!_usable) await DisposeAsync().ConfigureAwait(false);
        return outcome;
    }

    /// <summary>
    /// One transaction. After the end of the message was sent, cancellation gives <see cref="RecipientOutcome.Unknown"/> and no exception, so that the outcome is not lost.
    /// </summary>
    /// <exception cref="InvalidDataException">The octets of the message have another size than it says; the server does not have it.</exception>
    public async ValueTask<SendOutcome> SendAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        if (!_usable) throw new InvalidOperationException("The session is not open.");
        if (message.Envelope.Recipients.Count == 0) throw new ArgumentException("A message has a recipient.", nameof(message));
        if (LackFor(message) is not ServerLack.None and var lack) return new SendOutcome.Unsuitable(lack);
        var transaction = new Transaction(_wire, options, Capabilities, message);
        _usable = false;
        try
        {
            var outcomes = await transaction.RunAsync(_needsReset, cancellationToken).ConfigureAwait(false);
            (_usable, _needsReset) = (transaction.IsConnectionUsable, transaction.NeedsReset);
            return new SendOutcome.Offered(outcomes);
        }
        finally
        {
            // A server that has half of a message must not find an end to it.
            if (!_usable) await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Says QUIT if there is anybody to hear it, and closes.</summary>
    public async ValueTask QuitAsync(CancellationToken cancellationToken)
    {
        if (IsUsable) await SayQuitAsync(cancellationToken).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes without a word.</summary>
    public ValueTask DisposeAsync()
    {
        _usable = false;
        return transport.DisposeAsync();
    }

    /// <summary>What the message needs and the server does not offer; asked before anything is sent, so that another form of the message may be.</summary>
    public ServerLack LackFor(OutgoingMessage message)
    {
        var lack = ServerLack.None;
        if (message.Envelope.Body == BodyType.EightBitMime && !Capabilities.EightBitMime) lack |= ServerLack.EightBitMime;
        if (message.Envelope.Body == BodyType.BinaryMime && !(Capabilities.BinaryMime && Capabilities.Chunking)) lack |= ServerLack.BinaryMime;
        if (WirePath.NeedsSmtpUtf8(message.Envelope) && !Capabilities.SmtpUtf8) lack |= ServerLack.SmtpUtf8;
        if (Capabilities.MaxSize < message.Size) lack |= ServerLack.Size;
        if (message.Envelope.RequireTls && !(Capabilities.RequireTls && transport.Tls is not null)) lack |= ServerLack.RequireTls;
        return lack;
    }

    private async ValueTask SayQuitAsync(CancellationToken cancellationToken)
    {
        try { await _wire.AskAsync("QUIT", SmtpStage.Quit, options.QuitTimeout, cancellationToken).ConfigureAwait(false); }
        catch (OperationCanceledException) { }
    }
}
