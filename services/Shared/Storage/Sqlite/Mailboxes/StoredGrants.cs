using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>Who may use whose mailboxes (RFC 4314).</summary>
internal static class StoredGrants
{
    public static List<MailboxGrant> List(SqliteSession session, AccountId owner, MailboxId? mailbox)
    {
        var grants = new List<MailboxGrant>();
        using var rows = mailbox is { } one
            ? session.Query("SELECT g.mailbox, g.grantee, g.negative, g.rights FROM grants g JOIN accounts a ON a.id = g.account WHERE a.account = ?1 AND g.mailbox = ?2 ORDER BY g.grantee, g.negative", owner.Value, one.Value)
            : session.Query("SELECT g.mailbox, g.grantee, g.negative, g.rights FROM grants g JOIN accounts a ON a.id = g.account WHERE a.account = ?1 ORDER BY g.mailbox, g.grantee, g.negative", owner.Value);
        while (rows.Next())
        {
            if (Grantee.TryParse(rows.Text(1), out var grantee)) grants.Add(new MailboxGrant(new MailboxId(rows.Guid(0)), grantee, rows.Boolean(2), (MailboxRights)rows.Int32(3)));
        }
        return grants;
    }

    public static GrantOutcome Change(SqliteSession session, AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes)
    {
        if (MailboxRow.Find(session, owner, mailbox) is not { } row) return GrantOutcome.NoSuchMailbox;
        var before = List(session, owner, mailbox);
        var after = Grants.Apply(before, changes);
        var entries = after.Count(entry => entry.Value != MailboxRights.None);
        if (entries > before.Count && (entries > Grants.MaxPerMailbox || session.Number("SELECT count(*) FROM grants WHERE account = ?1", row.AccountKey) + entries - before.Count > Grants.MaxPerAccount))
            return GrantOutcome.TooMany;

        foreach (var ((grantee, negative), rights) in after)
        {
            if (rights == MailboxRights.None) session.Execute("DELETE FROM grants WHERE account = ?1 AND mailbox = ?2 AND grantee = ?3 AND negative = ?4", row.AccountKey, mailbox.Value, grantee.Key, negative);
            else session.Execute(
                "INSERT INTO grants (account, mailbox, grantee, negative, rights) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET rights = excluded.rights",
                row.AccountKey, mailbox.Value, grantee.Key, negative, (int)rights);
        }
        return GrantOutcome.Done;
    }

    public static List<AccountId> Sharers(SqliteSession session, IReadOnlyList<Grantee> grantees)
    {
        var sharers = new HashSet<AccountId>();
        foreach (var grantee in grantees)
        {
            using var rows = session.Query("SELECT DISTINCT a.account FROM grants g JOIN accounts a ON a.id = g.account WHERE g.grantee = ?1 LIMIT ?2", grantee.Key, Grants.MaxSharers);
            while (rows.Next() && sharers.Count < Grants.MaxSharers) sharers.Add(new AccountId(rows.Guid(0)));
        }
        return [.. sharers];
    }

    /// <summary>What an account was given by others goes with it.</summary>
    public static void Forget(SqliteSession session, AccountId account) => session.Execute("DELETE FROM grants WHERE grantee = ?1", Grantee.Of(account).Key);
}
