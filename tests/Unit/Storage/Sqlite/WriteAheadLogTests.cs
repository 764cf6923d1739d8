using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using AwesomeAssertions;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Storage.Sqlite;

public sealed class WriteAheadLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-log-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_log_stays_bounded_while_readers_never_pause()
    {
        await using var database = SqliteDatabase.Open(_folder, new SqliteSchema("log", ["CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB) STRICT"]), NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var read = 0;
            while (!stop.IsCancellationRequested) read += (int)await database.ReadAsync(s => s.Number("SELECT sum(length(body)) FROM (SELECT body FROM t ORDER BY id DESC LIMIT 50)") ?? 0, default);
            return read;
        })).ToList();
        var largest = 0L;
        for (var i = 0; i < 200; i++)
        {
            await database.WriteAsync(s => s.Execute("INSERT INTO t (body) VALUES (?1)", new byte[1_000_000]), 1_000_000, default);
            largest = Math.Max(largest, new FileInfo(database.Path + "-wal").Length);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        largest.Should().BeLessThan(80 * 1024 * 1024);
    }

    [Fact]
    public async Task Commits_are_measured()
    {
        var seen = new ConcurrentDictionary<string, bool>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Merpati.Storage") self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        await using (var database = SqliteDatabase.Open(_folder, new SqliteSchema("measured", ["CREATE TABLE t (id INTEGER PRIMARY KEY)"]), NullLogger.Instance))
        {
            await database.WriteAsync(s => s.Execute("INSERT INTO t VALUES (1)"), default);
            listener.RecordObservableInstruments();
        }
        seen.Keys.Should().BeEquivalentTo("merpati.storage.commit.duration", "merpati.storage.commit.operations", "merpati.storage.queue.depth");

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Contains(new("store", "measured"))) seen[instrument.Name] = true;
        }
    }
}
