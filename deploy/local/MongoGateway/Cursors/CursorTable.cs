using System.Collections.Concurrent;

namespace Merpati.Local.MongoGateway.Cursors;

/// <summary>An open cursor between two batches: the engine keeps its rows in a file, this is the key to it.</summary>
internal sealed record Cursor(byte[] Continuation, string Database, DateTimeOffset LastUsed);

internal sealed class CursorTable(GatewayOptions options)
{
    private readonly ConcurrentDictionary<long, Cursor> _cursors = new();

    /// <summary>No more can be opened now.</summary>
    public bool IsFull => _cursors.Count >= options.MaxCursors;

    public void Keep(long id, byte[] continuation, string database) => _cursors[id] = new Cursor(continuation, database, options.Time.GetUtcNow());

    /// <summary>Out of the table while a batch is fetched: two getMores of one cursor cannot mix.</summary>
    public Cursor? Take(long id) => _cursors.TryRemove(id, out var cursor) ? cursor : null;

    /// <returns>The cursors that nobody has asked for in a long time, already out of the table.</returns>
    public long[] TakeIdle()
    {
        var now = options.Time.GetUtcNow();
        return [.. _cursors.Where(cursor => now - cursor.Value.LastUsed > options.CursorLifetime).Select(cursor => cursor.Key).Where(id => _cursors.TryRemove(id, out _))];
    }
}
