using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client;
using Merpati.Protocols.Wire;
using Merpati.Relaying;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Fuzz;

/// <summary>
/// A server that says anything: one piece of the input, up to a NUL, whenever it is its turn, and then it closes. The client comes to an outcome by itself,
/// without an exception, and no recipient counts as accepted before the whole message was sent.
/// </summary>
internal static class SmtpClientReplies
{
    private static readonly byte[] Text = "Subject: hello\r\n\r\n.hello\r\n"u8.ToArray();

    public static void Run(ReadOnlySpan<byte> input)
    {
        var transport = new Transport(input.ToArray());
        var lmtp = input.Length > 0 && input[0] == (byte)'L';
        var client = new SmtpClientConnection(transport, new SmtpClientOptions { HostName = "relay.example.org", Lmtp = lmtp }, TimeProvider.System, NullLogger.Instance);
        var talking = TalkAsync(client, transport).AsTask();
        if (!talking.IsCompleted) throw new InvalidOperationException("The client waits for a server that has closed.");
        if (talking.Exception is { } fault) throw new InvalidOperationException("The client failed.", fault);
        if (client.IsUsable) throw new InvalidOperationException("The client counts on a server that has closed.");
    }

    private static async ValueTask TalkAsync(SmtpClientConnection client, Transport transport)
    {
        if (await client.OpenAsync(new TlsPolicy.Opportunistic(), null, new SmtpCredential.Password("joe", "secret"), CancellationToken.None) is not OpenOutcome.Ready) return;
        for (var messages = 0; messages < 3 && client.IsUsable; messages++)
        {
            var before = transport.Sent.WrittenCount;
            if (await client.SendAsync(Message(), CancellationToken.None) is not SendOutcome.Offered offered) continue;
            if (offered.Recipients.Count != 3) throw new InvalidOperationException("A recipient has no outcome.");
            var sent = transport.Sent.WrittenSpan[before..];
            var whole = sent.IndexOf("hello\r\n\r\n..hello\r\n.\r\n"u8) >= 0 || sent.EndsWith(Text);
            if (!whole && offered.Recipients.Any(outcome => outcome is RecipientOutcome.Accepted or RecipientOutcome.Unknown)) throw new InvalidOperationException("A message that was not sent counts as accepted.");
        }
        await client.QuitAsync(CancellationToken.None);
    }

    private static OutgoingMessage Message() => new()
    {
        Envelope = new Envelope { ReversePath = ReversePath.Null, Recipients = [.. new[] { "ann", "bob", "cid" }.Select(name => new EnvelopeRecipient(new EmailAddress(name, "example.com")))] },
        Size = Text.Length,
        OpenAsync = _ => ValueTask.FromResult<Stream>(new MemoryStream(Text)),
    };

    /// <summary>Gives out the next piece when the client has flushed, or waits for more of a reply.</summary>
    private sealed class Transport : IClientTransport
    {
        private readonly Turns _turns;

        public Transport(byte[] input)
        {
            _turns = new Turns(input);
            Output = new Recorder(Sent, _turns);
        }

        public ArrayBufferWriter<byte> Sent { get; } = new();

        public PipeReader Input => _turns;

        public PipeWriter Output { get; }

        public IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 25);

        public IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 1025);

        public TlsDetails? Tls { get; private set; }

        public ValueTask<TlsHandshake> StartTlsAsync(TlsPolicy policy, TlsPolicy? tested, CancellationToken cancellationToken)
        {
            Tls = new TlsDetails("TLSv1.3", "TLS_AES_128_GCM_SHA256", null);
            return ValueTask.FromResult<TlsHandshake>(new TlsHandshake.Done(Tls, false, null));
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Turns(byte[] input) : PipeReader
    {
        private ReadOnlyMemory<byte> _rest = input;
        private ReadOnlySequence<byte> _piece;
        private TaskCompletionSource<ReadResult>? _waiting;
        private bool _mayGo = true;

        public void Flushed()
        {
            _mayGo = true;
            if (_waiting is not { } waiting) return;
            _waiting = null;
            waiting.SetResult(Next());
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            // Who reads without patience only looks whether there is something; who waits for a reply gets more of one.
            if (_mayGo || cancellationToken.CanBeCanceled || !_piece.IsEmpty || _rest.IsEmpty) return ValueTask.FromResult(Next());
            _waiting = new TaskCompletionSource<ReadResult>();
            return new ValueTask<ReadResult>(_waiting.Task);
        }

        public override bool TryRead(out ReadResult result)
        {
            result = _piece.IsEmpty ? default : new ReadResult(_piece, isCanceled: false, isCompleted: false);
            return !_piece.IsEmpty;
        }

        public override void AdvanceTo(SequencePosition consumed) => _piece = _piece.Slice(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override void CancelPendingRead() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) { }

        private ReadResult Next()
        {
            if (!_piece.IsEmpty && !_mayGo) return new ReadResult(_piece, isCanceled: false, isCompleted: false);
            _mayGo = false;
            var end = _rest.Span.IndexOf((byte)0);
            var piece = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            _piece = new ReadOnlySequence<byte>(_piece.IsEmpty ? piece : (byte[])[.. _piece.ToArray(), .. piece.Span]);
            return new ReadResult(_piece, isCanceled: false, isCompleted: _rest.IsEmpty);
        }
    }

    private sealed class Recorder(ArrayBufferWriter<byte> sent, Turns turns) : PipeWriter
    {
        public override void Advance(int bytes) => sent.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => sent.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => sent.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            turns.Flushed();
            return default;
        }

        public override void CancelPendingFlush() { }

        public override void Complete(Exception? exception = null) { }
    }
}
