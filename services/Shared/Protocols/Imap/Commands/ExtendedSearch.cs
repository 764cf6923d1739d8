using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>ESEARCH (RFC 7377 MULTISEARCH): a search in several mailboxes. Answers are in UIDs; a mailbox where nothing is found has none.</summary>
/// <param name="Sources">Null without IN: the selected mailbox.</param>
internal sealed record ExtendedSearch(IReadOnlyList<SearchSource>? Sources, ResultOptions Return, SearchProgram Program) : Command
{
    private static readonly MailboxView NoView = new([], default);

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        IReadOnlyList<SearchSource>? sources = null;
        if (scanner.TryWord("IN"u8))
        {
            scanner.Space();
            sources = SearchSource.ParseList(ref scanner);
            scanner.Space();
        }
        var returns = Search.ParseReturn(ref scanner, contexts: false) ?? ResultOptions.Default;
        return new ExtendedSearch(sources, returns, SearchProgram.Parse(ref scanner));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var selected = session.TrySelected;
        var onlySelected = Sources is null || Sources.All(source => source is SearchSource.Selected);
        if (onlySelected && selected is null) return Completion.Bad("No mailbox is selected");
        if (Return.Save && !onlySelected) return Completion.Bad("SAVE is for the selected mailbox alone");
        if (Program.Has(SearchTraits.Numbers)) return Completion.Bad("Message numbers mean nothing in several mailboxes");
        if (Return.Save) selected!.View.Saved = UidSet.Empty;
        if (Program.RefusalFor(session) is { } refusal) return refusal;

        if (Program.Has(SearchTraits.ModSeq)) session.Enable(Extensions.CondStore);
        var now = session.Engine.Time.GetUtcNow();
        var withForeign = selected is { IsOwn: false } || Sources?.Any(source => source.ReachesOthers) == true;
        foreach (var reached in await session.ListAsync(withForeign, cancellationToken).ConfigureAwait(false))
        {
            var (owner, mailbox) = (reached.Owner, reached.Info);
            var isSelected = mailbox.Id == selected?.Id;
            if (!reached.May(MailboxRights.Read) || !(Sources is null ? isSelected : Sources.Any(source => source.Includes(reached, selected?.Id)))) continue;
            var view = isSelected ? selected!.View : await ViewAsync(session, reached, cancellationToken).ConfigureAwait(false);
            var found = await session.WithProgressAsync(session.Mailboxes.SearchAsync(owner, mailbox.Id, Program.Key!(new SearchScope(view, now)), cancellationToken)).ConfigureAwait(false);
            var results = isSelected ? SearchResults.Known(found, view, byUid: true) : new SearchResults(found, view, ByUid: true);
            if (Return.Save) view.Saved = UidSet.Of(Return.Saved(results.Uids));
            if (results.Uids.Count == 0 || !Return.Answers) continue;
            var modSeq = Program.Has(SearchTraits.ModSeq) ? await results.HighestModSeqAsync(session, owner, mailbox.Id, Return, cancellationToken).ConfigureAwait(false) : null;
            results.WriteExtended(session.Output, session.Tag, Return, modSeq, mailbox);
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }

    /// <summary>For '*' among UIDs; most programs need none.</summary>
    private async ValueTask<MailboxView> ViewAsync(ImapSession session, ReachedMailbox mailbox, CancellationToken cancellationToken)
    {
        if (!Program.Has(SearchTraits.View)) return NoView;
        var snapshot = await session.Mailboxes.SnapshotAsync(mailbox.Owner, mailbox.Id, cancellationToken).ConfigureAwait(false);
        return snapshot is var (info, uids) ? new MailboxView(uids, info.HighestModSeq) : NoView;
    }
}
