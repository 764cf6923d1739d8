using System.IO.Compression;
using System.IO.Pipelines;

namespace Merpati.Protocols.Imap;

/// <summary>Compresses what is written into another writer. A flush ends in a sync block, so that the client can read all of a response at once (RFC 4978 §4).</summary>
internal sealed class DeflatingWriter : PipeWriter, IDisposable
{
    private const int Chunk = 4096;

    private readonly PipeWriter _inner;
    private readonly DeflateStream _deflater;
    private byte[] _buffer = new byte[Chunk];

    public DeflatingWriter(PipeWriter inner)
    {
        _inner = inner;
        _deflater = new DeflateStream(new Sink(inner), CompressionLevel.Fastest);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length < sizeHint) _buffer = new byte[sizeHint];
        return _buffer;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _deflater.Write(_buffer, 0, bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _deflater.Flush();
        return _inner.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    /// <summary>The end of the stream is not written: the connection's own end says it.</summary>
    public void Dispose()
    {
        try { _deflater.Dispose(); }
        catch (InvalidOperationException) { } // the connection is closed already, and nobody reads the last block
    }

    /// <summary>What the compressor puts out goes straight into the memory of the pipe.</summary>
    private sealed class Sink(PipeWriter output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => System.Buffers.BuffersExtensions.Write(output, buffer);

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
