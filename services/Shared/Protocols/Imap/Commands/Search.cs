using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SEARCH and UID SEARCH (RFC 3501 §6.4.4), with RETURN (RFC 4731, RFC 5182, RFC 5267, RFC 9394).</summary>
/// <param name="Return">Null without RETURN: the answer is a SEARCH response, and after ENABLE IMAP4rev2 an ESEARCH response with ALL (RFC 9051 §6.4.4).</param>
internal sealed record Search(bool ByUid, ResultOptions? Return, SearchProgram Program) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Search Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var returns = ParseReturn(ref scanner, contexts: true);
        return new Search(byUid, returns, SearchProgram.Parse(ref scanner));
    }

    /// <summary><c>["RETURN" SP options SP]</c>.</summary>
    internal static ResultOptions? ParseReturn(ref CommandScanner scanner, bool contexts)
    {
        if (!scanner.TryWord("RETURN"u8)) return null;
        scanner.Space();
        var options = ResultOptions.Parse(ref scanner, contexts);
        scanner.Space();
        return options;
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (Program.Has(SearchTraits.ModSeq)) session.Enable(Extensions.CondStore);
        var scope = new SearchScope(mailbox.View, session.Engine.Time.GetUtcNow());
        // '$' may be among the keys; whatever comes of the search, it stands for that from here on (RFC 5182 §2.1).
        var criteria = Program.Key?.Invoke(scope);
        if (Return is { Save: true }) mailbox.View.Saved = UidSet.Empty;
        if (criteria is null || Program.RefusalFor(session) is not null) return Program.RefusalFor(session)!.Value;
        if (Return is { Update: true } && mailbox.Contexts.Has(session.Tag)) return Completion.Bad("The tag is that of a search that is kept up to date");
        var modSeqBefore = mailbox.View.ModSeq;
        var found = await session.WithProgressAsync(session.Mailboxes.SearchAsync(mailbox.Account, mailbox.Id, criteria, cancellationToken)).ConfigureAwait(false);
        var results = SearchResults.Known(found, mailbox.View, ByUid);
        if (Return is { Save: true }) mailbox.View.Saved = UidSet.Of(Return.Saved(results.Uids));
        var modSeq = Program.Has(SearchTraits.ModSeq) ? await results.HighestModSeqAsync(session, mailbox.Account, mailbox.Id, Return, cancellationToken).ConfigureAwait(false) : null;
        var options = Return ?? (session.Rev2 ? ResultOptions.Default : null);
        if (options is null) await results.WriteAsync(session.Output, "SEARCH", modSeq).ConfigureAwait(false);
        else if (options.Answers) results.WriteExtended(session.Output, session.Tag, options, modSeq);
        if (Return is { Update: true }) KeepUpdated(session, mailbox, new SearchContext(session.Tag, ByUid, criteria, Program.Keys, results.Uids, modSeqBefore));
        return Completion.Ok;
    }

    /// <summary>RFC 5267 §4.3.1: a result that cannot be kept up to date is answered all the same, and the client is told.</summary>
    private void KeepUpdated(ImapSession session, SelectedMailbox mailbox, SearchContext context)
    {
        if (!mailbox.Contexts.HasRoomFor(context)) session.Output.Untagged("NO", $"NOUPDATE \"{session.Tag}\"", "Too many searches are kept up to date");
        else if (Program.Has(SearchTraits.Clock | SearchTraits.Recent)) session.Output.Untagged("NO", $"NOUPDATE \"{session.Tag}\"", "Such a search is not kept up to date");
        else mailbox.Contexts.Add(context);
    }
}
