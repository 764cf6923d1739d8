using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A new mailbox has the access control list of the one above it (RFC 4314 §4 CREATE).</summary>
internal static class Inheritance
{
    /// <summary>The nearest mailbox above a name; null at the top.</summary>
    public static async ValueTask<MailboxInfo?> FindParentAsync(ImapSession session, AccountId owner, MailboxName name, CancellationToken cancellationToken)
    {
        for (var level = name.Parent; level is { } above; level = above.Parent)
        {
            if (await session.Mailboxes.FindAsync(owner, above, cancellationToken).ConfigureAwait(false) is { } parent) return parent;
        }
        return null;
    }

    /// <summary>Gives the new mailbox, and those that came into being above it, what <paramref name="parent"/> has.</summary>
    public static async ValueTask PassOnAsync(ImapSession session, AccountId owner, MailboxId parent, MailboxName? parentName, MailboxName created, CancellationToken cancellationToken)
    {
        var grants = await session.Mailboxes.GrantsAsync(owner, parent, cancellationToken).ConfigureAwait(false);
        if (grants.Count == 0) return;
        GrantChange[] changes = [.. grants.Select(grant => new GrantChange(grant.Grantee, grant.Negative, FlagOperation.Replace, grant.Rights))];
        for (MailboxName? level = created; level is { } name && name != parentName; level = name.Parent)
        {
            if (await session.Mailboxes.FindAsync(owner, name, cancellationToken).ConfigureAwait(false) is { } mailbox)
                await session.Mailboxes.GrantAsync(owner, mailbox.Id, changes, cancellationToken).ConfigureAwait(false);
        }
    }
}
