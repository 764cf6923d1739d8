using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Answers SEARCH (RFC 3501 §6.4.4) from the cheapest source that can: UIDs, flags and MODSEQs first, then what was computed at arrival,
/// and the octets of a message only if both leave it open.
/// </summary>
public sealed partial class MailboxSearch(IMailboxStore store, IContentStore contents, ILogger<MailboxSearch> logger)
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

    /// <summary>Many gaps cost the store more than the messages in them; each message is looked at again anyway.</summary>
    private static UidSet Narrow(IReadOnlyList<Uid> matching)
    {
        var set = UidSet.Of(matching);
        return set.Count <= MaxRanges ? set : UidSet.Of([new UidRange(set[0].First, set[^1].Last)]);
    }
}
