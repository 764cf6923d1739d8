using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A search key that waits for the mailbox: message numbers and \Recent mean something only in a view.</summary>
internal delegate SearchCriteria SearchKey(MailboxView view);

/// <summary>Parses a search program (RFC 3501 §6.4.4, §9 search-key).</summary>
internal static class SearchKeys
{
    /// <summary>Of parentheses, NOT and OR in one another.</summary>
    private const int MaxDepth = 100;

    private const int MaxKeys = 1000;

    private static readonly System.Buffers.SearchValues<byte> KeyChars = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchKey Everything = static _ => new SearchCriteria.All();

    /// <summary>One or more keys that all have to hold.</summary>
    public static SearchKey ParseProgram(ref CommandScanner scanner)
    {
        var count = 0;
        return ParseList(ref scanner, 0, ref count);
    }

    private static SearchKey ParseList(ref CommandScanner scanner, int depth, ref int count)
    {
        var keys = new List<SearchKey>();
        do keys.Add(ParseKey(ref scanner, depth, ref count));
        while (scanner.TryTake((byte)' '));
        return keys.Count == 1 ? keys[0] : view => new SearchCriteria.And(keys.ConvertAll(key => key(view)));
    }

    private static SearchKey ParseKey(ref CommandScanner scanner, int depth, ref int count)
    {
        if (depth > MaxDepth || ++count > MaxKeys) scanner.Fail("The search is too complex");
        if (scanner.Failed) return Everything;
        if (scanner.TryTake((byte)'('))
        {
            var keys = ParseList(ref scanner, depth + 1, ref count);
            scanner.Expect((byte)')');
            return keys;
        }
        if (scanner.NextIsDigit || scanner.NextIs((byte)'*'))
        {
            var numbers = scanner.SequenceSet();
            scanner.UsesNumbers = true;
            return view => new SearchCriteria.Uids(view.ResolveKnown(numbers));
        }
        var name = Encoding.ASCII.GetString(scanner.Take(KeyChars, "a search key")).ToUpperInvariant();
        return FlagKey(name) ?? ArgumentKey(name, ref scanner, depth, ref count);
    }

    private static SearchKey? FlagKey(string name) => name switch
    {
        "ALL" => Everything,
        "ANSWERED" => static _ => new SearchCriteria.HasFlag(SystemFlags.Answered),
        "DELETED" => static _ => new SearchCriteria.HasFlag(SystemFlags.Deleted),
        "DRAFT" => static _ => new SearchCriteria.HasFlag(SystemFlags.Draft),
        "FLAGGED" => static _ => new SearchCriteria.HasFlag(SystemFlags.Flagged),
        "SEEN" => static _ => new SearchCriteria.HasFlag(SystemFlags.Seen),
        "UNANSWERED" => static _ => Not(new SearchCriteria.HasFlag(SystemFlags.Answered)),
        "UNDELETED" => static _ => Not(new SearchCriteria.HasFlag(SystemFlags.Deleted)),
        "UNDRAFT" => static _ => Not(new SearchCriteria.HasFlag(SystemFlags.Draft)),
        "UNFLAGGED" => static _ => Not(new SearchCriteria.HasFlag(SystemFlags.Flagged)),
        "UNSEEN" => static _ => Not(new SearchCriteria.HasFlag(SystemFlags.Seen)),
        "RECENT" => static view => new SearchCriteria.Uids(view.RecentSet),
        "OLD" => static view => Not(new SearchCriteria.Uids(view.RecentSet)),
        "NEW" => static view => new SearchCriteria.And([new SearchCriteria.Uids(view.RecentSet), Not(new SearchCriteria.HasFlag(SystemFlags.Seen))]),
        _ => null,
    };

    private static SearchKey ArgumentKey(string name, ref CommandScanner scanner, int depth, ref int count)
    {
        scanner.Space();
        switch (name)
        {
            case "NOT":
                var negated = ParseKey(ref scanner, depth + 1, ref count);
                return view => Not(negated(view));
            case "OR":
                var left = ParseKey(ref scanner, depth + 1, ref count);
                scanner.Space();
                var right = ParseKey(ref scanner, depth + 1, ref count);
                return view => new SearchCriteria.Or(left(view), right(view));
            case "UID":
                var uids = scanner.SequenceSet();
                return view => new SearchCriteria.Uids(view.Resolve(uids, byUid: true)!.Value.Uids);
            case "FROM" or "TO" or "CC" or "BCC" or "SUBJECT":
                return Constant(new SearchCriteria.Header(name, Text(ref scanner)));
            case "HEADER":
                var field = Text(ref scanner);
                scanner.Space();
                return Constant(new SearchCriteria.Header(field, Text(ref scanner)));
            case "BODY":
                return Constant(new SearchCriteria.Body(Text(ref scanner)));
            case "TEXT":
                return Constant(new SearchCriteria.Anywhere(Text(ref scanner)));
            case "KEYWORD":
                return Constant(new SearchCriteria.HasKeyword(scanner.Atom("a keyword")));
            case "UNKEYWORD":
                return Constant(Not(new SearchCriteria.HasKeyword(scanner.Atom("a keyword"))));
            case "LARGER":
                return Constant(new SearchCriteria.Larger(scanner.Number()));
            case "SMALLER":
                return Constant(new SearchCriteria.Smaller(scanner.Number()));
            case "BEFORE":
                return Constant(new SearchCriteria.Internal(null, scanner.Date()));
            case "ON":
                var on = scanner.Date();
                return Constant(new SearchCriteria.Internal(on, DayAfter(on)));
            case "SINCE":
                return Constant(new SearchCriteria.Internal(scanner.Date(), null));
            case "SENTBEFORE":
                return Constant(new SearchCriteria.Sent(null, scanner.Date()));
            case "SENTON":
                var sentOn = scanner.Date();
                return Constant(new SearchCriteria.Sent(sentOn, DayAfter(sentOn)));
            case "SENTSINCE":
                return Constant(new SearchCriteria.Sent(scanner.Date(), null));
            default:
                scanner.Fail("Unknown search key");
                return Everything;
        }
    }

    private static SearchKey Constant(SearchCriteria criteria) => _ => criteria;

    private static SearchCriteria.Not Not(SearchCriteria criteria) => new(criteria);

    private static string Text(ref CommandScanner scanner) => scanner.Text(scanner.AString("a text"));

    private static DateOnly? DayAfter(DateOnly day) => day == DateOnly.MaxValue ? null : day.AddDays(1);
}
