using SQLitePCL;

namespace Merpati.Storage.Sqlite;

/// <summary>How the sqlite3 library of the process is set, once and before its first use.</summary>
internal static class SqliteLibrary
{
    // https://www.sqlite.org/c3ref/c_config_covered_index.html
    private const int ConfigMemoryStatus = 9;

    private static readonly Lazy<bool> Configured = new(Configure);

    /// <summary>
    /// Nobody asks how much memory sqlite3 has, for which it would take a lock of the whole process in every allocation, where the writers and readers of all stores meet.
    /// Where somebody else has used the library before, it stays as it is: slower, not wrong.
    /// The lock of each connection stays: the finalizer of a statement that was left undisposed may come at any time, on a thread of its own.
    /// </summary>
    public static void EnsureConfigured() => _ = Configured.Value;

    private static bool Configure()
    {
        Batteries_V2.Init();
        return raw.sqlite3_config(ConfigMemoryStatus, 0) == raw.SQLITE_OK;
    }
}
