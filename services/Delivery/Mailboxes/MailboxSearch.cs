using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Answers SEARCH (RFC 3501 §6.4.4) from the cheapest source that can: UIDs, flags and MODSEQs first, then what was computed at arrival,
/// and the octets of a message only if both leave it open.
/// </summary>
public sealed class MailboxSearch(IMailboxStore store, IContentStore contents, ILogger<MailboxSearch> logger)
{
    private const int MaxRanges = 200;

    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var terms = SearchPlan.Terms(criteria);
        var uids = terms.OfType<SearchCriteria.Uids>().Select(term => term.Set).FirstOrDefault() ?? UidSet.All;
        var byState = terms.TakeWhile(term => SearchPlan.CostOf(term) == SearchCost.State).ToList();
        var byMessage = terms.Skip(byState.Count).ToList();

        if (byMessage.Count == 0) return await StatesAsync();
        // States are read only if they can spare messages.
        if (byState.Exists(term => term is not (SearchCriteria.Uids or SearchCriteria.All))) uids = Narrow(await StatesAsync());
        if (uids.IsEmpty) return [];

        var found = new List<Uid>();
        await foreach (var message in store.MessagesAsync(account, mailbox, uids, cancellationToken))
        {
            try
            {
                var candidate = new SearchCandidate(message, contents);
                var state = new MessageState(message.Uid, message.ModSeq, message.Flags);
                if (byState.TrueForAll(term => SearchPlan.Matches(term, state)) && await candidate.MatchesAllAsync(byMessage, cancellationToken)) found.Add(message.Uid);
            }
            catch (ContentDamagedException damage)
            {
                logger.SearchSkippedDamage(message.Uid, mailbox, damage);
            }
        }
        return found;

        // Many gaps cost the store more than the messages in them; each message is asked for its state again anyway.
        static UidSet Narrow(IReadOnlyList<Uid> matching)
        {
            var set = UidSet.Of(matching);
            return set.Count <= MaxRanges ? set : UidSet.Of([new UidRange(set[0].First, set[^1].Last)]);
        }

        async ValueTask<IReadOnlyList<Uid>> StatesAsync()
        {
            var matching = new List<Uid>();
            await foreach (var state in store.StatesAsync(account, mailbox, uids, cancellationToken))
            {
                if (byState.TrueForAll(term => SearchPlan.Matches(term, state))) matching.Add(state.Uid);
            }
            return matching;
        }
    }
}

/// <summary>What has to be read to decide a criterion.</summary>
internal enum SearchCost
{
    /// <summary><see cref="MessageState"/>.</summary>
    State,

    /// <summary><see cref="MessageInfo"/>.</summary>
    Message,

    /// <summary>The octets.</summary>
    Content,
}

/// <summary>Criteria put in order of cost, and decided where the state is enough.</summary>
internal static class SearchPlan
{
    /// <summary>The criteria that must all hold, nested ANDs taken apart, the cheap ones first.</summary>
    public static IReadOnlyList<SearchCriteria> Terms(SearchCriteria criteria) => [.. Flatten(criteria).OrderBy(CostOf)];

    public static SearchCost CostOf(SearchCriteria criteria) => criteria switch
    {
        SearchCriteria.And and => and.Terms.Count == 0 ? SearchCost.State : and.Terms.Max(CostOf),
        SearchCriteria.Or or => (SearchCost)Math.Max((int)CostOf(or.Left), (int)CostOf(or.Right)),
        SearchCriteria.Not not => CostOf(not.Term),
        SearchCriteria.Body or SearchCriteria.Anywhere => SearchCost.Content,
        SearchCriteria.Header header => EnvelopeText.CanAnswer(header) ? SearchCost.Message : SearchCost.Content,
        SearchCriteria.Larger or SearchCriteria.Smaller or SearchCriteria.Internal or SearchCriteria.Sent => SearchCost.Message,
        _ => SearchCost.State,
    };

    /// <summary>Decides a criterion of <see cref="SearchCost.State"/>.</summary>
    public static bool Matches(SearchCriteria criteria, MessageState state) => criteria switch
    {
        SearchCriteria.All => true,
        SearchCriteria.And and => and.Terms.All(term => Matches(term, state)),
        SearchCriteria.Or or => Matches(or.Left, state) || Matches(or.Right, state),
        SearchCriteria.Not not => !Matches(not.Term, state),
        SearchCriteria.Uids uids => uids.Set.Contains(state.Uid),
        SearchCriteria.HasFlag flag => state.Flags.Has(flag.Flag),
        SearchCriteria.HasKeyword keyword => state.Flags.Keywords.Contains(keyword.Keyword, StringComparer.OrdinalIgnoreCase),
        SearchCriteria.RecentFrom recent => state.Uid >= recent.First,
        SearchCriteria.ModSeqFrom modSeq => state.ModSeq >= modSeq.First,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static IEnumerable<SearchCriteria> Flatten(SearchCriteria criteria)
        => criteria is SearchCriteria.And and ? and.Terms.SelectMany(Flatten) : [criteria];
}
