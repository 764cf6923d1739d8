namespace Merpati.Protocols.Smtp;

/// <summary>
/// The way of one message's octets to the receiver. The first reason to refuse wins; from then on the octets are dropped and the receiver is gone,
/// while the connection still reads to the true end of the message.
/// </summary>
internal sealed class BodyIntake(IBodyReceiver? receiver, SmtpReply? refusal, SmtpServerOptions options, bool isText) : IAsyncDisposable
{
    // A BINARYMIME message is not made of lines (RFC 3030 §3).
    private readonly LineGuard? _lines = isText ? new LineGuard() : null;
    private IBodyReceiver? _receiver = receiver;
    private long _size;

    public BodyIntake(IBodyReceiver receiver, SmtpServerOptions options, bool isText = true) : this(receiver, null, options, isText) { }

    /// <summary>Swallows a message that was refused before it began.</summary>
    public static BodyIntake Refusing(SmtpReply refusal, SmtpServerOptions options) => new(null, refusal, options, isText: false);

    /// <summary>Why the message is not taken, as far as it is known by now.</summary>
    public SmtpReply? Refusal { get; private set; } = refusal;

    public async ValueTask TakeAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (Refusal is not null || octets.IsEmpty) return;
        _size += octets.Length;
        _lines?.Watch(octets.Span);
        Refusal = Objection() ?? await _receiver!.WriteAsync(octets, cancellationToken).ConfigureAwait(false);
        if (Refusal is not null) await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>All octets were taken.</summary>
    public async ValueTask<SmtpReply> CompleteAsync(CancellationToken cancellationToken)
    {
        _lines?.Complete();
        Refusal ??= Objection();
        return Refusal ?? await _receiver!.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_receiver is not { } open) return;
        _receiver = null;
        await open.DisposeAsync().ConfigureAwait(false);
    }

    private SmtpReply? Objection()
    {
        if (_size > options.MaxMessageSize) return SmtpReplies.MessageTooBig;
        if (_lines is null) return null;
        if (_lines.HasBareLineBreak) return SmtpReplies.BareLineBreakInText;
        return _lines.LongestLine > options.MaxTextLine ? SmtpReplies.TextLineTooLong : null;
    }
}
