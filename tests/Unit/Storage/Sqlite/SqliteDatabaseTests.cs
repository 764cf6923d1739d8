using AwesomeAssertions;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Storage.Sqlite;

public sealed class SqliteDatabaseTests : IAsyncLifetime
{
    private static readonly SqliteSchema Schema = new("test", ["CREATE TABLE t (id INTEGER PRIMARY KEY, body ANY) STRICT"]);

    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-sqlite-").FullName;
    private SqliteDatabase _database = null!;

    public Task InitializeAsync()
    {
        _database = SqliteDatabase.Open(_folder, Schema, NullLogger.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Values_come_back_as_they_went_in()
    {
        var guid = Guid.CreateVersion7();
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero).AddTicks(9);
        SqlValue[] values = ["", "a\0b", "häß", new string('x', 5000), SqlValue.Null, Array.Empty<byte>(), new byte[] { 0, 1 }, guid, time, true, -5L];
        foreach (var value in values) await _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (?1)", value), default);
        await _database.ReadAsync(s =>
        {
            using var rows = s.Query("SELECT body, typeof(body) FROM t ORDER BY id");
            Next().Text(0).Should().Be("");
            rows.Text(1).Should().Be("text");
            Next().Text(0).Should().Be("a\0b");
            Next().Text(0).Should().Be("häß");
            Next().Text(0).Should().HaveLength(5000);
            Next().IsNull(0).Should().BeTrue();
            Next().Bytes(0).Should().BeEmpty();
            rows.Text(1).Should().Be("blob");
            Next().Bytes(0).Should().Equal(0, 1);
            Next().Guid(0).Should().Be(guid);
            Next().Time(0).Should().Be(time);
            Next().Boolean(0).Should().BeTrue();
            Next().Int64(0).Should().Be(-5);
            return rows.Next().Should().BeFalse();

            Rows Next()
            {
                rows.Next().Should().BeTrue();
                return rows;
            }
        }, default);
    }

    [Fact]
    public async Task One_failing_operation_of_a_group_fails_alone()
    {
        var results = await Task.WhenAll(Enumerable.Range(1, 500).Select(async i =>
        {
            try
            {
                await _database.WriteAsync(s =>
                {
                    s.Execute("INSERT INTO t (id, body) VALUES (?1, 'x')", i);
                    return i % 7 == 0 ? throw new InvalidOperationException("seven") : i;
                }, default);
                return true;
            }
            catch (InvalidOperationException) { return false; }
        }));
        results.Count(ok => !ok).Should().Be(500 / 7);
        (await CountAsync()).Should().Be(500 - (500 / 7));
    }

    [Fact]
    public async Task Nested_use_of_one_statement_is_allowed()
    {
        await _database.WriteAsync(s => s.Execute("INSERT INTO t VALUES (1, 'a'), (2, 'b')"), default);
        var pairs = await _database.ReadAsync(s =>
        {
            var count = 0;
            using var outer = s.Query("SELECT id FROM t");
            while (outer.Next())
            {
                using var inner = s.Query("SELECT id FROM t");
                while (inner.Next()) count++;
            }
            return count;
        }, default);
        pairs.Should().Be(4);
    }

    [Fact]
    public async Task Full_disk_refuses_the_large_one_keeps_the_small_ones_and_recovers()
    {
        await _database.WriteAsync(s => s.Execute("PRAGMA max_page_count = 40"), default);
        var large = Enumerable.Range(0, 20).Select(i => _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (?1)", new byte[400_000]), default).AsTask()).ToList();
        var small = Enumerable.Range(0, 20).Select(i => _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES ('small')"), default).AsTask()).ToList();
        foreach (var one in large) await one.Invoking(t => t).Should().ThrowAsync<StoreFullException>();
        await Task.WhenAll(small);
        (await CountAsync()).Should().Be(20);
        await _database.WriteAsync(s => s.Execute("PRAGMA max_page_count = 1000000"), default);
        await _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (?1)", new byte[400_000]), default);
        (await CountAsync()).Should().Be(21);
    }

    [Fact]
    public async Task Cancelled_before_its_turn_is_never_run()
    {
        using var cancelled = new CancellationTokenSource();
        using var holding = new ManualResetEventSlim();
        var first = _database.WriteAsync(_ => holding.Wait(TimeSpan.FromSeconds(30)), default).AsTask();
        var second = _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (1)"), cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        holding.Set();
        await first;
        await second.Invoking(t => t).Should().ThrowAsync<OperationCanceledException>();
        (await CountAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Dispose_finishes_what_waits_and_leaves_no_log()
    {
        var writes = Enumerable.Range(0, 300).Select(_ => _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (1)"), default).AsTask()).ToList();
        await _database.DisposeAsync();
        await Task.WhenAll(writes);
        Directory.GetFiles(_folder).Should().ContainSingle();
        await _database.Invoking(d => d.WriteAsync(s => s.Execute("SELECT 1"), default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        await using var again = SqliteDatabase.Open(_folder, Schema, NullLogger.Instance);
        (await again.ReadAsync(s => s.Number("SELECT count(*) FROM t"), default)).Should().Be(300);
    }

    [Fact]
    public async Task Backup_is_a_whole_database_while_writers_go_on()
    {
        var path = Path.Combine(_folder, "backup", "copy.db");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var writes = Enumerable.Range(0, 300).Select(_ => _database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (?1)", new byte[2000]), default).AsTask()).ToList();
        await writes[0];
        await _database.BackupToAsync(path, default);
        await Task.WhenAll(writes);
        Directory.GetFiles(Path.GetDirectoryName(path)!).Should().Equal(path);
        await using var copy = SqliteDatabase.Open(Path.GetDirectoryName(path)!, Schema with { Name = "copy" }, NullLogger.Instance);
        (await copy.CheckIntegrityAsync(default)).Should().BeEmpty();
        (await copy.ReadAsync(s => s.Number("SELECT count(*) FROM t"), default)).Should().BeInRange(1, 300);
    }

    [Fact]
    public async Task Newer_schema_is_refused_in_one_sentence_and_older_is_migrated()
    {
        await _database.DisposeAsync();
        await using (SqliteDatabase.Open(_folder, Schema with { Migrations = [.. Schema.Migrations, "ALTER TABLE t ADD COLUMN more TEXT"] }, NullLogger.Instance)) { }
        var open = () => SqliteDatabase.Open(_folder, Schema, NullLogger.Instance);
        open.Should().Throw<StoreUnavailableException>().WithMessage("*schema version 2*knows 1*");
    }

    [Fact]
    public async Task Broken_migration_leaves_the_old_version()
    {
        await _database.DisposeAsync();
        var open = () => SqliteDatabase.Open(_folder, Schema with { Migrations = [.. Schema.Migrations, "CREATE TABLE u (a) ; CREATE TABLE nonsense"] }, NullLogger.Instance);
        open.Should().Throw<StoreUnavailableException>();
        await using var old = SqliteDatabase.Open(_folder, Schema, NullLogger.Instance);
        (await old.ReadAsync(s => s.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), default)).Should().Be(0);
    }

    [Fact]
    public void Not_a_database_is_a_clear_error()
    {
        File.WriteAllText(Path.Combine(_folder, "other.db"), new string('?', 10_000));
        var open = () => SqliteDatabase.Open(_folder, Schema with { Name = "other" }, NullLogger.Instance);
        open.Should().Throw<StoreUnavailableException>().WithMessage("The other store is not available: its file is not a database*");
    }

    [Fact]
    public void Missing_folder_is_a_clear_error()
    {
        var open = () => SqliteDatabase.Open(Path.Combine(_folder, "missing"), Schema, NullLogger.Instance);
        open.Should().Throw<StoreUnavailableException>().WithMessage("*cannot be opened*");
    }

    [Fact]
    public void A_data_folder_belongs_to_one()
    {
        var path = Path.Combine(_folder, "data");
        using (DataFolder.Take(path))
        {
            var second = () => DataFolder.Take(path);
            second.Should().Throw<StoreUnavailableException>().WithMessage("*in use by another Merpati*");
        }
        DataFolder.Take(path).Dispose();
    }

    [Fact]
    public async Task Idle_writer_empties_the_log_and_gives_space_back()
    {
        await _database.WriteAsync(s =>
        {
            for (var i = 0; i < 100; i++) s.Execute("INSERT INTO t (body) VALUES (?1)", new byte[100_000]);
        }, default);
        await _database.WriteAsync(s => s.Execute("DELETE FROM t"), default);
        await ConditionAsync(() => new FileInfo(_database.Path).Length < 5_000_000 && new FileInfo(_database.Path + "-wal").Length == 0);
        (await CountAsync()).Should().Be(0);
    }

    private static async Task ConditionAsync(Func<bool> met)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!met()) await Task.Delay(20, limit.Token);
    }

    private async Task<long> CountAsync() => (await _database.ReadAsync(s => s.Number("SELECT count(*) FROM t"), default))!.Value;
}
