using Merpati.Protocols.Smtp.Client.Commands;
using Merpati.Relaying;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>
/// From the connection to the session: the handshake of implicit TLS, the greeting, EHLO with HELO to fall back on, STARTTLS with EHLO again, AUTH.
/// </summary>
internal sealed class SessionOpening(ClientWire wire, IClientTransport transport, SmtpClientOptions options, TlsPolicy policy, TlsPolicy? tested)
{
    private TlsHandshake.Done? _tls;
    private TlsFault? _clearBecause;

    public SmtpCapabilities Capabilities { get; private set; } = SmtpCapabilities.None;

    private bool IsOptional => policy is TlsPolicy.Opportunistic;

    public async ValueTask<OpenOutcome> RunAsync(SmtpCredential? credential, CancellationToken cancellationToken)
        => (options.ImplicitTls ? await ShakeHandsAsync(SmtpStage.Greeting, cancellationToken).ConfigureAwait(false) : null)
           ?? await GreetAsync(cancellationToken).ConfigureAwait(false)
           ?? await HelloAsync(SmtpStage.Hello, cancellationToken).ConfigureAwait(false)
           ?? await StartTlsAsync(cancellationToken).ConfigureAwait(false)
           ?? (credential is null ? null : await AuthenticateAsync(credential, cancellationToken).ConfigureAwait(false))
           ?? new OpenOutcome.Ready(Capabilities, _tls, _clearBecause);

    private async ValueTask<OpenOutcome?> GreetAsync(CancellationToken cancellationToken)
        => Judge(await wire.ReadAsync(SmtpStage.Greeting, options.GreetingTimeout, cancellationToken).ConfigureAwait(false), SmtpStage.Greeting, out _);

    /// <summary>EHLO; and HELO where the server does not know it (RFC 5321 §3.2). LMTP has LHLO alone (RFC 2033 §4.1).</summary>
    private async ValueTask<OpenOutcome?> HelloAsync(SmtpStage stage, CancellationToken cancellationToken)
    {
        var verb = options.Lmtp ? "LHLO" : "EHLO";
        var refusal = Judge(await wire.AskAsync($"{verb} {options.HostName}", stage, options.HelloTimeout, cancellationToken).ConfigureAwait(false), stage, out var reply);
        Capabilities = refusal is null ? SmtpCapabilities.Parse(reply!) : SmtpCapabilities.None;
        if (options.Lmtp || refusal is not OpenOutcome.Refused { Reply.IsPermanent: true }) return refusal;
        return Judge(await wire.AskAsync($"HELO {options.HostName}", stage, options.HelloTimeout, cancellationToken).ConfigureAwait(false), stage, out _);
    }

    /// <summary>RFC 3207. What was learnt in the clear is forgotten.</summary>
    private async ValueTask<OpenOutcome?> StartTlsAsync(CancellationToken cancellationToken)
    {
        if (_tls is not null || policy is TlsPolicy.None) return null;
        if (!Capabilities.StartTls) return WithoutTls("The server offers no STARTTLS", null);
        switch (await wire.AskAsync("STARTTLS", SmtpStage.StartTls, options.TlsTimeout, cancellationToken).ConfigureAwait(false))
        {
            case Answer.Lost lost:
                return LostInTls(lost.Loss);
            case Answer.Replied { Reply.Code: 421 } closing:
                return new OpenOutcome.Refused(SmtpStage.StartTls, closing.Reply);
            case Answer.Replied { Reply: { IsTransient: true } or { IsPermanent: true } } refused:
                return WithoutTls($"The server refuses STARTTLS: {refused.Reply}", refused.Reply);
            case Answer.Replied { Reply.IsPositive: true }:
                break;
            case Answer.Replied other:
                return new OpenOutcome.Lost(ClientWire.Unexpected(SmtpStage.StartTls, other.Reply));
        }
        if (await ShakeHandsAsync(SmtpStage.StartTls, cancellationToken).ConfigureAwait(false) is { } failed) return failed;
        // A server that says yes to the handshake and then goes has broken TLS, whatever else it may have.
        return await HelloAsync(SmtpStage.StartTls, cancellationToken).ConfigureAwait(false) is { } end ? end is OpenOutcome.Lost gone ? LostInTls(gone.Loss) : end : null;
    }

    private async ValueTask<OpenOutcome?> ShakeHandsAsync(SmtpStage stage, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(options.TlsTimeout, wire.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            switch (await transport.StartTlsAsync(policy, tested, either.Token).ConfigureAwait(false))
            {
                case TlsHandshake.Done done:
                    _tls = done;
                    return null;
                case TlsHandshake.Failed failed:
                    return new OpenOutcome.TlsFailed(failed.Fault, null, IsOptional && !options.ImplicitTls);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return LostInTls(new ConnectionLoss(stage, LossReason.TimedOut, FormattableString.Invariant($"The TLS handshake took more than {options.TlsTimeout.TotalSeconds:0} s")));
        }
        throw new System.Diagnostics.UnreachableException();
    }

    private async ValueTask<OpenOutcome?> AuthenticateAsync(SmtpCredential credential, CancellationToken cancellationToken)
        => transport.Tls is null
            ? new OpenOutcome.NoMechanism("There is no TLS, and the credential goes over TLS only")
            : await AuthDialogue.RunAsync(wire, credential, Capabilities, options, cancellationToken).ConfigureAwait(false);

    /// <summary>There is no TLS to be had; whether that is an end is the policy's to say.</summary>
    private OpenOutcome.TlsFailed? WithoutTls(string why, RemoteReply? reply)
    {
        var fault = new TlsFault(TlsFailure.StartTlsNotSupported, why);
        if (!IsOptional) return new OpenOutcome.TlsFailed(fault, reply, TryInClear: false);
        _clearBecause = fault;
        return null;
    }

    private OpenOutcome.TlsFailed LostInTls(ConnectionLoss loss) => new(new TlsFault(TlsFailure.ValidationFailure, loss.Detail), null, IsOptional && !options.ImplicitTls);

    /// <summary>Null for 2yz.</summary>
    private static OpenOutcome? Judge(Answer answer, SmtpStage stage, out RemoteReply? reply)
    {
        reply = (answer as Answer.Replied)?.Reply;
        return answer switch
        {
            Answer.Lost lost => new OpenOutcome.Lost(lost.Loss),
            Answer.Replied { Reply.IsPositive: true, Reply.Code: not 221 } => null,
            Answer.Replied { Reply: { IsTransient: true } or { IsPermanent: true } } refused => new OpenOutcome.Refused(stage, refused.Reply),
            Answer.Replied other => new OpenOutcome.Lost(ClientWire.Unexpected(stage, other.Reply)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
