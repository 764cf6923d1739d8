using System.IO.Pipelines;
using System.Net.Sockets;
using Merpati.Envelopes;
using Merpati.Mail.Dns;
using Merpati.Protocols.Milter;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Queueing;

namespace Merpati.SmtpIngress.Scanners.Milters;

/// <summary>One filter in one transaction: how far it is, and what it has said.</summary>
internal sealed class MilterFilter(ScannerOptions options, ContentScanners all, SmtpRole role, SmtpPeer peer) : IAsyncDisposable
{
    private Conversation? _conversation;
    private ScannerBreaker.Attempt? _attempt;

    public ScannerOptions Options => options;

    /// <summary>What it said last, when that ended its interest in the message.</summary>
    public MilterReply? Ended { get; private set; }

    /// <summary>Why nothing more is to be expected of it.</summary>
    public Exception? Fault { get; private set; }

    public MilterSession Session => _conversation?.Session ?? throw new InvalidOperationException("There is no conversation.");

    /// <summary>It failed too often a moment ago, and hears nothing of this message.</summary>
    public bool IsResting { get; private set; }

    private bool Goes => Fault is null && Ended is null && !IsResting;

    /// <summary>Connect, HELO, MAIL.</summary>
    public ValueTask<MilterReply?> BeginAsync(MailFrom mail, CancellationToken cancellationToken)
    {
        _attempt = all.BreakerOf(options).Begin();
        IsResting = _attempt is null;
        return SayAsync(token => BeginConversationAsync(mail, token), cancellationToken);
    }

    public ValueTask<MilterReply?> RcptAsync(EnvelopeRecipient recipient, CancellationToken cancellationToken) => SayAsync(token =>
    {
        Session.Define("{rcpt_addr}", recipient.Address.ToString());
        Session.Define("{rcpt_host}", recipient.Address.Domain);
        Session.Define("{rcpt_mailer}", "smtp");
        return Session.RcptAsync($"<{recipient.Address}>", Parameters(recipient), token);
    }, cancellationToken, isRecipient: true);

    /// <summary>DATA, the message, its end; changes go to <paramref name="edit"/> as they come.</summary>
    public ValueTask<MilterReply?> MessageAsync(QueueId id, MilterEdit edit, CancellationToken cancellationToken) => SayAsync(async token =>
    {
        Session.Define("i", id.ToString());
        var reply = await Session.DataAsync(token).ConfigureAwait(false);
        foreach (var field in edit.Fields)
        {
            if (reply is not MilterReply.Continue) return reply;
            reply = await Session.HeaderAsync(field.Name, field.Value, token).ConfigureAwait(false);
        }
        if (reply is MilterReply.Continue) reply = await Session.EndOfHeadersAsync(token).ConfigureAwait(false);
        if (reply is MilterReply.Continue && !Session.Terms.Has(MilterSteps.NoBody)) reply = await SendBodyAsync(edit, token).ConfigureAwait(false);
        if (reply is MilterReply.Continue or MilterReply.Skip) reply = await Session.EndOfMessageAsync(edit.ApplyAsync, token).ConfigureAwait(false);
        _attempt?.Answered();
        return reply;
    }, cancellationToken);

    /// <summary>Says goodbye, if there is still somebody.</summary>
    public async ValueTask DisposeAsync()
    {
        _attempt?.Dispose();
        if (_conversation is null) return;
        if (Fault is null)
        {
            try { await Session.QuitAsync(CancellationToken.None).ConfigureAwait(false); }
            catch (MilterException) { }
        }
        await _conversation.DisposeAsync().ConfigureAwait(false);
        _conversation = null;
    }

    private async ValueTask<MilterReply> BeginConversationAsync(MailFrom mail, CancellationToken cancellationToken)
    {
        _conversation = await Conversation.OpenAsync(options, all.Time, cancellationToken).ConfigureAwait(false);
        await Session.NegotiateAsync(MilterActions.All, cancellationToken).ConfigureAwait(false);
        DefineMacros(mail);
        var client = new System.Net.IPEndPoint(AddressScope.Unmapped(peer.RemoteEndPoint.Address), peer.RemoteEndPoint.Port);
        var reply = await Session.ConnectAsync(peer.Name ?? $"[{client.Address}]", client, cancellationToken).ConfigureAwait(false);
        if (reply is MilterReply.Continue) reply = await Session.HeloAsync(peer.Hello, cancellationToken).ConfigureAwait(false);
        return reply is MilterReply.Continue ? await Session.MailAsync(mail.ReversePath.ToString(), Parameters(mail), cancellationToken).ConfigureAwait(false) : reply;
    }

