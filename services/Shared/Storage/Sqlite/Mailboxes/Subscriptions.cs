using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>SUBSCRIBE, UNSUBSCRIBE and LSUB (RFC 3501 §6.3.6 to §6.3.9): names, whether or not there is such a mailbox.</summary>
internal static class Subscriptions
{
    /// <summary>For an account; twice as many as mailboxes, since names of deleted ones stay.</summary>
    private const int Limit = 2 * MailboxTree.Limit;

    public static void Set(SqliteSession session, AccountId account, MailboxName name, bool subscribed, TimeProvider time)
    {
        var key = MailboxTree.EnsureAccount(session, account, time);
        if (!subscribed)
        {
            session.Execute("DELETE FROM subscriptions WHERE account = ?1 AND name = ?2", key, name.Value);
            return;
        }
        if (session.Number("SELECT count(*) FROM subscriptions WHERE account = ?1", key) >= Limit) throw new StoreFullException("subscriptions");
        session.Execute("INSERT INTO subscriptions (account, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING", key, name.Value);
    }

    public static List<MailboxName> List(SqliteSession session, AccountId account)
    {
        var names = new List<MailboxName>();
        using var rows = session.Query("SELECT s.name FROM subscriptions s JOIN accounts a ON a.id = s.account WHERE a.account = ?1 ORDER BY s.name", account.Value);
        while (rows.Next()) names.Add(MailboxName.Parse(rows.Text(0)));
        return names;
    }
}
