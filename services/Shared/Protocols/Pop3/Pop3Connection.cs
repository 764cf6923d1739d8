using System.Buffers;
using System.Text;
using Merpati.Mailboxes;
using Merpati.Protocols.Pop3.Commands;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Pop3;

/// <summary>
/// One POP3 connection from greeting to goodbye: reads lines, finds the command, and is the only one that writes.
/// The caller closes the transport when <see cref="RunAsync"/> returns.
/// </summary>
public sealed class Pop3Connection
{
    /// <summary>Replies to pipelined commands go out together, in pieces of about this size.</summary>
    private const int FlushAt = 32 * 1024;

    private readonly ITransport _transport;
    private readonly Pop3Session _session;
    private readonly Pop3Settings _settings;
    private readonly IPop3Telemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private int _badCommands;
    private int _commandsBeforeLogin;

    public Pop3Connection(ITransport transport, Pop3Ports ports, Pop3Settings settings, TimeProvider time, ILogger logger)
    {
        _transport = transport;
        _session = new Pop3Session(transport, ports, settings);
        _settings = settings;
        _telemetry = ports.Telemetry;
        _time = time;
        _logger = logger;
    }

    /// <summary>Never throws for anything a client, the network or a store does. The maildrop is unlocked when it returns.</summary>
    public async Task RunAsync(SessionLifetime lifetime)
    {
        try
        {
            var reason = await ConverseAsync(lifetime).ConfigureAwait(false);
            _logger.Ended(_transport.RemoteEndPoint, reason);
        }
        catch (OperationCanceledException) when (lifetime.Aborted.IsCancellationRequested)
        {
            _logger.Ended(_transport.RemoteEndPoint, "aborted");
        }
        finally
        {
            await _session.CloseMaildropAsync().ConfigureAwait(false);
        }
    }

