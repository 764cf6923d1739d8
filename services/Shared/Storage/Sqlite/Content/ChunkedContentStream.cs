using System.Buffers;
using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>Reads [start, end) of a content chunk by chunk, each in a read of its own and checked against its checksum before an octet of it is given out.</summary>
internal sealed class ChunkedContentStream(SqliteDatabase database, ContentId content, long size, long start, long end) : Stream
{
    private byte[]? _buffer;
    private ReadOnlyMemory<byte> _unread;
    private long _position = start;
    private bool _closed;

    public override bool CanRead => !_closed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (buffer.IsEmpty || _position == end) return 0;
        if (_unread.IsEmpty)
        {
            try { await database.ReadAsync(ReadChunk, cancellationToken); }
            catch (StoreUnavailableException failure) when (SqliteContentStore.IsDamage(failure)) { throw Damaged("its page in the database is damaged"); }
        }
        return Take(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (buffer.IsEmpty || _position == end) return 0;
        if (_unread.IsEmpty)
        {
            try { database.Read(ReadChunk); }
            catch (StoreUnavailableException failure) when (SqliteContentStore.IsDamage(failure)) { throw Damaged("its page in the database is damaged"); }
        }
        return Take(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

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

    private bool ReadChunk(SqliteSession session)
    {
        var number = _position / ContentSchema.ChunkSize;
        var first = number * ContentSchema.ChunkSize;
        using var rows = session.Query("SELECT checksum, octets FROM chunk WHERE content = ?1 AND number = ?2", content.Value, number);
        if (!rows.Next()) throw Damaged($"chunk {number} is missing");
        var octets = rows.Blob(1);
        if (octets.Length != Math.Min(ContentSchema.ChunkSize, size - first) || Crc32C.Compute(octets) != rows.Int64(0)) throw Damaged($"the checksum of chunk {number} is wrong");
        _buffer ??= ArrayPool<byte>.Shared.Rent(ContentSchema.ChunkSize);
        octets.CopyTo(_buffer);
        _unread = _buffer.AsMemory((int)(_position - first), (int)(Math.Min(end, first + octets.Length) - _position));
        return true;
    }

    private ContentDamagedException Damaged(string detail) => new(content, detail);
}
