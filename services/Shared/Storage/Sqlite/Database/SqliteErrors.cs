using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Merpati.Storage.Sqlite;

/// <summary>What sqlite3's result codes mean to those who use a store.</summary>
internal static class SqliteErrors
{
    /// <summary>The store's exception for the failure, or the same one when it is a fault of our own (a constraint, wrong SQL).</summary>
    public static Exception Translate(Exception failure, string store) => failure is SqliteException known ? Translate(known, store) : failure;

    public static bool IsCorruption(SqliteException failure) => failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    private static Exception Translate(SqliteException failure, string store) => failure.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => new StoreFullException(store, failure),
        // The write-ahead log's index could not grow: the one way in which a full disk is not SQLITE_FULL.
        raw.SQLITE_IOERR when failure.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE => new StoreFullException(store, failure),
        raw.SQLITE_NOTADB => new StoreUnavailableException(store, "its file is not a database; restore it from a backup or move it away.", failure),
        raw.SQLITE_CORRUPT => new StoreUnavailableException(store, "its file is damaged; restore it from a backup.", failure),
        raw.SQLITE_CANTOPEN => new StoreUnavailableException(store, "its file cannot be opened; check that the folder exists and that we may write in it.", failure),
        raw.SQLITE_PERM or raw.SQLITE_READONLY or raw.SQLITE_AUTH => new StoreUnavailableException(store, "its file cannot be written; check owner and permissions.", failure),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new StoreUnavailableException(store, "another program holds a lock on its file.", failure),
        raw.SQLITE_IOERR => new StoreUnavailableException(store, $"reading or writing its file failed ({failure.Message})", failure),
        raw.SQLITE_NOMEM => new StoreUnavailableException(store, "no memory is left.", failure),
        _ => failure,
    };
}
