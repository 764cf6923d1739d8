using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>One name that LIST or LSUB may show.</summary>
/// <param name="Mailbox">Null where there is none of that name.</param>
/// <param name="SubscribedBelow">A name below it is subscribed (RFC 5258 §4 CHILDINFO).</param>
internal sealed record ListedName(MailboxName Name, ReachedMailbox? Mailbox, bool Subscribed, bool HasChildren, bool SubscribedBelow);

/// <summary>Mailboxes, subscribed names and the names above them as one tree, in order of name.</summary>
internal static class MailboxTree
{
    public static IReadOnlyList<ListedName> Names(IReadOnlyList<ReachedMailbox> mailboxes, IReadOnlyList<MailboxName> subscriptions)
    {
        var existing = new Dictionary<MailboxName, ReachedMailbox>(mailboxes.Count);
        var names = new SortedSet<MailboxName>(Comparer<MailboxName>.Create(static (a, b) => string.CompareOrdinal(a.Value, b.Value)));
        var parents = new HashSet<MailboxName>();
        foreach (var mailbox in mailboxes)
        {
            existing[mailbox.Name] = mailbox;
            names.Add(mailbox.Name);
            AddAncestors(mailbox.Name, parents);
        }
        var subscribed = new HashSet<MailboxName>(subscriptions);
        var subscribedBelow = new HashSet<MailboxName>();
        names.UnionWith(subscriptions);
        foreach (var name in subscriptions) AddAncestors(name, subscribedBelow);
        names.UnionWith(parents);
        names.UnionWith(subscribedBelow);
        return [.. names.Select(name => new ListedName(
            name, existing.GetValueOrDefault(name), subscribed.Contains(name), parents.Contains(name), subscribedBelow.Contains(name)))];
    }

    public static void AddAncestors(MailboxName name, HashSet<MailboxName> ancestors)
    {
        // When one is there already, so are those above it.
        for (var parent = name.Parent; parent is { } ancestor && ancestors.Add(ancestor); parent = ancestor.Parent) { }
    }
}
