namespace Merpati.Storage.Sqlite;

/// <summary>The tables of <c>mailboxes.db</c>. Inside, accounts and mailboxes are small numbers that are never used twice; outside they are their GUIDs.</summary>
internal static class MailboxSchema
{
    public static SqliteSchema Schema { get; } = new("mailboxes", [V1, SearchIndex, Annotations, Grants]);

    private const string V1 = """
        -- Usage is kept in the transactions that change it.
        CREATE TABLE accounts (
            id       INTEGER PRIMARY KEY AUTOINCREMENT,
            account  BLOB    NOT NULL UNIQUE,
            octets   INTEGER NOT NULL DEFAULT 0,
            messages INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        -- The counters are kept in the transactions that change them: STATUS and LIST read this row and nothing else.
        -- forgotten: expunges up to this MODSEQ have no tombstones any more.
        CREATE TABLE mailboxes (
            id             INTEGER PRIMARY KEY AUTOINCREMENT,
            account        INTEGER NOT NULL,
            mailbox        BLOB    NOT NULL UNIQUE,
            name           TEXT    NOT NULL,
            special_use    INTEGER NOT NULL,
            uid_validity   INTEGER NOT NULL,
            uid_next       INTEGER NOT NULL DEFAULT 1,
            highest_modseq INTEGER NOT NULL DEFAULT 1,
            forgotten      INTEGER NOT NULL DEFAULT 0,
            first_recent   INTEGER NOT NULL DEFAULT 1,
            recent         INTEGER NOT NULL DEFAULT 0,
            messages       INTEGER NOT NULL DEFAULT 0,
            unseen         INTEGER NOT NULL DEFAULT 0,
            deleted        INTEGER NOT NULL DEFAULT 0,
            size           INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE UNIQUE INDEX mailboxes_name ON mailboxes (account, name);
        CREATE UNIQUE INDEX mailboxes_special_use ON mailboxes (account, special_use) WHERE special_use <> 0;

        -- What changes, or is read for a whole mailbox at once: some 35 octets a message. keywords: sorted, separated by a space; NULL is none.
        CREATE TABLE messages (
            mailbox  INTEGER NOT NULL,
            uid      INTEGER NOT NULL,
            modseq   INTEGER NOT NULL,
            flags    INTEGER NOT NULL,
            keywords TEXT,
            size     INTEGER NOT NULL,
            saved_at INTEGER NOT NULL,
            detail   INTEGER NOT NULL,
            PRIMARY KEY (mailbox, uid)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX messages_modseq ON messages (mailbox, modseq);
        CREATE INDEX messages_detail ON messages (detail);

        -- What never changes, shared by all copies within the account and removed with the last of them. In order of arrival, so that deliveries to many mailboxes fill pages one after the other.
        -- message_id: 64 bits of a hash, see MessageIdHash.
        CREATE TABLE details (
            id              INTEGER PRIMARY KEY,
            account         INTEGER NOT NULL,
            content         BLOB    NOT NULL,
            message_id      INTEGER,
            internal_at     INTEGER NOT NULL,
            internal_offset INTEGER NOT NULL,
            email_id        TEXT    NOT NULL,
            thread_id       TEXT    NOT NULL,
            trace           BLOB    NOT NULL,
            structure       BLOB    NOT NULL
        ) STRICT;
        CREATE INDEX details_content ON details (content);
        CREATE INDEX details_message_id ON details (account, message_id) WHERE message_id IS NOT NULL;

        -- A run of UIDs that one call expunged.
        CREATE TABLE tombstones (
            mailbox     INTEGER NOT NULL,
            modseq      INTEGER NOT NULL,
            first       INTEGER NOT NULL,
            last        INTEGER NOT NULL,
            expunged_at INTEGER NOT NULL,
            PRIMARY KEY (mailbox, modseq, first)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tombstones_expunged_at ON tombstones (expunged_at);

        -- Queue ids ascend with time, so these rows are written one after the other too.
        CREATE TABLE deliveries (
            queue_id     BLOB    NOT NULL,
            recipient    TEXT    NOT NULL,
            account      INTEGER NOT NULL,
            mailbox      BLOB    NOT NULL,
            uid_validity INTEGER NOT NULL,
            uid          INTEGER NOT NULL,
            modseq       INTEGER NOT NULL,
            recorded_at  INTEGER NOT NULL,
            PRIMARY KEY (queue_id, recipient, account)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX deliveries_recorded_at ON deliveries (recorded_at);

        CREATE TABLE subscriptions (
            account INTEGER NOT NULL,
            name    TEXT    NOT NULL,
            PRIMARY KEY (account, name)
        ) STRICT, WITHOUT ROWID;

        -- Mailboxes that are deleted already and whose messages are still to be cleared away.
        CREATE TABLE deleted_mailboxes (
            mailbox INTEGER PRIMARY KEY
        ) STRICT;

        -- The last UIDVALIDITY given to any mailbox.
        CREATE TABLE uid_validity (
            last INTEGER NOT NULL
        ) STRICT;
        INSERT INTO uid_validity VALUES (0);
        """;

    private const string SearchIndex = """
        -- Messages whose text is not in the index yet, in order of arrival. A ticket is never used twice, as the number of the details may be: a text that was read for one message does not come to another.
        CREATE TABLE search_waiting (
            ticket INTEGER PRIMARY KEY AUTOINCREMENT,
            detail INTEGER NOT NULL UNIQUE REFERENCES details (id) ON DELETE CASCADE
        ) STRICT;
        CREATE TRIGGER details_wait AFTER INSERT ON details BEGIN INSERT INTO search_waiting (detail) VALUES (new.id); END;
        INSERT INTO search_waiting (detail) SELECT id FROM details ORDER BY id;

        -- Apart from the texts: a search reads all signatures of a mailbox, and few texts.
        CREATE TABLE search_signatures (
            detail    INTEGER PRIMARY KEY REFERENCES details (id) ON DELETE CASCADE,
            signature BLOB    NOT NULL
        ) STRICT;
        CREATE TABLE search_texts (
            detail INTEGER PRIMARY KEY REFERENCES details (id) ON DELETE CASCADE,
            header INTEGER NOT NULL,
            whole  INTEGER NOT NULL,
            text   BLOB    NOT NULL
        ) STRICT;

        -- Of the texts that are there; 0 while they are being forgotten.
        CREATE TABLE search_version (
            version INTEGER NOT NULL
        ) STRICT;
        INSERT INTO search_version VALUES (1);
        """;

    private const string Annotations = """
        -- mailbox: the GUID; sixteen zeros for what the account keeps at the server.
        CREATE TABLE annotations (
            account INTEGER NOT NULL,
            mailbox BLOB    NOT NULL,
            entry   TEXT    NOT NULL,
            value   BLOB    NOT NULL,
            PRIMARY KEY (account, mailbox, entry)
        ) STRICT, WITHOUT ROWID;
        """;

    private const string Grants = """
        -- mailbox: the GUID. grantee: see Grantee.Key. rights: MailboxRights.
        CREATE TABLE grants (
            account  INTEGER NOT NULL,
            mailbox  BLOB    NOT NULL,
            grantee  TEXT    NOT NULL,
            negative INTEGER NOT NULL,
            rights   INTEGER NOT NULL,
            PRIMARY KEY (account, mailbox, grantee, negative)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX grants_grantee ON grants (grantee, account);
        """;
}
