using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

internal sealed class SqliteContentStream(SqliteDatabase database, ContentId content, long size, long start, long end) : ChunkedContentStream(content, size, start, end)
{
    private readonly Guid _content = content.Value;

    protected override async ValueTask ReadChunkAsync(long number, CancellationToken cancellationToken)
    {
        try { await database.ReadAsync(session => Read(session, number), cancellationToken); }
        catch (StoreUnavailableException failure) when (SqliteContentStore.IsDamage(failure)) { throw Damaged("its page in the database is damaged"); }
    }

    protected override void ReadChunk(long number)
    {
        try { database.Read(session => Read(session, number)); }
        catch (StoreUnavailableException failure) when (SqliteContentStore.IsDamage(failure)) { throw Damaged("its page in the database is damaged"); }
    }

    private bool Read(SqliteSession session, long number)
    {
        using var rows = session.Query("SELECT checksum, octets FROM chunk WHERE content = ?1 AND number = ?2", _content, number);
        if (!rows.Next()) throw Missing(number);
        Accept(number, rows.Blob(1), (uint)rows.Int64(0));
        return true;
    }
}
