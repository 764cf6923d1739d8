using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// One connection with its prepared statements, used by one thread at a time. Statements are cached by their text for as long as the connection lives,
/// so SQL must be constant text with parameters, <c>?1</c>, <c>?2</c>…, never put together from values.
/// </summary>
public sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, Rows> _statements = new(StringComparer.Ordinal);

    internal SqliteSession(string path, SqliteOpenMode mode)
    {
        SqliteLibrary.EnsureConfigured();
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            _connection.Open();
            KeepPlans();
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    internal SqliteConnection Connection => _connection;

    internal sqlite3 Handle => _connection.Handle!;

    /// <summary>False also when sqlite3 rolled the transaction back by itself, as it may on a full disk.</summary>
    internal bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>Runs a statement to its end; returns how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = Query(sql, values);
        while (rows.Next()) { }
        return raw.sqlite3_changes(Handle);
    }

    /// <summary>Starts a statement: <c>using var rows = session.Query(…); while (rows.Next()) …</c>.</summary>
    public Rows Query(string sql, params ReadOnlySpan<SqlValue> values)
    {
        var rows = Prepare(sql);
        try
        {
            for (var i = 0; i < values.Length; i++) values[i].BindTo(rows, i + 1);
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>The first column of the first row as a number; null without a row or when it is NULL.</summary>
    public long? Number(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = Query(sql, values);
        return rows.Next() ? rows.Int64OrNull(0) : null;
    }

    /// <summary>Whether there is a row.</summary>
    public bool Exists(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = Query(sql, values);
        return rows.Next();
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Finish();
        _statements.Clear();
        _connection.Dispose();
    }

    /// <summary>Runs several statements at once, uncached: schemas and pragmas.</summary>
    internal void ExecuteScript(string sql)
    {
        var result = raw.sqlite3_exec(Handle, sql);
        if (result != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, Handle);
    }

    /// <summary>
    /// A plan is made from the text of a statement alone. Otherwise sqlite3 looks at bound values too, that of a LIMIT among them, and compiles a cached statement anew each time it is given others.
    /// https://www.sqlite.org/queryplanner-ng.html#qpstab
    /// </summary>
    private void KeepPlans()
    {
        const int EnableStabilityGuarantee = 1007;
        var result = raw.sqlite3_db_config(Handle, EnableStabilityGuarantee, 1, out _);
        if (result != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, Handle);
    }

    private Rows Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var rows)) _statements.Add(sql, rows = new Rows(Handle, sql, cached: true));
        // The same SQL within its own loop: rare, so it pays for a statement of its own.
        if (rows.InUse) return new Rows(Handle, sql, cached: false);
        rows.InUse = true;
        return rows;
    }
}
