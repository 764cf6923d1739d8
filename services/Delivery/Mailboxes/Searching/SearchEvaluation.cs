using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Decides criteria for many messages of a mailbox at once, from the UIDs, the columns, the states and the text index, as far as these can. What they leave open is for
/// <see cref="SearchCandidate"/>, which reads messages. For one search.
/// </summary>
internal sealed class SearchEvaluation(IMailboxStore store, ISearchIndex index, AccountId account, MailboxId mailbox, ReadOnlyMemory<Uid> uids, MailboxColumns.View? columns)
{
    private readonly Dictionary<SearchCriteria, Answers> _leaves = [];
    private MessageState?[]? _states;

    /// <summary>What the terms together say. Each is asked only for those messages that the ones before it leave possible.</summary>
    public async ValueTask<Answers> DecideAsync(IReadOnlyList<SearchCriteria> terms, CancellationToken cancellationToken)
    {
        var answers = columns is null ? Answers.All(uids.Length, answer: true) : Answers.Of(uids.Length, place => !columns.IsGone(place));
        foreach (var term in terms)
        {
            if (!answers.Possible().Any()) break;
            var before = answers;
            // Only a source that is asked by UIDs needs them.
            var possible = new Lazy<UidSet>(() => Narrow(before));
            answers = answers.And(await DecideAsync(term, possible, cancellationToken));
        }
        return answers;
    }

    /// <summary>What was found out about a criterion of a message; null where it is not known.</summary>
    public bool? Recall(SearchCriteria criteria, int place) => _leaves.TryGetValue(criteria, out var answers) ? answers[place] : null;

    /// <summary>An answer that is known before the evaluation starts.</summary>
    public void Know(SearchCriteria criteria, TextAnswers answers) => _leaves[criteria] = OfText(answers);

    private async ValueTask<Answers> DecideAsync(SearchCriteria criteria, Lazy<UidSet> possible, CancellationToken cancellationToken)
    {
        switch (criteria)
        {
            case SearchCriteria.And and:
                var all = Answers.All(uids.Length, answer: true);
                foreach (var term in and.Terms) all = all.And(await DecideAsync(term, possible, cancellationToken));
                return all;
            case SearchCriteria.Or or:
                return (await DecideAsync(or.Left, possible, cancellationToken)).Or(await DecideAsync(or.Right, possible, cancellationToken));
            case SearchCriteria.Not not:
                return (await DecideAsync(not.Term, possible, cancellationToken)).Not();
            default:
                if (_leaves.TryGetValue(criteria, out var known)) return known;
                var answers = await DecideLeafAsync(criteria, possible, cancellationToken);
                // Asked of other messages, it would have other answers.
                if (criteria is SearchCriteria.Body or SearchCriteria.Anywhere or SearchCriteria.Header) _leaves[criteria] = answers;
                return answers;
        }
    }

    private async ValueTask<Answers> DecideLeafAsync(SearchCriteria criteria, Lazy<UidSet> possible, CancellationToken cancellationToken)
    {
        switch (criteria)
        {
            case SearchCriteria.All:
                return Answers.All(uids.Length, answer: true);
            case SearchCriteria.Uids wanted:
                return Answers.Of(uids.Length, place => wanted.Set.Contains(uids.Span[place]));
            case SearchCriteria.RecentFrom recent:
                return Answers.Of(uids.Length, place => uids.Span[place] >= recent.First);
            case SearchCriteria.HasFlag or SearchCriteria.HasKeyword or SearchCriteria.ModSeqFrom:
                var states = _states ??= await StatesAsync(possible.Value, cancellationToken);
                // One that is gone matches nothing; it is left open, and then not found.
                return Answers.Of(uids.Length, place => states[place] is { } state ? SearchPlan.Matches(criteria, state) : null);
            case SearchCriteria.Body { Text.Length: 0 }:
                return Answers.All(uids.Length, answer: true);
            case SearchCriteria.Body or SearchCriteria.Anywhere when SearchPlan.QueryOf(criteria) is { } query:
                return OfText(await index.FindAsync(account, mailbox, possible.Value, query, cancellationToken));
            default:
                return columns?.Find(criteria) ?? Answers.All(uids.Length, answer: null);
        }
    }

    private Answers OfText(TextAnswers found)
    {
        var answers = Answers.All(uids.Length, answer: false);
        Set(found.Matching, true);
        Set(found.Open, null);
        return answers;

        void Set(IReadOnlyList<Uid> some, bool? answer)
        {
            foreach (var uid in some)
            {
                if (uids.Span.BinarySearch(uid) is >= 0 and var place) answers[place] = answer;
            }
        }
    }

    private async ValueTask<MessageState?[]> StatesAsync(UidSet possible, CancellationToken cancellationToken)
    {
        var states = new MessageState?[uids.Length];
        await foreach (var state in store.StatesAsync(account, mailbox, possible, cancellationToken))
        {
            if (uids.Span.BinarySearch(state.Uid) is >= 0 and var place) states[place] = state;
        }
        return states;
    }

    private UidSet Narrow(Answers answers) => MailboxSearch.Narrow([.. answers.Possible().Select(place => uids.Span[place])]);
}
