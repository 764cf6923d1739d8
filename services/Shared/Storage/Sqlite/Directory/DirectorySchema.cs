namespace Merpati.Storage.Sqlite;

/// <summary>
/// The tables of <c>directory.db</c>. <c>local_key</c> is the local part as <see cref="Merpati.Addresses.EmailAddress"/> compares it, see <see cref="AddressKey"/>; <c>local_part</c> is as it was written.
/// </summary>
internal static class DirectorySchema
{
    public static SqliteSchema Schema { get; } = new("directory", [V1, Suppressions, DkimKeys, SharedAccounts]);

    private const string V1 = """
        CREATE TABLE domains (
            name             TEXT PRIMARY KEY,
            catch_all_local  TEXT,
            catch_all_domain TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE accounts (
            account         BLOB    PRIMARY KEY,
            domain          TEXT    NOT NULL,
            local_key       TEXT    NOT NULL,
            local_part      TEXT    NOT NULL,
            display_name    TEXT,
            enabled         INTEGER NOT NULL,
            quota_octets    INTEGER,
            quota_messages  INTEGER,
            argon2id        TEXT,
            scram_salt      BLOB,
            scram_iterations INTEGER,
            scram_stored_key BLOB,
            scram_server_key BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX accounts_address ON accounts (domain, local_key);

        CREATE TABLE aliases (
            domain     TEXT NOT NULL,
            local_key  TEXT NOT NULL,
            local_part TEXT NOT NULL,
            PRIMARY KEY (domain, local_key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alias_targets (
            domain        TEXT    NOT NULL,
            local_key     TEXT    NOT NULL,
            position      INTEGER NOT NULL,
            target_domain TEXT    NOT NULL,
            target_local  TEXT    NOT NULL,
            PRIMARY KEY (domain, local_key, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE secrets (
            name   TEXT PRIMARY KEY,
            secret BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Who is sent no mail; see <see cref="SqliteSuppressionList"/>.</summary>
    private const string Suppressions = """
        CREATE TABLE suppressions (
            pattern TEXT    PRIMARY KEY,
            source  INTEGER NOT NULL,
            reason  TEXT    NOT NULL,
            since   INTEGER NOT NULL,
            until   INTEGER
        ) STRICT, WITHOUT ROWID;
        """;

    /// <summary>The keys with which the domains sign; see <see cref="DkimKeyRows"/>.</summary>
    private const string DkimKeys = """
        CREATE TABLE dkim_keys (
            domain      TEXT    NOT NULL,
            selector    TEXT    NOT NULL,
            algorithm   INTEGER NOT NULL,
            state       INTEGER NOT NULL,
            created_at  INTEGER NOT NULL,
            changed_at  INTEGER NOT NULL,
            private_key BLOB    NOT NULL,
            PRIMARY KEY (domain, selector)
        ) STRICT, WITHOUT ROWID;
        """;

    private const string SharedAccounts = """
        ALTER TABLE accounts ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
        """;
}
