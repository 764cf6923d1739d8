using SQLitePCL;

namespace Merpati.Storage.Sqlite;

/// <summary>What the writer does for the file when it has time.</summary>
internal static class Housekeeping
{
    // Free pages are used again first; only a file that is mostly empty is worth shrinking, in steps that keep the writer free.
    private const long WorthShrinking = 1024;
    private const int FreePart = 4;

    /// <summary>True when there is more to give back.</summary>
    public static bool GiveBackFreePages(this SqliteSession session)
    {
        if (!IsWorthShrinking(session)) return false;
        session.Execute("PRAGMA incremental_vacuum(1024)");
        return IsWorthShrinking(session);
    }

    /// <summary>
    /// Brings all of the write-ahead log into the file and cuts it to nothing; false when a reader was in it for all of the time we were ready to wait.
    /// Those who want to write wait as well.
    /// </summary>
    public static bool TruncateLog(this SqliteSession session, int busyMilliseconds)
    {
        raw.sqlite3_busy_timeout(session.Handle, busyMilliseconds);
        try { return session.Number("PRAGMA wal_checkpoint(TRUNCATE)") == 0; }
        finally { raw.sqlite3_busy_timeout(session.Handle, SqliteDatabase.BusyMilliseconds); }
    }

    private static bool IsWorthShrinking(SqliteSession session)
    {
        var free = session.Number("PRAGMA freelist_count") ?? 0;
        return free > WorthShrinking && free > session.Number("PRAGMA page_count") / FreePart;
    }
}
