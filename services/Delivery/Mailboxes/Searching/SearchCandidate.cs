using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>One message before the criteria of a search. Its content is opened at the first criterion that needs it.</summary>
/// <param name="recall">What is known of a text criterion for this message already.</param>
internal sealed class SearchCandidate(MessageInfo message, IContentStore contents, Func<SearchCriteria, bool?> recall)
{
    private readonly MessageState _state = new(message.Uid, message.ModSeq, message.Flags);
    private MessageText? _text;

    private MessageText Text => _text ??= new MessageText(
        message.Structure,
        message.TracePrefix,
        message.Size - message.TracePrefix.Length,
        (offset, length, cancellationToken) => contents.OpenAsync(message.Content, offset, length, cancellationToken));

    public async ValueTask<bool> MatchesAllAsync(IEnumerable<SearchCriteria> terms, CancellationToken cancellationToken)
    {
        foreach (var term in terms)
        {
            if (!await MatchesAsync(term, cancellationToken)) return false;
        }
        return true;
    }

    private async ValueTask<bool> MatchesAsync(SearchCriteria criteria, CancellationToken cancellationToken)
    {
        switch (criteria)
        {
            case SearchCriteria.And and:
                return await MatchesAllAsync(and.Terms.OrderBy(SearchPlan.CostOf), cancellationToken);
            case SearchCriteria.Or or:
                var (first, second) = SearchPlan.CostOf(or.Left) <= SearchPlan.CostOf(or.Right) ? (or.Left, or.Right) : (or.Right, or.Left);
                return await MatchesAsync(first, cancellationToken) || await MatchesAsync(second, cancellationToken);
            case SearchCriteria.Not not:
                return !await MatchesAsync(not.Term, cancellationToken);
            case SearchCriteria.Larger larger:
                return message.Size > larger.Octets;
            case SearchCriteria.Smaller smaller:
                return message.Size < smaller.Octets;
            case SearchCriteria.Internal dates:
                return IsWithin(message.InternalDate, dates.From, dates.To);
            case SearchCriteria.Sent dates:
                return message.Structure.SentDate is { } sent && IsWithin(sent, dates.From, dates.To);
            case SearchCriteria.Received moments:
                return (moments.From is null || message.InternalDate >= moments.From) && (moments.Until is null || message.InternalDate <= moments.Until);
            case SearchCriteria.Saved dates:
                return IsWithin(message.SaveDate.ToUniversalTime(), dates.From, dates.To);
            case SearchCriteria.HasEmailId id:
                return message.EmailId == id.EmailId;
            case SearchCriteria.HasThreadId id:
                return message.ThreadId == id.ThreadId;
            case SearchCriteria.Header header when EnvelopeText.CanAnswer(header):
                return EnvelopeText.Matches(message.Structure.Envelope, header);
            case SearchCriteria.Header header:
                return recall(criteria) ?? await Text.HasFieldAsync(header.Field, header.Text, cancellationToken);
            case SearchCriteria.Body body:
                return recall(criteria) ?? await Text.BodyContainsAsync(body.Text, cancellationToken);
            case SearchCriteria.Anywhere anywhere:
                return recall(criteria) ?? await Text.ContainsAsync(anywhere.Text, cancellationToken);
            default:
                return SearchPlan.Matches(criteria, _state);
        }
    }

    /// <summary>The date as written, without regard to time and zone (RFC 3501 §6.4.4).</summary>
    private static bool IsWithin(DateTimeOffset moment, DateOnly? from, DateOnly? to)
    {
        var date = DateOnly.FromDateTime(moment.DateTime);
        return (from is null || date >= from) && (to is null || date < to);
    }
}
