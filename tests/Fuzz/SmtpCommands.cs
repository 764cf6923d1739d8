using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Fuzz;

/// <summary>
/// A client that sends anything and leaves: the session ends by itself, nothing in it fails, every reply is well-formed,
/// and every receiver that was opened is closed.
/// </summary>
internal static class SmtpCommands
{
    private static readonly SmtpServerOptions Options = new()
    {
        HostName = "mail.example.test",
        AdvertiseDsn = true,
        OfferBinaryMime = true,
        OfferDeliverBy = true,
        MaxPriority = 4,
        MaxHold = TimeSpan.FromDays(7),
        MaxMessages = 50,
        MaxRecipientDomains = 2,
        XClientNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        XForwardNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        MaxMessageSize = 4096,
        MaxRecipients = 3,
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var client = new Pipe(new PipeOptions(pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var server = new Pipe(new PipeOptions(pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        client.Writer.Write(input);
        client.Writer.Complete();
        var session = new Session();
        var faults = new Faults();
        var serving = new SmtpConnection(new Transport(client.Reader, server.Writer), session, Options, TimeProvider.System, faults).RunAsync(new SessionLifetime(CancellationToken.None, CancellationToken.None));
        if (!serving.IsCompletedSuccessfully) throw new InvalidOperationException("The session did not end with its input.");
        if (faults.First is { } fault) throw new InvalidOperationException("The session failed.", fault);
        if (session.Open != 0) throw new InvalidOperationException("A receiver was left open.");
        server.Writer.Complete();
        if (server.Reader.TryRead(out var read)) CheckReplies(read.Buffer.ToArray());
    }

    private static void CheckReplies(ReadOnlySpan<byte> replies)
    {
        while (!replies.IsEmpty)
        {
            var end = replies.IndexOf("\r\n"u8);
            if (end is < 4 or > 510) throw new InvalidOperationException("A reply line is too short or too long.");
            var line = replies[..end];
            if (!char.IsBetween((char)line[0], '2', '5') || !char.IsAsciiDigit((char)line[1]) || !char.IsAsciiDigit((char)line[2]) || line[3] is not ((byte)' ' or (byte)'-')) throw new InvalidOperationException("A reply line has no code.");
            if (line.ContainsAnyExceptInRange((byte)' ', (byte)'~')) throw new InvalidOperationException("A reply line is not printable.");
            replies = replies[(end + 2)..];
        }
    }

    private sealed class Transport(PipeReader input, PipeWriter output) : ITransport
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;

        public IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1025);

        public IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 25);

        public TlsDetails? Tls => null;

        public bool CanUpgradeToTls => false;

        public ValueTask UpgradeToTlsAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("TLS is not offered.");
    }

    private sealed class Session : ISmtpSession
    {
        public int Open { get; private set; }

        public ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken) => default;

        public SaslServer? StartSasl(SmtpPeer peer, string mechanism) => null;

        public ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken) => default;

        public ValueTask<SmtpReply?> MailAsync(SmtpPeer peer, MailFrom mail, CancellationToken cancellationToken) => default;

        public ValueTask<RcptVerdict> RcptAsync(SmtpPeer peer, MailFrom mail, EnvelopeRecipient recipient, CancellationToken cancellationToken)
            => ValueTask.FromResult<RcptVerdict>(new RcptVerdict.Accepted(recipient));

        public ValueTask<BodyVerdict> BeginBodyAsync(SmtpPeer peer, Envelope envelope, CancellationToken cancellationToken)
        {
            if (envelope.Recipients.Count == 0) throw new InvalidOperationException("An envelope without recipients.");
            Open++;
            return ValueTask.FromResult<BodyVerdict>(new BodyVerdict.Accepted(new Receiver(this, isText: envelope.Body != BodyType.BinaryMime)));
        }

        public void OnRefusal(SmtpPeer peer, string verb, SmtpReply reply) { }

        private sealed class Receiver(Session session, bool isText) : IBodyReceiver
        {
            private readonly ArrayBufferWriter<byte> _octets = new();

            public ValueTask<SmtpReply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
            {
                _octets.Write(octets.Span);
                return default;
            }

            public ValueTask<SmtpReply> CompleteAsync(CancellationToken cancellationToken)
            {
                if (_octets.WrittenCount > Options.MaxMessageSize) throw new InvalidOperationException("A message beyond the size was taken.");
                if (isText && _octets.WrittenSpan.Count((byte)'\n') != _octets.WrittenSpan.Count("\r\n"u8)) throw new InvalidOperationException("A message with a bare LF was taken.");
                return ValueTask.FromResult(new SmtpReply(250, "2.0.0", "Ok"));
            }

            public ValueTask DisposeAsync()
            {
                session.Open--;
                return default;
            }
        }
    }

    /// <summary>What the engine logs as an error is a failure here.</summary>
    private sealed class Faults : ILogger
    {
        public Exception? First { get; private set; }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => First ??= exception;
    }
}
