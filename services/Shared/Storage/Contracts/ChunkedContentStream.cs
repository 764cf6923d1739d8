using System.Buffers;
using Merpati.Mailboxes;
using Merpati.Streams;

namespace Merpati.Storage;

/// <summary>Reads [start, end) of a content chunk by chunk, each in a read of its own and checked against its checksum before an octet of it is given out.</summary>
public abstract class ChunkedContentStream(ContentId content, long size, long start, long end) : ForwardStream
{
    /// <summary>Octets of a chunk, in every store. What is stored depends on it: never change it.</summary>
    public const int ChunkSize = 64 * 1024;

    private byte[]? _buffer;
    private ReadOnlyMemory<byte> _unread;
    private long _position = start;
    private bool _closed;

    public override bool CanRead => !_closed;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (buffer.IsEmpty || _position == end) return 0;
        if (_unread.IsEmpty) await ReadChunkAsync(_position / ChunkSize, cancellationToken);
        return Take(buffer.Span);
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (buffer.IsEmpty || _position == end) return 0;
        if (_unread.IsEmpty) ReadChunk(_position / ChunkSize);
        return Take(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        _closed = true;
        _unread = default;
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        base.Dispose(disposing);
    }

    private int Take(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _unread.Length);
        _unread.Span[..count].CopyTo(buffer);
        _unread = _unread[count..];
        _position += count;
        return count;
    }

    /// <summary>Finds the chunk and hands it to <see cref="Accept"/>, or calls it damaged.</summary>
    protected abstract ValueTask ReadChunkAsync(long number, CancellationToken cancellationToken);

    /// <inheritdoc cref="ReadChunkAsync"/>
    protected abstract void ReadChunk(long number);

    /// <summary>Takes a copy of the chunk when its length and checksum are right.</summary>
    protected void Accept(long number, ReadOnlySpan<byte> octets, uint checksum)
    {
        var first = number * ChunkSize;
        if (octets.Length != Math.Min(ChunkSize, size - first) || Crc32C.Compute(octets) != checksum) throw Damaged($"the checksum of chunk {number} is wrong");
        _buffer ??= ArrayPool<byte>.Shared.Rent(ChunkSize);
        octets.CopyTo(_buffer);
        _unread = _buffer.AsMemory((int)(_position - first), (int)(Math.Min(end, first + octets.Length) - _position));
    }

    protected ContentDamagedException Missing(long number) => Damaged($"chunk {number} is missing");

    protected ContentDamagedException Damaged(string detail) => new(content, detail);
}
