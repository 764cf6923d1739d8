using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

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
        SearchCriteria.Larger or SearchCriteria.Smaller or SearchCriteria.Internal or SearchCriteria.Sent or SearchCriteria.Received or SearchCriteria.Saved
            or SearchCriteria.HasEmailId or SearchCriteria.HasThreadId => SearchCost.Message,
        _ => SearchCost.State,
    };

    /// <summary>Whether <see cref="MailboxColumns"/> help with it.</summary>
    public static bool AsksColumns(SearchCriteria criteria) => criteria switch
    {
        SearchCriteria.And and => and.Terms.Any(AsksColumns),
        SearchCriteria.Or or => AsksColumns(or.Left) || AsksColumns(or.Right),
        SearchCriteria.Not not => AsksColumns(not.Term),
        SearchCriteria.HasEmailId or SearchCriteria.HasThreadId => false,
        _ => CostOf(criteria) == SearchCost.Message,
    };

    /// <summary>In which order whole mailboxes are asked: columns are in memory, states have to be read, texts are the most.</summary>
    public static int RankOf(SearchCriteria criteria) => criteria switch
    {
        SearchCriteria.All or SearchCriteria.Uids or SearchCriteria.RecentFrom => 0,
        _ => CostOf(criteria) switch
        {
            SearchCost.Message => 1,
            SearchCost.State => 2,
            _ => 3,
        },
    };

    /// <summary>The question to the text index that decides the criterion; null where there is none.</summary>
    public static TextQuery? QueryOf(SearchCriteria criteria) => criteria switch
    {
        SearchCriteria.Body { Text.Length: > 0 } body => TextQuery.Of(CaseMap.Fold(body.Text), inHeader: false),
        SearchCriteria.Anywhere { Text.Length: > 0 } anywhere => TextQuery.Of(CaseMap.Fold(anywhere.Text), inHeader: true),
        _ => null,
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
