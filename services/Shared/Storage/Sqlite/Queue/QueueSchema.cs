namespace Merpati.Storage.Sqlite;

/// <summary>
/// <c>entry.due</c> is when somebody may take the entry: its next attempt, or while it is leased the end of the lease; NULL when no recipient of it is queued.
/// So one index answers what is due and when the next will be. <c>entry.account</c> is who it counts for: the account that submitted it, else its reverse-path. Recipients are numbered as in the envelope.
/// </summary>
internal static class QueueSchema
{
    /// <summary>The ledger's account for recipients ever accepted; the others are named by the number of their <see cref="RecipientState"/>.</summary>
    public const int Accepted = -1;

    public static readonly SqliteSchema Schema = new("queue",
    [
        """
        CREATE TABLE entry (
            number INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            route INTEGER NOT NULL,
            due INTEGER,
            next_attempt_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            lease_token INTEGER,
            lease_expires_at INTEGER,
            content BLOB NOT NULL,
            size INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL,
            reverse_local TEXT,
            reverse_domain TEXT,
            reverse_key TEXT NOT NULL,
            body INTEGER NOT NULL,
            smtp_utf8 INTEGER NOT NULL,
            dsn_return INTEGER NOT NULL,
            envelope_id TEXT,
            submitter BLOB,
            trace_parent TEXT,
            trace_headers BLOB NOT NULL
        ) STRICT;
        CREATE INDEX entry_due ON entry (route, due) WHERE due IS NOT NULL;
        CREATE INDEX entry_content ON entry (content);

        CREATE TABLE recipient (
            entry INTEGER NOT NULL REFERENCES entry (number) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            state INTEGER NOT NULL,
            local_part TEXT NOT NULL,
            domain TEXT NOT NULL,
            key TEXT NOT NULL,
            notify INTEGER NOT NULL,
            original_recipient TEXT,
            detail TEXT,
            PRIMARY KEY (entry, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE ledger (
            account INTEGER NOT NULL PRIMARY KEY,
            recipients INTEGER NOT NULL
        ) STRICT;
        INSERT INTO ledger (account, recipients) VALUES (-1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0);

        -- Tokens come from one counter for all entries, so that not even an entry that was removed and put in again repeats one.
        CREATE TABLE fence (last_token INTEGER NOT NULL) STRICT;
        INSERT INTO fence (last_token) VALUES (0);
        """,
        """
        ALTER TABLE entry ADD COLUMN destination TEXT;
        ALTER TABLE entry ADD COLUMN require_tls INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entry ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entry ADD COLUMN deliver_by INTEGER;
        ALTER TABLE entry ADD COLUMN deliver_by_mode INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entry ADD COLUMN deliver_by_trace INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entry ADD COLUMN sender TEXT NOT NULL GENERATED ALWAYS AS (iif(submitter IS NULL, reverse_key, hex(submitter))) VIRTUAL;
        -- Holds all that a choice by destination and sender looks at, so that entries are passed over without being read.
        CREATE INDEX entry_turn ON entry (route, priority, due, number, destination, sender) WHERE due IS NOT NULL;

        ALTER TABLE recipient ADD COLUMN bounce_requested TEXT;
        ALTER TABLE recipient ADD COLUMN delay_reported INTEGER NOT NULL DEFAULT 0;
        """,
        """
        ALTER TABLE recipient ADD COLUMN intent_host TEXT;
        ALTER TABLE recipient ADD COLUMN intent_at INTEGER;
        """,
        """
        -- SQLite reads the row for a computed column, although the index has it; so it is a plain one.
        DROP INDEX entry_turn;
        ALTER TABLE entry ADD COLUMN account TEXT NOT NULL DEFAULT '';
        UPDATE entry SET account = sender;
        ALTER TABLE entry DROP COLUMN sender;
        CREATE INDEX entry_turn ON entry (route, priority, due, number, destination, account) WHERE due IS NOT NULL;
        """,
        """
        ALTER TABLE entry ADD COLUMN tls_optional INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE shared_record (
            kind       TEXT    NOT NULL,
            key        TEXT    NOT NULL,
            value      BLOB    NOT NULL,
            expires_at INTEGER NOT NULL,
            version    INTEGER NOT NULL,
            PRIMARY KEY (kind, key)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        -- What is due for a destination and of a sender, past all that is in the queue for others. Local delivery passes nothing over and pays nothing for it.
        CREATE INDEX entry_lane ON entry (destination, account, priority, due, number) WHERE route = 1 AND due IS NOT NULL;
        """,
    ]);
}