    private async ValueTask<MilterReply> SendBodyAsync(MilterEdit edit, CancellationToken cancellationToken)
    {
        var body = await edit.OpenBodyAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = body.ConfigureAwait(false);
        var piece = new byte[MilterSession.ChunkSize];
        MilterReply reply = new MilterReply.Continue();
        while (reply is MilterReply.Continue && await body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) is var length and > 0)
            reply = await Session.BodyAsync(piece.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        return reply;
    }

    /// <summary>Null when it is not asked any more, or did not answer.</summary>
    private async ValueTask<MilterReply?> SayAsync(Func<CancellationToken, ValueTask<MilterReply>> step, CancellationToken cancellationToken, bool isRecipient = false)
    {
        if (!Goes) return null;
        try
        {
            var reply = await step(cancellationToken).ConfigureAwait(false);
            var isOfRecipient = isRecipient && reply is MilterReply.Reject or MilterReply.TemporaryFailure or MilterReply.Refuse;
            if (reply is MilterReply.Continue || isOfRecipient) return reply;
            _attempt?.Answered();
            return Ended = reply;
        }
        catch (Exception fault) when (fault is MilterException or SocketException or IOException or InvalidDataException or OperationCanceledException)
        {
            Fault = fault;
            // When the client went away, or the filters before took the time of all, it is none of its fault.
            if (!cancellationToken.IsCancellationRequested) _attempt?.Failed();
            return null;
        }
    }

    private void DefineMacros(MailFrom mail)
    {
        var local = peer.LocalEndPoint;
        Session.Define("j", all.Options.HostName);
        Session.Define("v", "Merpati");
        Session.Define("_", $"{peer.Name ?? "unknown"} [{peer.RemoteEndPoint.Address}]");
        Session.Define("{daemon_name}", role == SmtpRole.Mx ? "smtp" : "submission");
        Session.Define("{daemon_addr}", local.Address.ToString());
        Session.Define("{daemon_port}", local.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Session.Define("{client_addr}", peer.RemoteEndPoint.Address.ToString());
        Session.Define("{client_port}", peer.RemoteEndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Session.Define("{client_name}", peer.Name ?? "unknown");
        Session.Define("{tls_version}", peer.Tls?.Protocol);
        Session.Define("{cipher}", peer.Tls?.CipherSuite);
        Session.Define("{auth_type}", peer.Account is null ? null : "SASL");
        Session.Define("{auth_authen}", peer.Account?.Address.ToString());
        Session.Define("{auth_author}", peer.Account?.Address.ToString());
        Session.Define("{mail_addr}", mail.ReversePath.Address?.ToString() ?? "");
        Session.Define("{mail_host}", mail.ReversePath.Address?.Domain ?? "");
        Session.Define("{mail_mailer}", "smtp");
    }

    private static IEnumerable<string> Parameters(MailFrom mail)
    {
        if (mail.DeclaredSize is { } size) yield return $"SIZE={size}";
        if (mail.Body == BodyType.EightBitMime) yield return "BODY=8BITMIME";
        if (mail.Body == BodyType.BinaryMime) yield return "BODY=BINARYMIME";
        if (mail.SmtpUtf8) yield return "SMTPUTF8";
        if (mail.Return != DsnReturn.Unspecified) yield return mail.Return == DsnReturn.Full ? "RET=FULL" : "RET=HDRS";
        if (mail.EnvelopeId is { } envelope) yield return $"ENVID={envelope}";
    }

    private static IEnumerable<string> Parameters(EnvelopeRecipient recipient)
    {
        if (recipient.Notify != DsnNotify.Unspecified) yield return "NOTIFY=" + recipient.Notify.ToString().Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        if (recipient.OriginalRecipient is { } original) yield return $"ORCPT={original}";
    }

    /// <summary>A connection and what is spoken over it.</summary>
    private sealed class Conversation : IAsyncDisposable, IDuplexPipe
    {
        private readonly NetworkStream _stream;

        private Conversation(NetworkStream stream, ScannerOptions options, TimeProvider time)
        {
            _stream = stream;
            Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
            Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
            Session = new MilterSession(this, options.Timeout, time);
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public MilterSession Session { get; }

        public static async ValueTask<Conversation> OpenAsync(ScannerOptions options, TimeProvider time, CancellationToken cancellationToken)
        {
            if (!ScannerSocket.TryParse(options.Address, out var socket)) throw new InvalidDataException("The address is none.");
            using var timer = new CancellationTokenSource(options.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            return new Conversation(await socket.ConnectAsync(either.Token).ConfigureAwait(false), options, time);
        }

        public async ValueTask DisposeAsync()
        {
            await Input.CompleteAsync().ConfigureAwait(false);
            try { await Output.CompleteAsync().ConfigureAwait(false); }
            catch (IOException) { }
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
    }
}
