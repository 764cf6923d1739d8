using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Contracts.Inspection;

public sealed class SqliteConsistencyCheckTests : ConsistencyCheckContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-check-").FullName;
    private SqliteStores _stores = null!;

    [Theory]
    [InlineData(DamageKind.ContentDamaged, "content LARGE", "it has 2 chunks and should have 3", false)]
    [InlineData(DamageKind.ContentSize, "account ANN, mailbox INBOX, UID 1", "131077 octets, and 131070 are needed", false)]
    [InlineData(DamageKind.MessageWithoutMailbox, "mailbox number 4711", "1 messages are there", false)]
    public Task Damage_of_this_backend_is_found_and_named(DamageKind kind, string where, string what, bool mends) => FindsAsync(kind, where, what, mends);

    protected override Task<CheckedStores> StartAsync()
    {
        _stores = SqliteStores.Open(new SqliteStoreOptions { Folder = _folder }, Time, NullLogger<SqliteStores>.Instance);
        return Task.FromResult(new CheckedStores(_stores.Content, _stores.Queue, _stores.Mailboxes, _stores.SharedRecords, _stores.Inspection));
    }

    protected override async Task StopAsync()
    {
        await _stores.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override async Task BreakOctetAsync(ContentId content)
        => await Of("content").WriteAsync(session => session.Execute("UPDATE content SET octets = x'736d616c6d' WHERE id = ?1", content.Value), default);

    protected override async Task BreakAsync(DamageKind kind)
    {
        var (store, sql) = kind switch
        {
            DamageKind.ContentDamaged => ("content", "DELETE FROM chunk WHERE number = 1"),
            DamageKind.ChunksOrphaned => ("content", "INSERT INTO chunk (content, number, checksum, octets) VALUES (x'00000000000000000000000000000001', 0, 0, x'00'), (x'00000000000000000000000000000001', 1, 0, x'00')"),
            DamageKind.ContentSize => ("mailboxes", "UPDATE messages SET size = size - 7 WHERE uid = 1 AND mailbox = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1); UPDATE mailboxes SET size = size - 7 WHERE id = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1); UPDATE accounts SET octets = octets - 7 WHERE id = (SELECT account FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1)"),
            DamageKind.EntryStuck => ("queue", "UPDATE entry SET due = NULL"),
            DamageKind.EntryClosed => ("queue", "UPDATE recipient SET state = 2; UPDATE ledger SET recipients = 2 WHERE account = 2; UPDATE entry SET due = NULL"),
            DamageKind.Unaccounted => ("queue", "UPDATE ledger SET recipients = 5 WHERE account = -1"),
            DamageKind.FenceBehind => ("queue", "UPDATE fence SET last_token = 1"),
            DamageKind.MailboxCounts => ("mailboxes", "UPDATE mailboxes SET unseen = 9 WHERE id = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1)"),
            DamageKind.UidNext => ("mailboxes", "UPDATE mailboxes SET uid_next = 3 WHERE id = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1)"),
            DamageKind.HighestModSeq => ("mailboxes", "UPDATE mailboxes SET highest_modseq = 2 WHERE id = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1)"),
            DamageKind.MessageWithoutMailbox => ("mailboxes", "INSERT INTO messages (mailbox, uid, modseq, flags, size, saved_at, detail) SELECT 4711, 1, 1, 0, size, saved_at, detail FROM messages WHERE uid = 1 LIMIT 1"),
            DamageKind.MessageWithoutDetails => ("mailboxes", "DELETE FROM details WHERE id = (SELECT detail FROM messages WHERE uid = 2 AND mailbox = (SELECT id FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1))"),
            DamageKind.Usage => ("mailboxes", "UPDATE accounts SET octets = 1 WHERE id = (SELECT account FROM mailboxes WHERE name = 'INBOX' ORDER BY id LIMIT 1)"),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "SQLite cannot have it."),
        };
        await Of(store).WriteAsync(session =>
        {
            foreach (var statement in sql.Split("; ")) session.Execute(statement);
        }, default);
    }

    private SqliteDatabase Of(string name) => _stores.Databases.Single(database => database.Name == name);
}
