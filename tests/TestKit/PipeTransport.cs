using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Merpati.Protocols.Wire;

namespace Merpati.TestKit;

/// <summary>
/// One end of a connection in memory. The TLS upgrade is a fake that keeps the one property that matters to an engine:
/// after it both ends speak over new pipes, and what was sent in the clear and not yet read is gone.
/// </summary>
public sealed class PipeTransport : ITransport
{
    private readonly Pipe _plainInput;
    private readonly Pipe _plainOutput;
    private readonly Pipe _tlsInput;
    private readonly Pipe _tlsOutput;
    private readonly TransportSettings _settings;
    private readonly WatchedReader _plainReader;
    private readonly WatchedReader _tlsReader;

    private PipeTransport(Pipe plainInput, Pipe plainOutput, Pipe tlsInput, Pipe tlsOutput, IPEndPoint remote, IPEndPoint local, TransportSettings settings)
    {
        (_plainInput, _plainOutput, _tlsInput, _tlsOutput, _settings) = (plainInput, plainOutput, tlsInput, tlsOutput, settings);
        (_plainReader, _tlsReader) = (new WatchedReader(plainInput.Reader), new WatchedReader(tlsInput.Reader));
        RemoteEndPoint = remote;
        LocalEndPoint = local;
        Tls = settings.StartsInTls ? TransportSettings.FakeTls : null;
    }

    public PipeReader Input => Tls is null ? _plainReader : _tlsReader;

    /// <summary>This end waits for octets of the other, its timers are set, and nothing has woken it.</summary>
    public bool IsWaiting => _plainReader.IsWaiting || _tlsReader.IsWaiting;

    /// <summary>Octets of the other end, in the clear and in TLS, that reads have returned.</summary>
    public long Seen => _plainReader.Seen + _tlsReader.Seen;

    public PipeWriter Output => (Tls is null ? _plainOutput : _tlsOutput).Writer;

    public IPEndPoint RemoteEndPoint { get; }

    public IPEndPoint LocalEndPoint { get; }

    public TlsDetails? Tls { get; private set; }

    public bool CanUpgradeToTls => _settings.CanUpgradeToTls && Tls is null;

    /// <summary>The two ends of a new connection: what one writes the other reads.</summary>
    public static (PipeTransport Server, PipeTransport Client) CreatePair(TransportSettings? settings = null)
    {
        settings ??= new TransportSettings();
        Pipe NewPipe() => new(new PipeOptions(pauseWriterThreshold: settings.PauseThreshold, resumeWriterThreshold: settings.PauseThreshold / 2, useSynchronizationContext: false));
        var (plainUp, plainDown, tlsUp, tlsDown) = (NewPipe(), NewPipe(), NewPipe(), NewPipe());
        return (new PipeTransport(plainUp, plainDown, tlsUp, tlsDown, settings.Client, settings.Server, settings),
            new PipeTransport(plainDown, plainUp, tlsDown, tlsUp, settings.Server, settings.Client, settings));
    }

    public ValueTask UpgradeToTlsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Tls is not null) throw new InvalidOperationException("The connection has TLS already.");
        if (_settings.HandshakeFails) throw new IOException("The handshake failed.");
        Tls = TransportSettings.FakeTls;
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends no more; the other end reads to the end.</summary>
    public async ValueTask CloseOutputAsync()
    {
        await _plainOutput.Writer.CompleteAsync();
        await _tlsOutput.Writer.CompleteAsync();
    }

    /// <summary>Closes both directions: the other end reads to the end, and what it writes goes nowhere.</summary>
    public async ValueTask CloseAsync()
    {
        await CloseOutputAsync();
        await _plainInput.Reader.CompleteAsync();
        await _tlsInput.Reader.CompleteAsync();
    }

    private sealed class WatchedReader(PipeReader inner) : PipeReader
    {
        private volatile bool _waits;
        private ReadOnlySequence<byte> _last;
        private long _consumed;
        private long _seen;

        public bool IsWaiting => _waits;

        /// <summary>Octets that reads have returned, each counted once.</summary>
        public long Seen => Volatile.Read(ref _seen);

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            using var cancelled = cancellationToken.UnsafeRegister(static reader => ((WatchedReader)reader!)._waits = false, this);
            var read = inner.ReadAsync(cancellationToken);
            _waits = !read.IsCompleted && !cancellationToken.IsCancellationRequested;
            try { return See(await read); }
            finally { _waits = false; }
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result)) return false;
            See(result);
            return true;
        }

        public override void CancelPendingRead()
        {
            _waits = false;
            inner.CancelPendingRead();
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _consumed += _last.Slice(0, consumed).Length;
            inner.AdvanceTo(consumed, examined);
        }

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult See(ReadResult read)
        {
            _waits = false;
            _last = read.Buffer;
            Volatile.Write(ref _seen, _consumed + read.Buffer.Length);
            return read;
        }
    }
}

/// <summary>How a test's connection looks.</summary>
public sealed record TransportSettings
{
    public static TlsDetails FakeTls { get; } = new("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.example.test");

    public IPEndPoint Client { get; init; } = new(IPAddress.Parse("192.0.2.7"), 40123);

    public IPEndPoint Server { get; init; } = new(IPAddress.Parse("192.0.2.1"), 25);

    public bool CanUpgradeToTls { get; init; } = true;

    /// <summary>Implicit TLS: both ends speak TLS from the first octet.</summary>
    public bool StartsInTls { get; init; }

    public bool HandshakeFails { get; init; }

    /// <summary>Octets that wait unread before a writer waits.</summary>
    public int PauseThreshold { get; init; } = 65536;
}
