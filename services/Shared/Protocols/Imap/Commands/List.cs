using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// LIST (RFC 3501 §6.3.8), extended (RFC 5258), with special uses (RFC 6154) and STATUS (RFC 5819).
/// </summary>
/// <param name="Patterns">Reference and pattern put together; null for one that nothing matches.</param>
/// <param name="Status">Items of RETURN (STATUS …), or null.</param>
internal sealed record List(IReadOnlyList<ListPattern?> Patterns, ListSelection Selection, bool ReturnsSubscribed, IReadOnlyList<StatusItem>? Status) : Command
{
    private const int MaxPatterns = 100;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var selection = ListSelection.None;
        var extended = scanner.NextIs((byte)'(');
        if (extended)
        {
            selection = ParseSelection(ref scanner);
            scanner.Space();
        }
        var reference = scanner.AString("a reference name");
        scanner.Space();
        var patterns = new List<ListPattern?>();
        var asksForDelimiter = false;
        if (scanner.TryTake((byte)'('))
        {
            extended = true;
            do patterns.Add(ParsePattern(ref scanner, reference, out _));
            while (scanner.TryTake((byte)' '));
            scanner.Expect((byte)')');
            if (patterns.Count > MaxPatterns) scanner.Fail("Too many patterns");
        }
        else
        {
            patterns.Add(ParsePattern(ref scanner, reference, out asksForDelimiter));
        }
        var returnsSubscribed = selection.HasFlag(ListSelection.Subscribed);
        IReadOnlyList<StatusItem>? status = null;
        if (scanner.TryTake((byte)' '))
        {
            extended = true;
            if (!scanner.TryWord("RETURN"u8)) scanner.Fail("Expected RETURN");
            scanner.Space();
            ParseReturns(ref scanner, ref returnsSubscribed, ref status);
        }
        return asksForDelimiter && !extended ? new ListDelimiter() : new List(patterns, selection, returnsSubscribed, status);
    }

    /// <summary>list-mailbox: an atom in which wildcards may stand, or a string.</summary>
    public static ListPattern? ParsePattern(ref CommandScanner scanner, ReadOnlySpan<byte> reference, out bool isEmpty)
    {
        var pattern = scanner.NextIs((byte)'"') || scanner.NextIs((byte)'{') ? scanner.String("a pattern") : scanner.Take(Syntax.ListChars, "a pattern");
        isEmpty = pattern.Length == 0;
        return ListPattern.TryCreate([.. reference, .. pattern]);
    }

    private static ListSelection ParseSelection(ref CommandScanner scanner)
    {
        var selection = ListSelection.None;
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)')'))
        {
            do
            {
                switch (scanner.Keyword("a selection option"))
                {
                    case "SUBSCRIBED": selection |= ListSelection.Subscribed; break;
                    case "SPECIAL-USE": selection |= ListSelection.SpecialUse; break;
                    case "RECURSIVEMATCH": selection |= ListSelection.RecursiveMatch; break;
                    case "REMOTE": break; // there are no remote mailboxes to add
                    default: scanner.Fail("Unknown selection option"); break;
                }
            }
            while (scanner.TryTake((byte)' '));
        }
        scanner.Expect((byte)')');
        // RFC 5258 §3: RECURSIVEMATCH goes with an option that can match below.
        if (selection.HasFlag(ListSelection.RecursiveMatch) && !selection.HasFlag(ListSelection.Subscribed)) scanner.Fail("RECURSIVEMATCH needs SUBSCRIBED");
        return selection;
    }

    private static void ParseReturns(ref CommandScanner scanner, ref bool subscribed, ref IReadOnlyList<StatusItem>? status)
    {
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)')'))
        {
            do
            {
                switch (scanner.Keyword("a RETURN option"))
                {
                    case "SUBSCRIBED": subscribed = true; break;
                    case "CHILDREN" or "SPECIAL-USE": break; // always shown
                    case "STATUS":
                        scanner.Space();
                        status = Commands.Status.ParseItems(ref scanner);
                        break;
                    default: scanner.Fail("Unknown RETURN option"); break;
                }
            }
            while (scanner.TryTake((byte)' '));
        }
        scanner.Expect((byte)')');
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Status is not null) Commands.Status.Enable(session, Status);
        var mailboxes = await session.Mailboxes.ListAsync(session.Account.Id, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MailboxName> subscriptions = ReturnsSubscribed ? await session.Mailboxes.ListSubscriptionsAsync(session.Account.Id, cancellationToken).ConfigureAwait(false) : [];
        foreach (var listed in MailboxTree.Names(mailboxes, subscriptions))
        {
            var matching = Patterns.Where(pattern => pattern is not null && pattern.Matches(listed.Name)).ToArray();
            if (matching.Length == 0 || !IsSelected(listed, matching)) continue;
            Write(session.Output, listed);
            if (Status is not null && listed.Mailbox is not null) Commands.Status.Write(session, listed.Mailbox, Status);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }

    private bool IsSelected(ListedName listed, ListPattern?[] matching)
    {
        if (Selection.HasFlag(ListSelection.SpecialUse) && listed.Mailbox is not { SpecialUse: not SpecialUse.None }) return false;
        if (Selection.HasFlag(ListSelection.Subscribed)) return listed.Subscribed || Selection.HasFlag(ListSelection.RecursiveMatch) && listed.SubscribedBelow;
        return listed.Mailbox is not null || listed.HasChildren && matching.Any(pattern => pattern!.EndsInPercent);
    }

    private void Write(ResponseWriter output, ListedName listed)
    {
        output.Raw("* LIST ("u8);
        // \NonExistent says \Noselect as well (RFC 5258 §3), to a client that knows it.
        if (listed.Mailbox is null) output.Raw(ReturnsSubscribed ? "\\NonExistent "u8 : "\\Noselect "u8);
        output.Raw(listed.HasChildren ? "\\HasChildren"u8 : "\\HasNoChildren"u8);
        if (ReturnsSubscribed && listed.Subscribed) output.Raw(" \\Subscribed"u8);
        if (listed.Mailbox is not null && SpecialUses.Attribute(listed.Mailbox.SpecialUse) is { } use) output.Raw(" "u8).Ascii(use);
        output.Raw(") \"/\" "u8).Mailbox(listed.Name);
        if (Selection.HasFlag(ListSelection.RecursiveMatch) && listed.SubscribedBelow) output.Raw(" (\"CHILDINFO\" (\"SUBSCRIBED\"))"u8);
        output.Line();
    }
}

/// <summary>LIST with an empty name asks for the delimiter and the root of the reference (RFC 3501 §6.3.8).</summary>
internal sealed record ListDelimiter : Command
{
    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* LIST (\\Noselect) \"/\" \"\"\r\n"u8);
        return new(Completion.Ok);
    }
}

/// <summary>Selection options (RFC 5258 §3.1, RFC 6154 §5.2).</summary>
[Flags]
internal enum ListSelection
{
    None = 0,
    Subscribed = 1,
    RecursiveMatch = 2,
    SpecialUse = 4,
}
