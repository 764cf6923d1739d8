namespace Merpati.Storage.Sqlite;

/// <summary>
/// Events lie together by message (<c>number</c> counts within the message), so that a timeline is one read and the later events of a message go where the first are.
/// <c>message.last_at</c> is the time of the newest event: by it a message is forgotten as a whole. The subject's columns stay NULL until it comes.
/// </summary>
internal static class JournalSchema
{
    public static readonly SqliteSchema Schema = new("journal",
    [
        """
        CREATE TABLE event (
            queue_id BLOB NOT NULL,
            number INTEGER NOT NULL,
            at INTEGER NOT NULL,
            step INTEGER NOT NULL,
            recipient TEXT,
            detail TEXT NOT NULL,
            PRIMARY KEY (queue_id, number)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX event_once ON event (queue_id, step, coalesce(lower(recipient), '')) WHERE step IN (14, 15);

        CREATE TABLE message (
            queue_id BLOB NOT NULL PRIMARY KEY,
            last_at INTEGER NOT NULL,
            at INTEGER,
            message_id TEXT,
            reverse_path TEXT,
            recipients TEXT,
            size INTEGER,
            client_address TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_age ON message (last_at);

        CREATE TABLE search (
            key TEXT NOT NULL,
            at INTEGER NOT NULL,
            queue_id BLOB NOT NULL,
            PRIMARY KEY (key, at, queue_id)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        ALTER TABLE message ADD COLUMN decision TEXT;
        CREATE INDEX message_decided ON message (at, queue_id) WHERE decision IS NOT NULL;
        """,
    ]);
}
