using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Smtp;

/// <summary>
/// The server's side of one SMTP connection (RFC 5321): reads commands, judges them by the <see cref="SmtpCommand.Table"/>, and is the only one who writes.
/// Replies to pipelined commands (RFC 2920) leave in one flush. The transport's owner closes it when <see cref="RunAsync"/> returns.
/// </summary>
public sealed class SmtpConnection
{
    // Replies to a client that pipelines without an end go out at this size.
    private const int FlushSize = 8192;

    // A tab is white space to some clients, and nothing to the grammar: the parsers judge it.
    private static readonly SearchValues<byte> ControlCharacters = SearchValues.Create([.. Enumerable.Range(0, 32).Where(octet => octet != '\t').Select(octet => (byte)octet), 0x7f]);

    private readonly ITransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LineReader _lines;
    private readonly BodyReader _bodies;
    private readonly long _startedAt;
    private SessionLifetime _lifetime;
    private int _unflushed;
    private int _badCommands;
    private int _authFailures;
    private int _commandsBeforeAuth;
    private int _messages;
    private HashSet<string>? _recipientDomains;
    private bool _isRefused;
    private bool _upgradeIsDue;
    private bool _readsBody;
    private string _verb = "";

    public SmtpConnection(ITransport transport, ISmtpSession session, SmtpServerOptions options, TimeProvider time, ILogger logger)
    {
        (_transport, Session, Options, _time, _logger) = (transport, session, options, time, logger);
        _startedAt = time.GetTimestamp();
        _lines = new LineReader(transport, time);
        _bodies = new BodyReader(transport, time, options.DataTimeout, () => SessionTimeLeft);
        Peer = new SmtpPeer(transport.RemoteEndPoint, transport.LocalEndPoint, transport.Tls, "", Esmtp: false, Account: null);
    }

    internal ISmtpSession Session { get; }

    internal SmtpServerOptions Options { get; }

    internal SmtpPeer Peer { get; set; }

    internal SmtpState State { get; private set; } = new SmtpState.Connected();

    /// <summary>STARTTLS would work now.</summary>
    internal bool CanUpgradeToTls => Peer.Tls is null && _transport.CanUpgradeToTls;

    /// <summary>Secrets may be sent.</summary>
    internal bool IsConfidential => Peer.Tls is not null || Options.AllowPlaintextAuth;

    internal DateTimeOffset Now => _time.GetUtcNow();

    private TimeSpan SessionTimeLeft => Options.MaxSessionTime - _time.GetElapsedTime(_startedAt);

    /// <summary>Serves until the client leaves, a limit is reached or <paramref name="lifetime"/> ends. Faults do not come out of it.</summary>
    public async ValueTask RunAsync(SessionLifetime lifetime)
    {
        _lifetime = lifetime;
        try
        {
            var refusal = await Session.ConnectAsync(Peer, lifetime.Aborted).ConfigureAwait(false);
            Write(refusal ?? Greeting);
            if (refusal is null) await ServeAsync().ConfigureAwait(false);
            await FlushAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.Aborted.IsCancellationRequested) { }
        catch (IOException broken) { _logger.ConnectionBroken(broken.Message); }
        catch (Exception fault) { _logger.ConnectionFault(fault); }
        finally { await EndTransactionAsync().ConfigureAwait(false); }
    }

    /// <summary>Command after command, until one ends the session; the last reply is left to be flushed.</summary>
    private async ValueTask ServeAsync()
    {
        while (true)
        {
            if ((_unflushed >= FlushSize || !IsLineWaiting()) && !await FlushAsync().ConfigureAwait(false)) return;
            var left = SessionTimeLeft;
            if (left <= TimeSpan.Zero)
            {
                Write(SmtpReplies.SessionTooLong);
                return;
            }
            _verb = "";
            var line = await _lines.ReadLineAsync(SmtpCommand.AuthLine, Min(left, Options.CommandTimeout), _lifetime).ConfigureAwait(false);
            var reply = line.Status switch
            {
                LineStatus.Line => await ExecuteAsync(line).ConfigureAwait(false),
                LineStatus.TooLong => SmtpReplies.LineTooLong,
                LineStatus.Endless => SmtpReplies.EndlessLine,
                LineStatus.TimedOut => SmtpReplies.TimedOut,
                LineStatus.Draining => SmtpReplies.Draining,
                _ => null,
            };
            if (reply is null) return;
            reply = Tally(reply);
            Write(reply);
            if (!reply.IsPositive) Session.OnRefusal(Peer, _verb, reply);
            if (reply.ClosesChannel || _isRefused || (_upgradeIsDue && !await UpgradeAsync().ConfigureAwait(false))) return;
        }
    }

