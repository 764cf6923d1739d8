using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>CREATE (RFC 3501 §6.3.3) with USE (RFC 6154 §3): a special use is given once in an account.</summary>
internal static class CreateMailbox
{
    public static MailboxOutcome Run(SqliteSession session, AccountId account, MailboxName name, SpecialUse use, TimeProvider time)
    {
        var key = MailboxTree.EnsureAccount(session, account, time);
        if (MailboxTree.Exists(session, key, name)) return MailboxOutcome.AlreadyExists;
        if (use != SpecialUse.None && MailboxTree.HasSpecialUse(session, key, use)) return MailboxOutcome.Cannot;
        var parents = MailboxTree.MissingParents(session, key, name);
        if (!MailboxTree.HasRoom(session, key, parents.Count + 1)) return MailboxOutcome.Limit;

        foreach (var parent in parents) MailboxTree.Insert(session, key, parent, SpecialUse.None, time);
        MailboxTree.Insert(session, key, name, use, time);
        return MailboxOutcome.Done;
    }
}
