using System.Diagnostics;
using Contract = Merpati.Mailboxes;

namespace Merpati.Mailboxes.V1;

/// <summary>SEARCH programs between the contract and the wire.</summary>
public static class SearchConversions
{
    // protobuf's own parser stops at 100 levels of messages, and an AND of terms is two of them.
    private const int MaxDepth = 50;

    public static SearchCriteria ToWire(this Contract.SearchCriteria criteria) => criteria switch
    {
        Contract.SearchCriteria.All => new SearchCriteria { All = new SearchAll() },
        Contract.SearchCriteria.And and => new SearchCriteria { And = new SearchTerms { Terms = { and.Terms.Select(ToWire) } } },
        Contract.SearchCriteria.Or or => new SearchCriteria { Or = new SearchTerms { Terms = { or.Left.ToWire(), or.Right.ToWire() } } },
        Contract.SearchCriteria.Not not => new SearchCriteria { Not = not.Term.ToWire() },
        Contract.SearchCriteria.Uids uids => new SearchCriteria { Uids = new SearchUids { Bounds = { uids.Set.SelectMany(range => new[] { range.First.Value, range.Last.Value }) } } },
        Contract.SearchCriteria.HasFlag flag => new SearchCriteria { HasFlag = (uint)flag.Flag },
        Contract.SearchCriteria.HasKeyword keyword => new SearchCriteria { HasKeyword = keyword.Keyword },
        Contract.SearchCriteria.RecentFrom recent => new SearchCriteria { RecentFrom = recent.First.Value },
        Contract.SearchCriteria.Larger larger => new SearchCriteria { Larger = larger.Octets },
        Contract.SearchCriteria.Smaller smaller => new SearchCriteria { Smaller = smaller.Octets },
        Contract.SearchCriteria.Internal dates => new SearchCriteria { Internal = ToWire(dates.From, dates.To) },
        Contract.SearchCriteria.Sent dates => new SearchCriteria { Sent = ToWire(dates.From, dates.To) },
        Contract.SearchCriteria.Header header => new SearchCriteria { Header = new SearchHeader { Field = header.Field, Text = header.Text } },
        Contract.SearchCriteria.Body body => new SearchCriteria { Body = body.Text },
        Contract.SearchCriteria.Anywhere anywhere => new SearchCriteria { Anywhere = anywhere.Text },
        Contract.SearchCriteria.ModSeqFrom modSeq => new SearchCriteria { ModSeqFrom = modSeq.First.Value },
        Contract.SearchCriteria.Received moments => new SearchCriteria { Received = ToWire(moments) },
        Contract.SearchCriteria.Saved dates => new SearchCriteria { Saved = ToWire(dates.From, dates.To) },
        Contract.SearchCriteria.HasEmailId id => new SearchCriteria { EmailId = id.EmailId },
        Contract.SearchCriteria.HasThreadId id => new SearchCriteria { ThreadId = id.ThreadId },
        _ => throw new UnreachableException(),
    };

    /// <exception cref="WireFormatException">No program of the contract.</exception>
    public static Contract.SearchCriteria ToContract(this SearchCriteria criteria) => ToContract(criteria, 0);

