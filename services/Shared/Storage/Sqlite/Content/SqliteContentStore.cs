using Merpati.Mailboxes;
using Microsoft.Data.Sqlite;

namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="IContentStore"/>
public sealed class SqliteContentStore(SqliteDatabase database, TimeProvider time) : IContentStore
{
    // Removing a chunk walks its pages; a step of this many (4 MiB) is short enough to run between other people's writes.
    private const int ChunksPerStep = 64;
    private const int ContentsPerStep = 128;

    public static SqliteSchema Schema => ContentSchema.Schema;

    public ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(new ContentWriter(this, database, time));
    }

    public ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken)
        => database.ReadAsync(session =>
        {
            using var rows = session.Query("SELECT id, size, sha256, created_at FROM content WHERE id = ?1", content.Value);
            return rows.Next() ? ReadInfo(rows) : null;
        }, cancellationToken);

    public async ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        try
        {
            return await database.ReadAsync(session => Open(session, content, offset, length), cancellationToken);
        }
        catch (StoreUnavailableException failure) when (IsDamage(failure))
        {
            throw new ContentDamagedException(content, "its page in the database is damaged");
        }
    }

    public async ValueTask DeleteAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        foreach (var some in contents.Chunk(ContentsPerStep))
        {
            // Invisible first, in one transaction; the chunks of the large ones after, in steps. A crash in between leaves them marked.
            var chunked = await database.WriteAsync(session => some.Where(content => MakeInvisible(session, content)).ToList(), cancellationToken);
            foreach (var content in chunked) await RemoveChunksAsync(content, cancellationToken);
        }
    }

    public ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<ContentInfo>>(session =>
        {
            var found = new List<ContentInfo>();
            using var rows = session.Query("SELECT id, size, sha256, created_at FROM content WHERE id > coalesce(?1, x'') AND created_at < ?2 ORDER BY id LIMIT ?3", after?.Value, before, limit);
            while (rows.Next()) found.Add(ReadInfo(rows));
            return found;
        }, cancellationToken);

    public async ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var left = await database.ReadAsync(session =>
        {
            var found = new List<ContentId>();
            using var rows = session.Query("SELECT content FROM unfinished WHERE since < ?1", before);
            while (rows.Next()) found.Add(new ContentId(rows.Guid(0)));
            return found;
        }, cancellationToken);
        foreach (var content in left) await RemoveChunksAsync(content, cancellationToken);
        return left.Count;
    }

    /// <summary>Removes the chunks of an unfinished content and then its mark. A writer still at it finds the mark gone and fails.</summary>
    internal async ValueTask RemoveChunksAsync(ContentId content, CancellationToken cancellationToken)
    {
        while (!await database.WriteAsync(session =>
        {
            // A content that was finished in the meantime keeps its chunks.
            if (!session.Exists("SELECT 1 FROM unfinished WHERE content = ?1", content.Value)) return true;
            var removed = session.Execute(
                "DELETE FROM chunk WHERE content = ?1 AND number IN (SELECT number FROM chunk WHERE content = ?1 ORDER BY number DESC LIMIT ?2)", content.Value, ChunksPerStep);
            if (removed == ChunksPerStep) return false;
            session.Execute("DELETE FROM unfinished WHERE content = ?1", content.Value);
            return true;
        }, cancellationToken)) { }
    }

    internal static bool IsDamage(StoreUnavailableException failure) => failure.InnerException is SqliteException inner && SqliteErrors.IsCorruption(inner);

    private static ContentInfo ReadInfo(Rows rows) => new(new ContentId(rows.Guid(0)), rows.Int64(1), rows.Bytes(2), rows.Time(3));

    private bool MakeInvisible(SqliteSession session, ContentId content)
    {
        bool chunked;
        using (var rows = session.Query("SELECT octets IS NULL FROM content WHERE id = ?1", content.Value))
        {
            if (!rows.Next()) return false;
            chunked = rows.Boolean(0);
        }
        session.Execute("DELETE FROM content WHERE id = ?1", content.Value);
        if (chunked) session.Execute("INSERT INTO unfinished (content, since) VALUES (?1, ?2)", content.Value, time.GetUtcNow());
        return chunked;
    }

    private Stream Open(SqliteSession session, ContentId content, long offset, long length)
    {
        using var rows = session.Query("SELECT size, octets IS NULL, checksum, octets FROM content WHERE id = ?1", content.Value);
        if (!rows.Next()) throw new ContentDamagedException(content, "it is missing");
        var size = rows.Int64(0);
        var start = Math.Min(offset, size);
        var end = start + Math.Min(length, size - start);
        if (rows.Boolean(1)) return new SqliteContentStream(database, content, size, start, end);

        var octets = rows.Blob(3);
        if (octets.Length != size || Crc32C.Compute(octets) != rows.Int64(2)) throw new ContentDamagedException(content, "its checksum is wrong");
        return new MemoryStream(octets[(int)start..(int)end].ToArray(), writable: false);
    }
}
