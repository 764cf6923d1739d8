using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>What CREATE, DELETE and RENAME have in common: rows of mailboxes, without their messages.</summary>
internal static class MailboxTree
{
    /// <summary>Mailboxes in an account: 10,000 that a person makes, those for special uses, and room for what is above them.</summary>
    public const int Limit = 11_000;

    private static readonly (string Name, SpecialUse Use)[] Defaults =
    [
        ("INBOX", SpecialUse.None),
        ("Archive", SpecialUse.Archive),
        ("Drafts", SpecialUse.Drafts),
        ("Junk", SpecialUse.Junk),
        ("Sent", SpecialUse.Sent),
        ("Trash", SpecialUse.Trash),
    ];

    public static bool HasAccount(SqliteSession session, AccountId account) => session.Exists("SELECT 1 FROM accounts WHERE account = ?1", account.Value);

    /// <summary>The number of the account; null when there is none.</summary>
    public static long? FindAccount(SqliteSession session, AccountId account) => session.Number("SELECT id FROM accounts WHERE account = ?1", account.Value);

    /// <summary>The number of the account; made with its mailboxes when it is new.</summary>
    public static long EnsureAccount(SqliteSession session, AccountId account, TimeProvider time)
    {
        if (FindAccount(session, account) is { } known) return known;
        var key = session.Number("INSERT INTO accounts (account) VALUES (?1) RETURNING id", account.Value)!.Value;
        foreach (var (name, use) in Defaults)
        {
            Insert(session, key, MailboxName.Parse(name), use, time);
            session.Execute("INSERT INTO subscriptions (account, name) VALUES (?1, ?2)", key, name);
        }
        return key;
    }

    public static bool Exists(SqliteSession session, long accountKey, MailboxName name)
        => session.Exists("SELECT 1 FROM mailboxes WHERE account = ?1 AND name = ?2", accountKey, name.Value);

    public static bool HasSpecialUse(SqliteSession session, long accountKey, SpecialUse use)
        => session.Exists("SELECT 1 FROM mailboxes WHERE account = ?1 AND special_use = ?2", accountKey, (int)use);

    public static bool HasChildren(SqliteSession session, long accountKey, MailboxName name)
        => session.Exists("SELECT 1 FROM mailboxes WHERE account = ?1 AND name > ?2 AND name < ?3", accountKey, FirstBelow(name), FirstAfter(name));

    /// <summary>The names below, in order.</summary>
    public static List<MailboxName> Below(SqliteSession session, long accountKey, MailboxName name)
    {
        var names = new List<MailboxName>();
        using var rows = session.Query("SELECT name FROM mailboxes WHERE account = ?1 AND name > ?2 AND name < ?3 ORDER BY name", accountKey, FirstBelow(name), FirstAfter(name));
        while (rows.Next()) names.Add(MailboxName.Parse(rows.Text(0)));
        return names;
    }

    /// <summary>The names above that are not there, the highest first.</summary>
    public static List<MailboxName> MissingParents(SqliteSession session, long accountKey, MailboxName name)
    {
        var missing = new List<MailboxName>();
        for (var parent = name.Parent; parent is { } above && !Exists(session, accountKey, above); parent = above.Parent) missing.Insert(0, above);
        return missing;
    }

    public static bool HasRoom(SqliteSession session, long accountKey, int more)
        => session.Number("SELECT count(*) FROM mailboxes WHERE account = ?1", accountKey) + more <= Limit;

    public static void Insert(SqliteSession session, long accountKey, MailboxName name, SpecialUse use, TimeProvider time) => session.Execute(
        "INSERT INTO mailboxes (account, mailbox, name, special_use, uid_validity) VALUES (?1, ?2, ?3, ?4, ?5)",
        accountKey, MailboxId.New(time).Value, name.Value, (int)use, NextUidValidity(session, time));

    /// <summary>
    /// Never given before in this installation, so no name ever has one twice. Not below the clock either: a store brought back from an old backup goes on above what was given after it.
    /// </summary>
    private static long? NextUidValidity(SqliteSession session, TimeProvider time)
        => session.Number("UPDATE uid_validity SET last = max(last + 1, ?1) RETURNING last", time.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>By another server, to a mailbox that goes on here: new ones are above it.</summary>
    public static void UidValidityWasGiven(SqliteSession session, UidValidity uidValidity) => session.Execute("UPDATE uid_validity SET last = max(last, ?1)", uidValidity.Value);

    private static string FirstBelow(MailboxName name) => name.Value + MailboxName.Delimiter;

    // The character after the delimiter: no name below reaches it.
    private static string FirstAfter(MailboxName name) => name.Value + (char)(MailboxName.Delimiter + 1);
}
