using System.Diagnostics;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Answers SEARCH (RFC 3501 §6.4.4) from the cheapest source that can: UIDs, flags and MODSEQs; what never changes of a message, in columns; the text index;
/// and a message itself only if all of them leave it open.
/// </summary>
public sealed partial class MailboxSearch(IMailboxStore store, IContentStore contents, ISearchIndex index, ColumnCache cache, SearchMetrics metrics, ILogger<MailboxSearch> logger)
{
    private const int MaxRanges = 200;

    /// <summary>So few messages are read sooner than the columns of a mailbox that was not searched before.</summary>
    private const int FewMessages = 100;

    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var startedAt = Stopwatch.GetTimestamp();
        using var activity = DeliveryTelemetry.Source.StartActivity("search");
        var terms = SearchPlan.Terms(criteria);
        var cost = SearchPlan.CostOf(criteria);
        var within = terms.OfType<SearchCriteria.Uids>().Select(term => term.Set).Aggregate(UidSet.All, (one, other) => one.Intersect(other));
        if (within.IsEmpty) return [];

        var read = 0;
        IReadOnlyList<Uid> found;
        if (cost == SearchCost.State) found = await ByStateAsync(account, mailbox, within, terms, cancellationToken);
        else if (within.Members <= FewMessages) (found, read) = await ReadAsync(account, mailbox, within, terms, (_, _) => null, cancellationToken);
        else (found, read) = await ByColumnsAsync(account, mailbox, terms, cancellationToken);
        activity?.SetTag("merpati.search.found", found.Count).SetTag("merpati.search.read", read);
        metrics.Searched(Stopwatch.GetElapsedTime(startedAt), cost, read);
        return found;
    }

    private async ValueTask<IReadOnlyList<Uid>> ByStateAsync(AccountId account, MailboxId mailbox, UidSet within, IReadOnlyList<SearchCriteria> terms, CancellationToken cancellationToken)
    {
        var matching = new List<Uid>();
        await foreach (var state in store.StatesAsync(account, mailbox, within, cancellationToken))
        {
            if (terms.All(term => SearchPlan.Matches(term, state))) matching.Add(state.Uid);
        }
        return matching;
    }

    private async ValueTask<(IReadOnlyList<Uid> Found, int Read)> ByColumnsAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SearchCriteria> terms, CancellationToken cancellationToken)
    {
        if (await StartAsync(account, mailbox, terms, cancellationToken) is not var (uids, evaluation)) return ([], 0);
        var answers = await evaluation.DecideAsync([.. terms.OrderBy(SearchPlan.RankOf)], cancellationToken);
        var found = answers.Yes().Select(place => uids.Span[place]).ToList();
        var open = answers.Open().Select(place => uids.Span[place]).ToHashSet();
        if (open.Count == 0) return (found, 0);

        var narrowed = Narrow([.. open.Order()]);
        var (more, read) = await ReadAsync(account, mailbox, narrowed, terms, Recall, cancellationToken, open);
        found.AddRange(more);
        found.Sort();
        return (found, read);

        bool? Recall(Uid uid, SearchCriteria criteria) => uids.Span.BinarySearch(uid) is >= 0 and var place ? evaluation.Recall(criteria, place) : null;
    }

    /// <summary>Which messages there are to decide about. Null when there is no such mailbox.</summary>
    private async ValueTask<(ReadOnlyMemory<Uid> Uids, SearchEvaluation Evaluation)?> StartAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SearchCriteria> terms, CancellationToken cancellationToken)
    {
        if (terms.Any(SearchPlan.AsksColumns))
            return await cache.GetAsync(account, mailbox, cancellationToken) is { } columns ? (columns.Uids, Over(columns.Uids, columns)) : null;

        // Where a text must be there, the index names all messages that matter.
        foreach (var term in terms)
        {
            if (SearchPlan.QueryOf(term) is not { } query) continue;
            var answers = await index.FindAsync(account, mailbox, UidSet.All, query, cancellationToken);
            ReadOnlyMemory<Uid> named = answers.Open.Count == 0 ? answers.Matching.ToArray() : answers.Matching.Concat(answers.Open).Order().ToArray();
            var evaluation = Over(named, null);
            evaluation.Know(term, answers);
            return (named, evaluation);
        }
        return await store.SnapshotAsync(account, mailbox, cancellationToken) is var (_, uids) ? ((ReadOnlyMemory<Uid>)uids, Over(uids, null)) : null;

        SearchEvaluation Over(ReadOnlyMemory<Uid> all, MailboxColumns.View? columns) => new(store, index, account, mailbox, all, columns);
    }

    /// <summary>Decides about each message by itself.</summary>
    private async ValueTask<(IReadOnlyList<Uid> Found, int Read)> ReadAsync(
        AccountId account, MailboxId mailbox, UidSet within, IReadOnlyList<SearchCriteria> terms, Func<Uid, SearchCriteria, bool?> recall, CancellationToken cancellationToken, HashSet<Uid>? only = null)
    {
        var found = new List<Uid>();
        var read = 0;
        await foreach (var message in store.MessagesAsync(account, mailbox, within, cancellationToken))
        {
            if (only?.Contains(message.Uid) is false) continue;
            read++;
            try
            {
                if (await new SearchCandidate(message, contents, criteria => recall(message.Uid, criteria)).MatchesAllAsync(terms, cancellationToken)) found.Add(message.Uid);
            }
            catch (ContentDamagedException damage)
            {
                logger.SearchSkippedDamage(message.Uid, mailbox, damage);
            }
        }
        return (found, read);
    }

    /// <summary>Many gaps cost the store more than the messages in them; each message is looked at again anyway.</summary>
    internal static UidSet Narrow(IReadOnlyList<Uid> matching)
    {
        var set = UidSet.Of(matching);
        return set.Count <= MaxRanges ? set : UidSet.Of([new UidRange(set[0].First, set[^1].Last)]);
    }
}
