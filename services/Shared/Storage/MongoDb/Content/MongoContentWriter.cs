using System.Buffers;
using System.Security.Cryptography;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Collects a chunk. A content of one chunk, or of none, is written by the commit, in one group with others. A larger one is written chunk by chunk behind a pending marker,
/// one being written while the next is filled.
/// </summary>
internal sealed class MongoContentWriter(MongoContentStore store, MongoConnection connection, TimeProvider time) : IContentWriter
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _filled;
    private int _chunks;
    private Task _flush = Task.CompletedTask;
    private bool _committed;
    private bool _removed;
    private bool _disposed;

    public ContentId Id { get; } = ContentId.New(time);

    public long Length { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        RequireOpen();
        while (!octets.IsEmpty)
        {
            // Only a full chunk with something to follow is written here: what ends exactly at a chunk's end may still be a content of one chunk.
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
        RequireOpen();
        await _flush;
        // The time of the commit, not of the start: the collector must not take a slow upload for an old one. Stored with milliseconds, so told with them.
        var now = time.GetUtcNow();
        var info = new ContentInfo(Id, Length, _hash.GetCurrentHash(), now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)));
        BsonDocument[] last = _filled > 0 ? [MongoContentStore.ChunkDocument(Id, _chunks, _filling.AsMemory(0, _filled))] : [];
        var file = MongoContentStore.FileDocument(info);
        if (_chunks == 0) await store.CommitWholeAsync(new(file, last), cancellationToken);
        else
        {
            var finished = await connection.TransactAsync(async (session, token) =>
            {
                // The marker first: whoever removes the content as unfinished meets us here.
                var mark = await store.Pending.DeleteOneAsync(session, new BsonDocument { { "_id", Bson.Id(Id.Value) }, { "writing", true } }, cancellationToken: token);
                if (mark.DeletedCount == 0) return false;
                if (last.Length > 0) await store.Chunks.InsertManyAsync(session, last, cancellationToken: token);
                await store.Files.InsertOneAsync(session, file, cancellationToken: token);
                return true;
            }, cancellationToken);
            _removed = !finished;
            if (_removed) throw new StoreUnavailableException(connection.Store, "the content took so long that it was removed as unfinished.");
        }
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
                // After a commit whose end is not known the marker may be gone: then nothing is removed.
                if (_removed) await store.RemoveChunksAsync([Bson.Id(Id.Value)], CancellationToken.None);
                else if (!_committed && _chunks > 0) await store.RemoveUnfinishedAsync([Bson.Id(Id.Value)], CancellationToken.None);
            }
        }
        catch (IOException)
        {
            // The store is full or gone; the marker is there, and RemoveUnfinishedAsync removes what it names.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_filling);
            _hash.Dispose();
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // Waits for the chunk before; its failure is ours.
        await _flush.WaitAsync(cancellationToken);
        var chunk = MongoContentStore.ChunkDocument(Id, _chunks, _filling.AsMemory(0, ChunkedContentStream.ChunkSize));
        if (_chunks == 0)
        {
            var mark = new BsonDocument { { "_id", Bson.Id(Id.Value) }, { "since", Bson.Time(time.GetUtcNow()) }, { "writing", true } };
            await connection.RunAsync(token => store.Pending.InsertOneAsync(mark, cancellationToken: token), cancellationToken);
        }
        _chunks++;
        _filled = 0;
        _flush = connection.RunAsync(token => store.Chunks.InsertOneAsync(chunk, cancellationToken: token), CancellationToken.None).AsTask();
    }

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed) throw new InvalidOperationException("The content is committed.");
    }

    private void MakeRoom(int needed)
    {
        if (needed <= _filling.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(ChunkedContentStream.ChunkSize, Math.Max(needed, _filling.Length * 2)));
        _filling.AsSpan(0, _filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = larger;
    }
}
