using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>
/// LIST (RFC 3501 §6.3.8), extended (RFC 5258, RFC 9051 §6.3.9), with special uses (RFC 6154), STATUS (RFC 5819), METADATA (RFC 9590) and MYRIGHTS (RFC 8440).
/// </summary>
/// <param name="Patterns">Reference and pattern put together, without those that nothing matches.</param>
/// <param name="IsExtended">The client wrote the extended syntax, so it knows \NonExistent.</param>
internal sealed record List(IReadOnlyList<ListPattern> Patterns, ListSelection Selection, ListReturn Return, bool IsExtended) : Command
{
    private const int MaxPatterns = 100;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var selection = ListSelection.None;
        var extended = scanner.NextIs((byte)'(');
        if (extended)
        {
            selection = ListOptions.ParseSelection(ref scanner);
            scanner.Space();
        }
        var reference = scanner.AString("a reference name");
        scanner.Space();
        var patterns = new List<ListPattern>();
        var isEmpty = false;
        if (scanner.TryTake((byte)'('))
        {
            extended = true;
            var count = 0;
            do
            {
                AddPattern(ref scanner, reference, patterns);
                if (++count > MaxPatterns) scanner.Fail("Too many patterns");
            }
            while (scanner.TryTake((byte)' '));
            scanner.Expect((byte)')');
        }
        else
        {
            isEmpty = AddPattern(ref scanner, reference, patterns);
        }
        var returns = ListReturn.Nothing;
        if (scanner.TryTake((byte)' '))
        {
            extended = true;
            if (!scanner.TryWord("RETURN"u8)) scanner.Fail("Expected RETURN");
            scanner.Space();
            returns = ListOptions.ParseReturn(ref scanner);
        }
        // RFC 5258 §3: SUBSCRIBED as a selection is one as a return, too.
        if (selection.HasFlag(ListSelection.Subscribed)) returns = returns with { Subscribed = true };
        return isEmpty && !extended ? new ListDelimiter() : new List(patterns, selection, returns, extended);
    }

    /// <summary>An empty pattern is passed over (RFC 5258 §3): the basic syntax alone gives it a meaning. True for one.</summary>
    private static bool AddPattern(ref CommandScanner scanner, ReadOnlySpan<byte> reference, List<ListPattern> patterns)
    {
        var pattern = ParsePattern(ref scanner, reference, out var isEmpty);
        if (pattern is not null && !isEmpty) patterns.Add(pattern);
        return isEmpty;
    }

    /// <summary>list-mailbox: an atom in which wildcards may stand, or a string. Null for one that nothing matches.</summary>
    public static ListPattern? ParsePattern(ref CommandScanner scanner, ReadOnlySpan<byte> reference, out bool isEmpty)
    {
        var pattern = scanner.NextIs((byte)'"') || scanner.NextIs((byte)'{') ? scanner.String("a pattern") : scanner.Take(Syntax.ListChars, "a pattern");
        isEmpty = pattern.Length == 0;
        return ListPattern.TryCreate([.. reference, .. pattern], scanner.Utf8);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Return.Status is not null) Status.Enable(session, Return.Status);
        if (Patterns.Count == 0) return Completion.Ok;
        var withForeign = Patterns.Any(pattern => pattern.MayMatchWithin(ForeignName.OtherUsers) || pattern.MayMatchWithin(ForeignName.Shared));
        var mailboxes = await session.ListAsync(withForeign, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MailboxName> subscriptions = Return.Subscribed ? await session.Mailboxes.ListSubscriptionsAsync(session.Account.Id, cancellationToken).ConfigureAwait(false) : [];
        var annotations = Return.Metadata is null ? null : await AnnotationsAsync(session, mailboxes, cancellationToken).ConfigureAwait(false);
        var names = MailboxTree.Names(mailboxes, subscriptions);
        var (selectedBelow, hiddenBelow) = Selection.HasFlag(ListSelection.RecursiveMatch) ? FindSelectedBelow(names) : ([], []);
        foreach (var listed in names)
        {
            if (!Matches(listed.Name, out var withLevels)) continue;
            var shows = Selection == ListSelection.None
                ? listed.Mailbox is not null || withLevels && listed.HasChildren
                : IsSelected(listed) || hiddenBelow.Contains(listed.Name);
            if (!shows) continue;
            Write(session.Output, listed, selectedBelow.Contains(listed.Name));
            if (Return.MyRights && listed.Mailbox is not null) MyRights.Write(session.Output, listed.Mailbox);
            if (Return.Status is not null && listed.Mailbox?.May(MailboxRights.Read) == true) await Status.WriteAsync(session, listed.Mailbox, Return.Status, cancellationToken).ConfigureAwait(false);
            if (annotations is not null && listed.Mailbox?.ShowsAnnotations == true) WriteMetadata(session.Output, listed.Mailbox, annotations);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }

    /// <summary>Those asked for, of all mailboxes: one question to the store, and one for each who shares some. Private ones of others are theirs.</summary>
    private async ValueTask<Dictionary<(MailboxId Mailbox, string Entry), ReadOnlyMemory<byte>>> AnnotationsAsync(ImapSession session, IReadOnlyList<ReachedMailbox> mailboxes, CancellationToken cancellationToken)
    {
        var wanted = Return.Metadata!.Select(EntryNames.Fold).ToHashSet(StringComparer.Ordinal);
        var annotations = new Dictionary<(MailboxId Mailbox, string Entry), ReadOnlyMemory<byte>>();
        foreach (var owner in mailboxes.Select(mailbox => mailbox.Owner).Distinct())
        {
            await foreach (var annotation in session.Mailboxes.AnnotationsAsync(owner, mailbox: null, cancellationToken).ConfigureAwait(false))
            {
                if (wanted.Contains(annotation.Entry) && (owner == session.Account.Id || EntryNames.IsShared(annotation.Entry))) annotations[(annotation.Mailbox, annotation.Entry)] = annotation.Value;
            }
        }
        return annotations;
    }

    private void WriteMetadata(ResponseWriter output, ReachedMailbox mailbox, Dictionary<(MailboxId Mailbox, string Entry), ReadOnlyMemory<byte>> annotations)
        => GetMetadata.Write(output, mailbox.Name, Return.Metadata!.Select(entry => (entry, annotations.TryGetValue((mailbox.Id, EntryNames.Fold(entry)), out var value) ? value : (ReadOnlyMemory<byte>?)null)));

    /// <param name="withLevels">Matched by a pattern that ends in '%': then levels of hierarchy that are no mailboxes show, too (RFC 3501 §6.3.8).</param>
    private bool Matches(MailboxName name, out bool withLevels)
    {
        var matches = withLevels = false;
        foreach (var pattern in Patterns)
        {
            if (withLevels || matches && !pattern.EndsInPercent || !pattern.Matches(name)) continue;
            matches = true;
            withLevels = pattern.EndsInPercent;
        }
        return matches;
    }

    private bool IsSelected(ListedName listed)
        => (!Selection.HasFlag(ListSelection.SpecialUse) || listed.Mailbox is { Info.SpecialUse: not SpecialUse.None })
        && (!Selection.HasFlag(ListSelection.Subscribed) || listed.Subscribed);

    /// <summary>
    /// Names with a selected one below; and those of which such a one does not match the patterns: what is not selected itself
    /// shows only for what would be seen nowhere else (RFC 9051 §6.3.9.3).
    /// </summary>
    private (HashSet<MailboxName> Selected, HashSet<MailboxName> Hidden) FindSelectedBelow(IReadOnlyList<ListedName> names)
    {
        HashSet<MailboxName> selected = [], hidden = [];
        foreach (var listed in names)
        {
            if (!IsSelected(listed)) continue;
            MailboxTree.AddAncestors(listed.Name, selected);
            if (!Matches(listed.Name, out _)) MailboxTree.AddAncestors(listed.Name, hidden);
        }
        return (selected, hidden);
    }

    private void Write(ResponseWriter output, ListedName listed, bool selectedBelow)
    {
        output.Raw("* LIST ("u8);
        // \NonExistent says \Noselect as well (RFC 5258 §3), to a client that knows it.
        if (listed.Mailbox is null) output.Raw(IsExtended ? "\\NonExistent "u8 : "\\Noselect "u8);
        output.Raw(listed.HasChildren ? "\\HasChildren"u8 : "\\HasNoChildren"u8);
        if (Return.Subscribed && listed.Subscribed) output.Raw(" \\Subscribed"u8);
        if (listed.Mailbox is not null && SpecialUses.Attribute(listed.Mailbox.Info.SpecialUse) is { } use) output.Raw(" "u8).Ascii(use);
        output.Raw(") \"/\" "u8).Mailbox(listed.Name);
        if (selectedBelow) WriteChildInfo(output);
        output.Line();
    }

    /// <summary>CHILDINFO (RFC 9051 §6.3.9.6): which selection something below meets.</summary>
    private void WriteChildInfo(ResponseWriter output)
    {
        output.Raw(" (\"CHILDINFO\" ("u8);
        if (Selection.HasFlag(ListSelection.Subscribed)) output.Raw("\"SUBSCRIBED\""u8);
        if (Selection.HasFlag(ListSelection.Subscribed | ListSelection.SpecialUse)) output.Raw(" "u8);
        if (Selection.HasFlag(ListSelection.SpecialUse)) output.Raw("\"SPECIAL-USE\""u8);
        output.Raw("))"u8);
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
