using System.Buffers;
using System.Security.Cryptography;
using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// Collects a chunk. A content that fits in one is written by the commit, in one insert. A larger one goes chunk by chunk through the group commit,
/// one being written while the next is filled, and holds no transaction open in between.
/// </summary>
internal sealed class ContentWriter(SqliteContentStore store, SqliteDatabase database, TimeProvider time) : IContentWriter
{
    private const int FirstBuffer = 16 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private byte[] _flushing = [];
    private int _filled;
    private int _chunks;
    private Task _flush = Task.CompletedTask;
    private bool _committed;
    private bool _disposed;

    public ContentId Id { get; } = ContentId.New(time);

    public long Length { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed) throw new InvalidOperationException("The content is committed.");
        while (!octets.IsEmpty)
        {
            // Only a full chunk with something to follow is written here: what ends exactly at a chunk's end may still be a content of one row.
            if (_filled == ChunkedContentStream.ChunkSize) await FlushAsync(cancellationToken);
            var part = octets[..Math.Min(octets.Length, ChunkedContentStream.ChunkSize - _filled)];
            MakeRoom(_filled + part.Length);
            part.Span.CopyTo(_filling.AsSpan(_filled));
            _hash.AppendData(part.Span);
            _filled += part.Length;
            Length += part.Length;
            octets = octets[part.Length..];
        }
    }

    public async ValueTask<ContentInfo> CommitAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed) throw new InvalidOperationException("The content is committed.");
        await _flush;
        // The time of the commit, not of the start: the collector must not take a slow upload for an old one.
        var info = new ContentInfo(Id, Length, _hash.GetCurrentHash(), time.GetUtcNow());
        var last = _filling.AsMemory(0, _filled);
        await database.WriteAsync(session => _chunks == 0 ? InsertWhole(session, info, last) : InsertLast(session, info, last), _filled, cancellationToken);
        _committed = true;
        return info;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            try { await _flush; }
            finally
            {
                if (!_committed && _chunks > 0) await store.RemoveChunksAsync(Id, CancellationToken.None);
            }
        }
        catch (IOException)
        {
            // The store is full or gone; the mark is there, and RemoveUnfinishedAsync or the next start removes what it names.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_filling);
            if (_flushing.Length > 0) ArrayPool<byte>.Shared.Return(_flushing);
            _hash.Dispose();
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // Waits for the chunk before; its failure is ours.
        await _flush.WaitAsync(cancellationToken);
        if (_flushing.Length == 0) _flushing = ArrayPool<byte>.Shared.Rent(ChunkedContentStream.ChunkSize);
        (_filling, _flushing) = (_flushing, _filling);
        var (number, full) = (_chunks++, _flushing.AsMemory(0, ChunkedContentStream.ChunkSize));
        _filled = 0;
        var since = time.GetUtcNow();
        _flush = database.WriteAsync(session => InsertChunk(session, number, full, since), full.Length, CancellationToken.None).AsTask();
    }

    private void MakeRoom(int needed)
    {
        if (needed <= _filling.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(ChunkedContentStream.ChunkSize, Math.Max(needed, _filling.Length * 2)));
        _filling.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = larger;
    }

    private static bool InsertWhole(SqliteSession session, ContentInfo info, ReadOnlyMemory<byte> octets)
    {
        session.Execute(
            "INSERT INTO content (id, size, created_at, sha256, checksum, octets) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            info.Id.Value, info.Size, info.CreatedAt, info.Sha256, Crc32C.Compute(octets.Span), octets);
        return true;
    }

    private bool InsertLast(SqliteSession session, ContentInfo info, ReadOnlyMemory<byte> octets)
    {
        InsertChunk(session, _chunks, octets, info.CreatedAt);
        session.Execute("INSERT INTO content (id, size, created_at, sha256) VALUES (?1, ?2, ?3, ?4)", info.Id.Value, info.Size, info.CreatedAt, info.Sha256);
        session.Execute("DELETE FROM unfinished WHERE content = ?1", info.Id.Value);
        return true;
    }

    private bool InsertChunk(SqliteSession session, int number, ReadOnlyMemory<byte> octets, DateTimeOffset since)
    {
        if (number == 0) session.Execute("INSERT INTO unfinished (content, since) VALUES (?1, ?2)", Id.Value, since);
        var inserted = session.Execute(
            "INSERT INTO chunk (content, number, checksum, octets) SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM unfinished WHERE content = ?1)",
            Id.Value, number, Crc32C.Compute(octets.Span), octets);
        return inserted == 1 ? true : throw new StoreUnavailableException(database.Name, "the content took so long that it was removed as unfinished.");
    }
}
