using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>What an account uses of its quota; moves in the transactions that add and remove messages.</summary>
internal static class Usage
{
    public static QuotaUsage Read(SqliteSession session, AccountId account)
    {
        using var rows = session.Query("SELECT octets, messages FROM accounts WHERE account = ?1", account.Value);
        return rows.Next() ? new QuotaUsage(rows.Int64(0), rows.Int64(1), null, null) : new QuotaUsage(0, 0, null, null);
    }

    /// <summary>False, and nothing is changed, when that would be more than the limits of <paramref name="quota"/>.</summary>
    public static bool TryAdd(SqliteSession session, long accountKey, long octets, long messages, QuotaUsage? quota) => session.Execute(
        "UPDATE accounts SET octets = octets + ?2, messages = messages + ?3 WHERE id = ?1 AND (?4 IS NULL OR octets + ?2 <= ?4) AND (?5 IS NULL OR messages + ?3 <= ?5)",
        accountKey, octets, messages, quota?.OctetLimit, quota?.MessageLimit) > 0;

    public static void Remove(SqliteSession session, long accountKey, long octets, long messages) => session.Execute(
        "UPDATE accounts SET octets = octets - ?2, messages = messages - ?3 WHERE id = ?1", accountKey, octets, messages);
}