    /// <summary>One command. The one place where a fault becomes a reply.</summary>
    private async ValueTask<SmtpReply?> ExecuteAsync(LineResult line)
    {
        if (ObjectionTo(line) is { } objection) return objection;
        var space = line.Line.AsSpan().IndexOf((byte)' ');
        var verb = space < 0 ? line.Line.AsMemory() : line.Line.AsMemory(0, space);
        var argument = space < 0 ? ReadOnlyMemory<byte>.Empty : line.Line.AsMemory(space + 1).TrimEnd(" \t"u8);
        if (SmtpCommand.Find(verb.Span) is not { } command) return SmtpReplies.UnknownCommand;
        _verb = command.Verb;
        if (line.Line.Length > command.MaxLine) return SmtpReplies.LineTooLong;
        try
        {
            if (RefusalOf(command) is not { } refusal) return await command.Run(this, argument, _lifetime.Aborted).ConfigureAwait(false);
            return command.RunRefused is null || await command.RunRefused(this, argument, _lifetime.Aborted).ConfigureAwait(false) is not null ? refusal : null;
        }
        catch (Exception fault) when (!_lifetime.Aborted.IsCancellationRequested)
        {
            _logger.CommandFault(fault, command.Verb);
            await EndTransactionAsync().ConfigureAwait(false);
            // In the middle of a message nobody knows where the next command begins.
            return _readsBody ? SmtpReplies.LocalErrorClosing : command.FaultReply;
        }
    }

    private static SmtpReply? ObjectionTo(LineResult line)
    {
        if (line.EndedInBareLf || line.Line.AsSpan().Contains((byte)'\r')) return SmtpReplies.BareLineBreak;
        return line.Line.AsSpan().ContainsAny(ControlCharacters) ? SmtpReplies.ControlCharacters : null;
    }

    private SmtpReply? RefusalOf(SmtpCommand command)
    {
        if (!command.IsOffered(this)) return SmtpReplies.NotImplemented;
        if (Options.RequireAuth && Peer.Account is null && ++_commandsBeforeAuth > Options.MaxCommandsBeforeAuth) return SmtpReplies.TooManyCommandsBeforeAuth;
        if (!command.AllowedIn.HasFlag(State.Flag)) return command.OutOfSequence(State);
        if (command.NeedsAuth && Options.RequireAuth && Peer.Account is null) return IsConfidential ? SmtpReplies.AuthenticationRequired : SmtpReplies.TlsRequired;
        return command.NeedsTls && !IsConfidential ? Auth.EncryptionRequired : null;
    }

    /// <summary>A client that makes errors without end is told so, once, in place of the reply.</summary>
    private SmtpReply Tally(SmtpReply reply) => reply.Code switch
    {
        >= 500 and <= 504 or 555 when ++_badCommands > Options.MaxBadCommands => SmtpReplies.TooManyErrors,
        535 when ++_authFailures >= Options.MaxAuthFailures => SmtpReplies.TooManyErrors,
        _ => reply,
    };

    /// <summary>The client itself, not the one that it speaks for, is in one of the networks.</summary>
    internal bool IsTrusted(IReadOnlyList<IPNetwork> networks) => networks.Any(network => network.Contains(_transport.RemoteEndPoint.Address));

    /// <summary>MAILMAX (RFC 9422) is not reached.</summary>
    internal bool MayHaveMessage() => Options.MaxMessages is not { } most || _messages < most;

    /// <summary>RCPTDOMAINMAX (RFC 9422) leaves room for one of this domain.</summary>
    internal bool MayHaveDomain(string domain) => Options.MaxRecipientDomains is not { } most || _recipientDomains is not { } known || known.Count < most || known.Contains(domain);

