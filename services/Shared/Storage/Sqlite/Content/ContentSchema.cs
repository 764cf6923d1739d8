namespace Merpati.Storage.Sqlite;

/// <summary>
/// A content of one chunk is one row, body and all. A larger one has its chunks in a table of their own, written before the row:
/// the row is what makes a content visible. <c>unfinished</c> names the ids whose chunks may lie there without a row, so that they are found without a search.
/// </summary>
internal static class ContentSchema
{
    // Measured with bodies of 10 KB: a fifth less space and CPU than pages of 4096; pages of 16384 waste half of each on such bodies.
    private const int PageSize = 8192;

    public static readonly SqliteSchema Schema = new("content",
    [
        // The columns before octets lie on the row's own page, so that lists do not touch bodies.
        """
        CREATE TABLE content (
            id BLOB NOT NULL PRIMARY KEY,
            size INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            sha256 BLOB NOT NULL,
            checksum INTEGER,
            octets BLOB
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE chunk (
            content BLOB NOT NULL,
            number INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            octets BLOB NOT NULL,
            PRIMARY KEY (content, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE unfinished (
            content BLOB NOT NULL PRIMARY KEY,
            since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ], PageSize)
    {
        AtOpen = "DELETE FROM chunk WHERE content IN (SELECT content FROM unfinished); DELETE FROM unfinished",
    };
}
