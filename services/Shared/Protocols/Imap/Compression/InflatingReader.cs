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
    private byte[] _expanded = new byte[Chunk];
    private int _start;
    private int _examined;
    private int _end;
    private ReadOnlySequence<byte> _handedOut;
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
        if (_handedOut.IsEmpty) return; // of an interrupted read, or of the end
        _examined = _start + (int)_handedOut.Slice(_handedOut.Start, examined).Length;
        _start += (int)_handedOut.Slice(_handedOut.Start, consumed).Length;
        _handedOut = default;
        if (_start == _end) _start = _examined = _end = 0;
    }

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    public void Dispose() => _inflater.Dispose();

    /// <summary>The next piece, from what is expanded already or can be without waiting.</summary>
    private bool TryTake(out ReadResult result)
    {
        if (_end == _examined && !_ended) Expand();
        if (_end == _examined && !_ended)
        {
            result = default;
            return false;
        }
        _handedOut = new ReadOnlySequence<byte>(_expanded, _start, _end - _start);
        result = new ReadResult(_handedOut, isCanceled: false, isCompleted: _ended);
        return true;
    }

    private void Expand()
    {
        if (_end == _expanded.Length) MakeRoom();
        int count;
        try { count = _inflater.Read(_expanded.AsSpan(_end)); }
        catch (InvalidDataException damage) { throw new IOException("What the client sent is no deflate stream.", damage); }
        _end += count;
        if (count == 0 && _source.IsCompleted) _ended = true;
    }

    /// <summary>Only what the engine keeps unconsumed makes the buffer grow, and that is bounded by the limits on commands.</summary>
    private void MakeRoom()
    {
        var room = _start >= Chunk ? _expanded : new byte[_expanded.Length * 2];
        _expanded.AsSpan(_start, _end - _start).CopyTo(room);
        (_expanded, _start, _examined, _end) = (room, 0, _examined - _start, _end - _start);
    }

    /// <summary>Not null where the wait was interrupted and nothing came.</summary>
    private ReadResult? Feed(in ReadResult read)
    {
        _source.Take(read.Buffer);
        if (read.IsCompleted) _source.IsCompleted = true;
        _inner.AdvanceTo(read.Buffer.End);
        if (!read.IsCanceled || !read.Buffer.IsEmpty) return null;
        // With what is kept, as pipes do: whoever interrupts a reader may take it now.
        _handedOut = new ReadOnlySequence<byte>(_expanded, _start, _end - _start);
        return new ReadResult(_handedOut, isCanceled: true, isCompleted: false);
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
