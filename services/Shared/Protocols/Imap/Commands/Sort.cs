using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SORT and UID SORT (RFC 5256 §3), with RETURN (RFC 5267 §3 ESORT) and the display names of RFC 5957.</summary>
/// <param name="Return">Null without RETURN: the answer is a SORT response.</param>
internal sealed record Sort(bool ByUid, ResultOptions? Return, IReadOnlyList<SortKey> Keys, SearchProgram Program) : Command
{
    private const int MaxKeys = 32;

    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Sort Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var returns = Search.ParseReturn(ref scanner, contexts: false);
        var keys = new List<SortKey>();
        scanner.Expect((byte)'(');
        do keys.Add(ParseKey(ref scanner));
        while (keys.Count <= MaxKeys && scanner.TryTake((byte)' '));
        if (keys.Count > MaxKeys) scanner.Fail("Too many sort keys");
        scanner.Expect((byte)')');
        scanner.Space();
        return new Sort(byUid, returns, keys, SearchProgram.ParseWithCharset(ref scanner));
    }

    private static SortKey ParseKey(ref CommandScanner scanner)
    {
        var reverse = scanner.TryWord("REVERSE"u8);
        if (reverse) scanner.Space();
        switch (scanner.Keyword("a sort key"))
        {
            case "ARRIVAL": return new SortKey(SortField.Arrival, reverse);
            case "CC": return new SortKey(SortField.Cc, reverse);
            case "DATE": return new SortKey(SortField.Date, reverse);
            case "DISPLAYFROM": return new SortKey(SortField.DisplayFrom, reverse);
            case "DISPLAYTO": return new SortKey(SortField.DisplayTo, reverse);
            case "FROM": return new SortKey(SortField.From, reverse);
            case "SIZE": return new SortKey(SortField.Size, reverse);
            case "SUBJECT": return new SortKey(SortField.Subject, reverse);
            case "TO": return new SortKey(SortField.To, reverse);
            default:
                scanner.Fail("Unknown sort key");
                return default;
        }
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (Program.Has(SearchTraits.ModSeq)) session.Enable(Extensions.CondStore);
        var criteria = Program.Key?.Invoke(new SearchScope(mailbox.View, session.Engine.Time.GetUtcNow()));
        if (Return is { Save: true }) mailbox.View.Saved = UidSet.Empty;
        if (criteria is null || Program.RefusalFor(session) is not null) return Program.RefusalFor(session)!.Value;
        var found = await session.WithProgressAsync(session.Mailboxes.SortAsync(mailbox.Account, mailbox.Id, Keys, criteria, cancellationToken)).ConfigureAwait(false);
        var results = SearchResults.Known(found, mailbox.View, ByUid);
        if (Return is { Save: true }) mailbox.View.Saved = UidSet.Of(Return.Saved(results.Uids));
        var modSeq = Program.Has(SearchTraits.ModSeq) ? await results.HighestModSeqAsync(session, mailbox.Account, mailbox.Id, Return, cancellationToken).ConfigureAwait(false) : null;
        if (Return is null) await results.WriteAsync(session.Output, "SORT", modSeq).ConfigureAwait(false);
        else if (Return.Answers) results.WriteExtended(session.Output, session.Tag, Return, modSeq);
        return Completion.Ok;
    }
}