    internal void NoteDomain(string domain)
    {
        if (Options.MaxRecipientDomains is not null) (_recipientDomains ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(domain);
    }

    /// <summary>MAIL was accepted.</summary>
    internal void BeginTransaction(MailFrom mail)
    {
        _messages++;
        State = new SmtpState.Mail(mail, Attempted: false);
    }

    /// <summary>XCLIENT: the session begins anew as that of another client. Without a greeting of its own from <paramref name="peer"/> it has to greet.</summary>
    internal async ValueTask<SmtpReply> BecomeAsync(SmtpPeer peer, CancellationToken cancellationToken)
    {
        await EndTransactionAsync().ConfigureAwait(false);
        Peer = peer;
        State = peer.Hello.Length > 0 ? new SmtpState.Ready() : new SmtpState.Connected();
        if (await Session.ConnectAsync(peer, cancellationToken).ConfigureAwait(false) is not { } refusal) return Greeting;
        _isRefused = true;
        return refusal;
    }

    /// <summary>Enters a state that goes on from the present one.</summary>
    internal void Enter(SmtpState state) => State = state;

    /// <summary>Drops the mail transaction, if there is one (RFC 5321 §4.1.1.5).</summary>
    internal async ValueTask EndTransactionAsync()
    {
        var ended = State;
        if (ended is not SmtpState.Connected) State = new SmtpState.Ready();
        if (Peer.Forwarded is not null) Peer = Peer with { Forwarded = null };
        if (ended is SmtpState.Chunks chunks) await chunks.Intake.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>HELO, EHLO: the session begins anew, but for TLS and the account.</summary>
    internal async ValueTask GreetAsync(string hello, bool esmtp)
    {
        await EndTransactionAsync().ConfigureAwait(false);
        Peer = Peer with { Hello = hello, Esmtp = esmtp };
        State = new SmtpState.Ready();
    }

    /// <summary>The handshake follows the reply to this command.</summary>
    internal void UpgradeAfterReply() => _upgradeIsDue = true;

    /// <summary>Sends a 334 and waits for the client's answer (RFC 4954 §4).</summary>
    internal async ValueTask<LineResult> AskAsync(SmtpReply challenge)
    {
        Write(challenge);
        if (!await FlushAsync().ConfigureAwait(false)) return new LineResult(LineStatus.Closed, []);
        return await _lines.ReadLineAsync(SmtpCommand.AuthLine, Min(SessionTimeLeft, Options.CommandTimeout), _lifetime).ConfigureAwait(false);
    }

    /// <summary>Invites the message and takes it; the reply is the receiver's or the first objection.</summary>
    internal async ValueTask<SmtpReply?> ReceiveDottedAsync(BodyIntake intake, CancellationToken cancellationToken)
    {
        Write(SmtpReplies.StartMailInput);
        if (!await FlushAsync().ConfigureAwait(false)) return null;
        _readsBody = true;
        var end = await _bodies.ReadDottedAsync(intake, cancellationToken).ConfigureAwait(false);
        _readsBody = false;
        return end == BodyEnd.Complete ? await intake.CompleteAsync(cancellationToken).ConfigureAwait(false) : ReplyTo(end);
    }

    /// <summary>Takes a chunk of BDAT.</summary>
    internal async ValueTask<BodyEnd> ReceiveChunkAsync(BodyIntake intake, long count, CancellationToken cancellationToken)
    {
        _readsBody = true;
        var end = await _bodies.ReadChunkAsync(intake, count, cancellationToken).ConfigureAwait(false);
        _readsBody = false;
        return end;
    }

    /// <summary>The reply to a message that did not come to its end.</summary>
    internal static SmtpReply? ReplyTo(BodyEnd end) => end == BodyEnd.TimedOut ? SmtpReplies.TimedOut : null;

    /// <summary>RFC 3207 §4.2: nothing that was learnt in the clear is kept.</summary>
    private async ValueTask<bool> UpgradeAsync()
    {
        _upgradeIsDue = false;
        if (!await FlushAsync().ConfigureAwait(false)) return false;
        using var timer = new CancellationTokenSource(Options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _lifetime.Aborted);
        try { await _transport.UpgradeToTlsAsync(either.Token).ConfigureAwait(false); }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            _logger.HandshakeFailed(failure.Message);
            return false;
        }
        State = new SmtpState.Connected();
        Peer = Peer with { Tls = _transport.Tls, Hello = "", Esmtp = false, Account = null };
        return true;
    }

    private bool IsLineWaiting()
    {
        try
        {
            if (_unflushed == 0 || !_transport.Input.TryRead(out var read)) return false;
            var waiting = read.Buffer.PositionOf((byte)'\n') is not null;
            _transport.Input.AdvanceTo(read.Buffer.Start);
            return waiting;
        }
        // A broken connection is the reader's to report; what is written leaves now or never.
        catch (IOException) { return false; }
    }

    private void Write(SmtpReply reply)
    {
        _transport.Output.Write(reply.Wire.Span);
        _unflushed += reply.Wire.Length;
    }

    private async ValueTask<bool> FlushAsync()
    {
        if (_unflushed == 0) return true;
        _unflushed = 0;
        return await _transport.TryFlushAsync(Options.WriteTimeout, _time, _lifetime.Aborted).ConfigureAwait(false);
    }

    private SmtpReply Greeting => new(220, null, $"{Options.HostName} ESMTP Merpati");

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
