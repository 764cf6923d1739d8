using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>Which mailboxes a search is in: one of the filters of RFC 7377 §2.2 (RFC 5465 §6).</summary>
internal abstract record SearchSource
{
    private SearchSource() { }

    public sealed record Selected : SearchSource;

    public sealed record Inboxes : SearchSource;

    public sealed record Personal : SearchSource;

    public sealed record Subscribed : SearchSource;

    public sealed record Mailboxes(IReadOnlyList<MailboxArgument> Names) : SearchSource;

    /// <param name="OneLevel">subtree-one: the mailboxes and those right below them.</param>
    public sealed record Subtree(IReadOnlyList<MailboxArgument> Roots, bool OneLevel) : SearchSource;

    /// <summary>Mailboxes of others may be among them, besides the selected one.</summary>
    public bool ReachesOthers => this is Subscribed or Mailboxes or Subtree;

    public bool Includes(ReachedMailbox mailbox, MailboxId? selected) => this switch
    {
        Selected => mailbox.Id == selected,
        Inboxes => mailbox.Name.IsInbox,
        Personal => mailbox.IsOwn,
        Subscribed => mailbox.Info.Subscribed,
        Mailboxes mailboxes => mailboxes.Names.Any(name => name.Name == mailbox.Name),
        Subtree subtree => subtree.Roots.Any(root => root.Name is { } name && (name == mailbox.Name || (subtree.OneLevel ? mailbox.Name.Parent == name : mailbox.Name.IsBelow(name)))),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary><c>"(" filter *(SP filter) ")"</c>.</summary>
    public static IReadOnlyList<SearchSource> ParseList(ref CommandScanner scanner)
    {
        const int MaxFilters = 100;
        var sources = new List<SearchSource>();
        scanner.Expect((byte)'(');
        do sources.Add(Parse(ref scanner));
        while (sources.Count <= MaxFilters && scanner.TryTake((byte)' '));
        if (sources.Count > MaxFilters) scanner.Fail("Too many sources");
        scanner.Expect((byte)')');
        return sources;
    }

    private static SearchSource Parse(ref CommandScanner scanner)
    {
        switch (scanner.Keyword("a source"))
        {
            case "SELECTED": return new Selected();
            case "INBOXES": return new Inboxes();
            case "PERSONAL": return new Personal();
            case "SUBSCRIBED": return new Subscribed();
            case "MAILBOXES": return new Mailboxes(ParseNames(ref scanner));
            case "SUBTREE": return new Subtree(ParseNames(ref scanner), OneLevel: false);
            case "SUBTREE-ONE": return new Subtree(ParseNames(ref scanner), OneLevel: true);
            default:
                // selected-delayed among them: it has no sense in a search (RFC 7377 §2.2).
                scanner.Fail("Unknown source");
                return new Selected();
        }
    }

    /// <summary><c>mailbox / "(" mailbox *(SP mailbox) ")"</c>.</summary>
    private static List<MailboxArgument> ParseNames(ref CommandScanner scanner)
    {
        scanner.Space();
        var names = new List<MailboxArgument>();
        if (!scanner.TryTake((byte)'('))
        {
            names.Add(scanner.Mailbox());
            return names;
        }
        do names.Add(scanner.Mailbox());
        while (!scanner.Failed && scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        return names;
    }
}