    private static Contract.SearchCriteria ToContract(SearchCriteria criteria, int depth)
    {
        if (depth > MaxDepth) throw new WireFormatException("A search program is too deep.");
        return criteria.TermCase switch
        {
            SearchCriteria.TermOneofCase.All => new Contract.SearchCriteria.All(),
            SearchCriteria.TermOneofCase.And => new Contract.SearchCriteria.And([.. criteria.And.Terms.Select(term => ToContract(term, depth + 1))]),
            SearchCriteria.TermOneofCase.Or when criteria.Or.Terms.Count == 2 => new Contract.SearchCriteria.Or(ToContract(criteria.Or.Terms[0], depth + 1), ToContract(criteria.Or.Terms[1], depth + 1)),
            SearchCriteria.TermOneofCase.Not => new Contract.SearchCriteria.Not(ToContract(criteria.Not, depth + 1)),
            SearchCriteria.TermOneofCase.Uids when criteria.Uids.Bounds.Count % 2 == 0 => new Contract.SearchCriteria.Uids(Contract.UidSet.Of(
                criteria.Uids.Bounds.Chunk(2).Select(bounds => new Contract.UidRange(new Contract.Uid(bounds[0]), new Contract.Uid(bounds[1]))))),
            SearchCriteria.TermOneofCase.HasFlag => new Contract.SearchCriteria.HasFlag((Contract.SystemFlags)criteria.HasFlag),
            SearchCriteria.TermOneofCase.HasKeyword => new Contract.SearchCriteria.HasKeyword(criteria.HasKeyword),
            SearchCriteria.TermOneofCase.RecentFrom => new Contract.SearchCriteria.RecentFrom(new Contract.Uid(criteria.RecentFrom)),
            SearchCriteria.TermOneofCase.Larger => new Contract.SearchCriteria.Larger(criteria.Larger),
            SearchCriteria.TermOneofCase.Smaller => new Contract.SearchCriteria.Smaller(criteria.Smaller),
            SearchCriteria.TermOneofCase.Internal => new Contract.SearchCriteria.Internal(FromDay(criteria.Internal), ToDay(criteria.Internal)),
            SearchCriteria.TermOneofCase.Sent => new Contract.SearchCriteria.Sent(FromDay(criteria.Sent), ToDay(criteria.Sent)),
            SearchCriteria.TermOneofCase.Header => new Contract.SearchCriteria.Header(criteria.Header.Field, criteria.Header.Text),
            SearchCriteria.TermOneofCase.Body => new Contract.SearchCriteria.Body(criteria.Body),
            SearchCriteria.TermOneofCase.Anywhere => new Contract.SearchCriteria.Anywhere(criteria.Anywhere),
            SearchCriteria.TermOneofCase.ModSeqFrom => new Contract.SearchCriteria.ModSeqFrom(new Contract.ModSeq(criteria.ModSeqFrom)),
            SearchCriteria.TermOneofCase.Received => new Contract.SearchCriteria.Received(
                criteria.Received.HasFromUnixMilliseconds ? Moment(criteria.Received.FromUnixMilliseconds) : null,
                criteria.Received.HasUntilUnixMilliseconds ? Moment(criteria.Received.UntilUnixMilliseconds) : null),
            SearchCriteria.TermOneofCase.Saved => new Contract.SearchCriteria.Saved(FromDay(criteria.Saved), ToDay(criteria.Saved)),
            SearchCriteria.TermOneofCase.EmailId => new Contract.SearchCriteria.HasEmailId(criteria.EmailId),
            SearchCriteria.TermOneofCase.ThreadId => new Contract.SearchCriteria.HasThreadId(criteria.ThreadId),
            _ => throw new WireFormatException("A search term is not known."),
        };
    }

    private static SearchDates ToWire(DateOnly? from, DateOnly? to)
    {
        var dates = new SearchDates();
        if (from is { } first) dates.FromDay = first.DayNumber;
        if (to is { } end) dates.ToDay = end.DayNumber;
        return dates;
    }

    private static DateOnly? FromDay(SearchDates dates) => dates.HasFromDay ? Day(dates.FromDay) : null;

    private static DateOnly? ToDay(SearchDates dates) => dates.HasToDay ? Day(dates.ToDay) : null;

    private static DateOnly Day(int number)
        => number >= 0 && number <= DateOnly.MaxValue.DayNumber ? DateOnly.FromDayNumber(number) : throw new WireFormatException("A date is out of range.");

    private static SearchMoments ToWire(Contract.SearchCriteria.Received moments)
    {
        var wire = new SearchMoments();
        if (moments.From is { } from) wire.FromUnixMilliseconds = from.ToUnixTimeMilliseconds();
        if (moments.Until is { } until) wire.UntilUnixMilliseconds = until.ToUnixTimeMilliseconds();
        return wire;
    }

    private static DateTimeOffset Moment(long milliseconds)
        => milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new WireFormatException("A moment is out of range.");

    public static SortKey ToWire(this Contract.SortKey key) => new() { Field = (SortField)((int)key.Field + 1), Reverse = key.Reverse };

    /// <exception cref="WireFormatException">No key of the contract.</exception>
    public static Contract.SortKey ToContract(this SortKey key)
        => Enum.IsDefined((Contract.SortField)((int)key.Field - 1)) ? new((Contract.SortField)((int)key.Field - 1), key.Reverse) : throw new WireFormatException("A sort key is not known.");

    public static ThreadAlgorithm ToWire(this Contract.ThreadAlgorithm algorithm) => (ThreadAlgorithm)((int)algorithm + 1);

    /// <exception cref="WireFormatException">No algorithm of the contract.</exception>
    public static Contract.ThreadAlgorithm ToContract(this ThreadAlgorithm algorithm)
        => Enum.IsDefined((Contract.ThreadAlgorithm)((int)algorithm - 1)) ? (Contract.ThreadAlgorithm)((int)algorithm - 1) : throw new WireFormatException("A thread algorithm is not known.");

    public static ThreadPlace ToWire(this Contract.ThreadPlace place) => new() { Uid = place.Uid?.Value ?? 0, Depth = (uint)place.Depth };

    public static Contract.ThreadPlace ToContract(this ThreadPlace place) => new(place.Uid == 0 ? null : new Contract.Uid(place.Uid), (int)Math.Min(place.Depth, int.MaxValue));
}
