using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// A running statement and its current row. Dispose it before the same SQL is used again (<c>using</c>): it then goes back to its session's cache, still prepared.
/// Thin over sqlite3 on purpose: ADO.NET's command and reader cost several allocations and a copy of every blob for each statement, and this is the hot path.
/// </summary>
public sealed class Rows : IDisposable
{
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;
    private readonly bool _cached;

    internal Rows(sqlite3 connection, string sql, bool cached)
    {
        _connection = connection;
        _cached = cached;
        Check(raw.sqlite3_prepare_v3(connection, sql, cached ? raw.SQLITE_PREPARE_PERSISTENT : 0u, out _statement));
    }

    /// <summary>Between handing out and dispose.</summary>
    internal bool InUse { get; set; }

    /// <summary>Moves to the next row; false after the last.</summary>
    public bool Next()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW) return true;
        if (result == raw.SQLITE_DONE) return false;
        Check(result);
        return false;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public int Int32(int column) => raw.sqlite3_column_int(_statement, column);

    public bool Boolean(int column) => Int64(column) != 0;

    public string Text(int column) => Encoding.UTF8.GetString(Blob(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public Guid Guid(int column) => new(Blob(column), bigEndian: true);

    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    public DateTimeOffset Time(int column) => new(Int64(column), TimeSpan.Zero);

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>The octets themselves, valid until <see cref="Next"/> or <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public byte[] Bytes(int column) => Blob(column).ToArray();

    public void Dispose()
    {
        if (!_cached)
        {
            _statement.Dispose();
            return;
        }
        // Reset reports the error of the last step once more; that one has been thrown already.
        raw.sqlite3_reset(_statement);
        raw.sqlite3_clear_bindings(_statement);
        InUse = false;
    }

    internal void Finish() => _statement.Dispose();

    internal void BindNull(int index) => Check(raw.sqlite3_bind_null(_statement, index));

    internal void Bind(int index, long value) => Check(raw.sqlite3_bind_int64(_statement, index, value));

    internal void Bind(int index, string value)
    {
        // The overload for strings measures to the first NUL; ours come from the wire and may hold one.
        const int OnStack = 512;
        var size = Encoding.UTF8.GetMaxByteCount(value.Length);
        Span<byte> utf8 = size <= OnStack ? stackalloc byte[OnStack] : new byte[size];
        utf8 = utf8[..Encoding.UTF8.GetBytes(value, utf8)];
        Check(raw.sqlite3_bind_text(_statement, index, utf8));
    }

    // An empty span has no address, and sqlite3 takes a blob without address for NULL.
    internal void Bind(int index, ReadOnlySpan<byte> value)
        => Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, index, 0) : raw.sqlite3_bind_blob(_statement, index, value));

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, _connection);
    }
}