    /// <returns>Why it ended, for the log.</returns>
    private async ValueTask<string> ConverseAsync(SessionLifetime lifetime)
    {
        var loginBy = _time.GetUtcNow() + _settings.LoginTimeout;
        var reader = new LineReader(_transport, _time);
        await WriteAsync(Pop3Reply.Ok($"{_settings.ServerName} Merpati POP3 server ready"), "greeting", lifetime.Aborted).ConfigureAwait(false);
        while (true)
        {
            // PIPELINING (RFC 2449 §6.6): while whole commands wait to be read, replies are collected.
            var collects = _transport.Output.UnflushedBytes < FlushAt && reader.LineWaits();
            if (!collects && !await FlushAsync(lifetime.Aborted).ConfigureAwait(false)) return "client does not read";
            var line = await reader.ReadLineAsync(_settings.MaxAuthLineLength, TimeLeft(loginBy), lifetime).ConfigureAwait(false);
            switch (line.Status)
            {
                case LineStatus.Closed:
                    return "client closed";
                case LineStatus.TimedOut:
                    // Without a word and without UPDATE (RFC 1939 §3).
                    return "timeout";
                case LineStatus.Endless:
                    await WriteAsync(Pop3Reply.Err("line without an end"), "unknown", lifetime.Aborted).ConfigureAwait(false);
                    await FlushAsync(lifetime.Aborted).ConfigureAwait(false);
                    return "endless line";
                case LineStatus.Draining:
                    // The client takes it for the answer to its next command, and then it is true.
                    await WriteAsync(Pop3Reply.Err(ResponseCode.Temporary, "server is shutting down"), "shutdown", lifetime.Aborted).ConfigureAwait(false);
                    await FlushAsync(lifetime.Aborted).ConfigureAwait(false);
                    return "server shuts down";
                case LineStatus.TooLong or LineStatus.Line:
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
            var next = await AnswerAsync(line, lifetime.Aborted).ConfigureAwait(false);
            if (next == Next.Close)
            {
                await FlushAsync(lifetime.Aborted).ConfigureAwait(false);
                return "closed by server";
            }
            if (next == Next.BreakOff) return "broke off";
            if (next != Next.StartTls) continue;
            if (!await StartTlsAsync(TimeLeft(loginBy), lifetime.Aborted).ConfigureAwait(false)) return "no TLS";
            reader = new LineReader(_transport, _time);
        }
    }

    private enum Next
    {
        Read,
        StartTls,

        /// <summary>The conversation is over.</summary>
        Close,

        /// <summary>A message could not be sent to its end: nothing more may follow.</summary>
        BreakOff,
    }

    private TimeSpan TimeLeft(DateTimeOffset loginBy)
    {
        if (_session.State is Pop3State.Transaction) return _settings.IdleTimeout;
        var left = loginBy - _time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>One line, one reply. The one place where faults end: the client hears of a temporary trouble, the log has the rest.</summary>
    private async ValueTask<Next> AnswerAsync(LineResult line, CancellationToken aborted)
    {
        var command = Identify(line, out var parsed, out var refusal);
        var verb = command?.Verb ?? "unknown";
        var started = _time.GetTimestamp();
        using var span = _telemetry.CommandStarts(verb);
        Pop3Reply reply;
        try
        {
            reply = refusal ?? (_session.State is Pop3State.Authenticating
                ? await Auth.AnswerAsync(_session, line.Line, aborted).ConfigureAwait(false)
                : await command!.Handle(_session, parsed, aborted).ConfigureAwait(false));
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !aborted.IsCancellationRequested)
        {
            _logger.CommandFailed(fault, verb, _transport.RemoteEndPoint);
            reply = ReplyTo(fault);
            if (command?.Verb == "QUIT") reply = reply.AndClose();
            else if (_session.State is Pop3State.Authenticating) _session.State = Pop3State.Authorization.Start;
        }
        reply = Patience(reply);
        if (reply.IsOk && verb is "PASS" or "AUTH" && _session.State is Pop3State.Transaction opened)
            _logger.LoggedIn(opened.Account.Address.ToString(), _transport.RemoteEndPoint, opened.Maildrop.Count);
        var written = await WriteAsync(reply, verb, aborted).ConfigureAwait(false);
        _telemetry.CommandEnds(verb, written && reply.IsOk, _time.GetElapsedTime(started));
        if (!written) return Next.BreakOff;
        return reply.Closes ? Next.Close : reply is Pop3Reply.StartTls ? Next.StartTls : Next.Read;
    }

    /// <summary>Finds what a line asks for, or why it is refused whatever its handler would say.</summary>
    private Pop3Command? Identify(LineResult line, out Pop3CommandLine parsed, out Pop3Reply? refusal)
    {
        parsed = default;
        refusal = null;
        if (_session.State is Pop3State.Authenticating authenticating)
        {
            if (line.Status == LineStatus.TooLong) refusal = _session.RefuseLogin(authenticating.Mechanism, LoginResult.Abandoned, Pop3Reply.Syntax("line is too long"));
            return CommandTable.Find("AUTH");
        }
        if (line.Status == LineStatus.TooLong || !Pop3CommandLine.TryParse(line.Line, out parsed))
        {
            refusal = Pop3Reply.Syntax(line.Status == LineStatus.TooLong ? "line is too long" : "that is no command");
            return null;
        }
        var command = CommandTable.Find(parsed.Verb);
        // An initial response of AUTH may well exceed the length of other commands.
        if (line.Line.Length > _settings.MaxCommandLength && command?.Verb != "AUTH") refusal = Pop3Reply.Syntax("line is too long");
        else if (command is null) refusal = Pop3Reply.Syntax("unknown command");
        else if (!command.AllowedIn.HasFlag(_session.State is Pop3State.Transaction ? AllowedIn.Transaction : AllowedIn.Authorization)) refusal = Pop3Reply.Syntax("not in this state");
        else if (command.NeedsTls && !_session.MayAuthenticate) refusal = Pop3Reply.Err("TLS is needed first (STLS)");
        // PASS comes immediately after USER (RFC 1939 §7): anything else in between, and the name is forgotten.
        if (parsed.Verb != "PASS" && _session.State is Pop3State.Authorization { User: not null }) _session.State = Pop3State.Authorization.Start;
        return command;
    }

    /// <summary>Closes on a client that only makes mistakes, or that does not come to a login.</summary>
    private Pop3Reply Patience(Pop3Reply reply)
    {
        _badCommands = reply is Pop3Reply.Negative { IsSyntaxError: true } ? _badCommands + 1 : 0;
        if (_badCommands >= _settings.MaxBadCommands) return Pop3Reply.Err("too many bad commands").AndClose();
        if (_session.State is not Pop3State.Transaction && !reply.Closes && ++_commandsBeforeLogin > _settings.MaxCommandsBeforeLogin)
            return Pop3Reply.Err("too many commands before a login").AndClose();
        return reply;
    }

    private static Pop3Reply ReplyTo(Exception fault) => fault is ContentDamagedException
        ? Pop3Reply.Err(ResponseCode.Permanent, "message is damaged")
        : Pop3Reply.Err(ResponseCode.Temporary, "internal trouble, try again later");

    /// <returns>False when a message broke off or the client takes nothing.</returns>
    private async ValueTask<bool> WriteAsync(Pop3Reply reply, string verb, CancellationToken aborted)
    {
        switch (reply)
        {
            case Pop3Reply.Positive { Text.Length: 0 }:
                WriteLine("+OK");
                return true;
            case Pop3Reply.Positive positive:
                WriteLine("+OK " + positive.Text);
                return true;
            case Pop3Reply.StartTls startTls:
                WriteLine("+OK " + startTls.Text);
                return true;
            case Pop3Reply.Negative negative:
                WriteLine(negative.Code is null ? "-ERR " + negative.Text : $"-ERR [{negative.Code}] {negative.Text}");
                return true;
            case Pop3Reply.Challenge challenge:
                WriteLine("+ " + Convert.ToBase64String(challenge.Data.Span));
                return true;
            case Pop3Reply.Listing listing:
                WriteLine("+OK " + listing.Text);
                foreach (var line in listing.Lines)
                {
                    WriteLine(line);
                    if (_transport.Output.UnflushedBytes >= FlushAt && !await FlushAsync(aborted).ConfigureAwait(false)) return false;
                }
                WriteLine(".");
                return true;
            case Pop3Reply.Message message:
                return await WriteMessageAsync(message, verb, aborted).ConfigureAwait(false);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>
    /// Streams a message. What fails before its first octet is an -ERR; after that the only honest end is to close without a terminator,
    /// since half a message must not look like a whole one.
    /// </summary>
    private async ValueTask<bool> WriteMessageAsync(Pop3Reply.Message message, string verb, CancellationToken aborted)
    {
        await using var content = message.Content.ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(FlushAt);
        var begun = false;
        try
        {
            var stuffer = new DotStuffer(_transport.Output);
            long sent = 0;
            while (true)
            {
                var read = await message.Content.ReadAsync(buffer, aborted).ConfigureAwait(false);
                if (read == 0 && message.Octets is { } octets && sent != octets) throw new EndOfStreamException($"{sent} octets of {octets}");
                if (!begun) WriteLine("+OK " + message.Text);
                begun = true;
                if (read == 0) break;
                stuffer.Write(buffer.AsSpan(0, read));
                sent += read;
                if (_transport.Output.UnflushedBytes >= FlushAt && !await FlushAsync(aborted).ConfigureAwait(false)) return false;
            }
            stuffer.End();
            _telemetry.MessageSent(sent);
            return true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !aborted.IsCancellationRequested)
        {
            if (begun)
            {
                _logger.MessageBrokeOff(fault, verb, _transport.RemoteEndPoint);
                return false;
            }
            _logger.CommandFailed(fault, verb, _transport.RemoteEndPoint);
            return await WriteAsync(ReplyTo(fault), verb, aborted).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteLine(string line)
    {
        Encoding.UTF8.GetBytes(line, _transport.Output);
        _transport.Output.Write("\r\n"u8);
    }

    private ValueTask<bool> FlushAsync(CancellationToken aborted) => _transport.TryFlushAsync(_settings.WriteTimeout, _time, aborted);

    private async ValueTask<bool> StartTlsAsync(TimeSpan timeLeft, CancellationToken aborted)
    {
        if (!await FlushAsync(aborted).ConfigureAwait(false)) return false;
        using var timer = new CancellationTokenSource(timeLeft, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, aborted);
        try
        {
            await _transport.UpgradeToTlsAsync(stop.Token).ConfigureAwait(false);
            _session.State = Pop3State.Authorization.Start;
            _session.Utf8 = false;
            return true;
        }
        catch (Exception fault) when (fault is IOException || fault is OperationCanceledException && !aborted.IsCancellationRequested)
        {
            _logger.HandshakeFailed(_transport.RemoteEndPoint, fault.Message);
            return false;
        }
    }
}
