using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Expands what comes from another reader, a piece at a time and no more than is asked for: octets that would expand to gigabytes wait
/// compressed, and the limits of the command grammar hold for what they expand to.
/// </summary>
internal sealed class InflatingReader : PipeReader, IDisposable
{
    private const int Chunk = 4096;

    private readonly PipeReader _inner;
    private readonly Source _source = new();
    private readonly DeflateStream _inflater;
    private readonly Pipe _expanded = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private bool _handedOut;
    private bool _ended;

    public InflatingReader(PipeReader inner)
    {
        _inner = inner;
        _inflater = new DeflateStream(_source, CompressionMode.Decompress);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (TryTake(out result)) return true;
        while (_inner.TryRead(out var read))
        {
            if (Feed(read) is { } interrupted)
            {
                result = interrupted;
                return true;
            }
            if (TryTake(out result)) return true;
        }
        return false;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (TryTake(out var result)) return result;
            if (Feed(await _inner.ReadAsync(cancellationToken).ConfigureAwait(false)) is { } interrupted) return interrupted;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_handedOut) return; // of an interrupted read, which had no octets
        _handedOut = false;
        _expanded.Reader.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    public void Dispose() => _inflater.Dispose();

    /// <summary>The next piece, from what is expanded already or can be without waiting.</summary>
    private bool TryTake(out ReadResult result)
    {
        if (!_expanded.Reader.TryRead(out result))
        {
            if (!_ended) Expand();
            if (!_expanded.Reader.TryRead(out result)) return false;
        }
        _handedOut = true;
        return true;
    }

    private void Expand()
    {
        int count;
        try { count = _inflater.Read(_expanded.Writer.GetSpan(Chunk)); }
        catch (InvalidDataException damage) { throw new IOException("What the client sent is no deflate stream.", damage); }
        if (count > 0)
        {
            _expanded.Writer.Advance(count);
            // It never waits: the pipe has no threshold, and holds one piece.
            _ = _expanded.Writer.FlushAsync(CancellationToken.None).IsCompleted;
        }
        else if (_source.IsCompleted)
        {
            _ended = true;
            _expanded.Writer.Complete();
        }
    }

    /// <summary>Not null where the wait was interrupted and nothing came.</summary>
    private ReadResult? Feed(in ReadResult read)
    {
        _source.Take(read.Buffer);
        if (read.IsCompleted) _source.IsCompleted = true;
        _inner.AdvanceTo(read.Buffer.End);
        return read.IsCanceled && read.Buffer.IsEmpty ? new ReadResult(default, isCanceled: true, isCompleted: false) : null;
    }

    /// <summary>Compressed octets that wait. At most what one read of the connection gave.</summary>
    private sealed class Source : Stream
    {
        private byte[] _octets = [];
        private int _position;

        public bool IsCompleted { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>Only called when the last octets are used up: a piece is expanded before more is read.</summary>
        public void Take(in ReadOnlySequence<byte> octets)
        {
            var rest = _octets.AsSpan(_position);
            var all = new byte[rest.Length + octets.Length];
            rest.CopyTo(all);
            octets.CopyTo(all.AsSpan(rest.Length));
            (_octets, _position) = (all, 0);
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        /// <summary>0 is no end here: the inflater asks again when more has come.</summary>
        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _octets.Length - _position);
            _octets.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            if (_position == _octets.Length) (_octets, _position) = ([], 0);
            return count;
        }

        public override void Flush() { }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
