using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.TestKit;

/// <summary>SEARCH, SORT and THREAD by reading every message whole: slow, simple, and so the oracle for those that do not.</summary>
public sealed class InMemorySearch(Func<CancellationToken, IAsyncEnumerable<MessageInfo>> messages, Func<MessageInfo, byte[]> contentOf)
{
    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(SearchCriteria criteria, CancellationToken cancellationToken)
        => (await FindAsync(criteria, cancellationToken)).ConvertAll(message => message.Uid);

    public async ValueTask<IReadOnlyList<Uid>> SortAsync(IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var sorted = new SortedMessages(keys);
        foreach (var message in await FindAsync(criteria, cancellationToken)) sorted.Add(message);
        return sorted.ToUids();
    }

    public async ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var threads = new MessageThreads(algorithm);
        foreach (var message in await FindAsync(criteria, cancellationToken)) threads.Add(message);
        return threads.ToPlaces();
    }

    private async Task<List<MessageInfo>> FindAsync(SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var found = new List<MessageInfo>();
        await foreach (var message in messages(cancellationToken))
        {
            if (await MatchesAsync(message, criteria, cancellationToken)) found.Add(message);
        }
        return found;
    }

    private async ValueTask<bool> MatchesAsync(MessageInfo message, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        switch (criteria)
        {
            case SearchCriteria.All: return true;
            case SearchCriteria.And and:
                foreach (var term in and.Terms)
                {
                    if (!await MatchesAsync(message, term, cancellationToken)) return false;
                }
                return true;
            case SearchCriteria.Or or: return await MatchesAsync(message, or.Left, cancellationToken) || await MatchesAsync(message, or.Right, cancellationToken);
            case SearchCriteria.Not not: return !await MatchesAsync(message, not.Term, cancellationToken);
            case SearchCriteria.Uids uids: return uids.Set.Contains(message.Uid);
            case SearchCriteria.HasFlag flag: return message.Flags.Has(flag.Flag);
            case SearchCriteria.HasKeyword keyword: return message.Flags.Keywords.Contains(keyword.Keyword, StringComparer.OrdinalIgnoreCase);
            case SearchCriteria.RecentFrom recent: return message.Uid >= recent.First;
            case SearchCriteria.Larger larger: return message.Size > larger.Octets;
            case SearchCriteria.Smaller smaller: return message.Size < smaller.Octets;
            case SearchCriteria.Internal range: return IsIn(message.InternalDate, range.From, range.To);
            case SearchCriteria.Sent range: return message.Structure.SentDate is { } sent && IsIn(sent, range.From, range.To);
            case SearchCriteria.ModSeqFrom modSeq: return message.ModSeq >= modSeq.First;
            case SearchCriteria.Received moments: return message.InternalDate >= (moments.From ?? DateTimeOffset.MinValue) && message.InternalDate <= (moments.Until ?? DateTimeOffset.MaxValue);
            case SearchCriteria.Saved dates: return IsIn(message.SaveDate.ToUniversalTime(), dates.From, dates.To);
            case SearchCriteria.HasEmailId id: return message.EmailId == id.EmailId;
            case SearchCriteria.HasThreadId id: return message.ThreadId == id.ThreadId;
        }
        var octets = contentOf(message);
        var text = new MessageText(message.Structure, message.TracePrefix, octets.Length, (offset, length, _) => new(new MemoryStream(octets, (int)offset, (int)length, writable: false)));
        return criteria switch
        {
            SearchCriteria.Header header => await text.HasFieldAsync(header.Field, header.Text, cancellationToken),
            SearchCriteria.Body body => await text.BodyContainsAsync(body.Text, cancellationToken),
            SearchCriteria.Anywhere anywhere => await text.ContainsAsync(anywhere.Text, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static bool IsIn(DateTimeOffset moment, DateOnly? from, DateOnly? to)
        => DateOnly.FromDateTime(moment.DateTime) is var date && (from is null || date >= from) && (to is null || date < to);
}
