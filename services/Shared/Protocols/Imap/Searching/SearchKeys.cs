using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Parses the keys of a search program: RFC 3501 §6.4.4 and RFC 9051 §6.4.4, with $ (RFC 5182), MODSEQ (RFC 7162 §3.1.5), YOUNGER and OLDER (RFC 5032),
/// SAVEDBEFORE, SAVEDON, SAVEDSINCE and SAVEDATESUPPORTED (RFC 8514 §4), EMAILID and THREADID (RFC 8474 §6).
/// </summary>
internal static class SearchKeys
{
    /// <summary>Of parentheses, NOT and OR in one another; a program as deep still fits into what the services send each other.</summary>
    private const int MaxDepth = 40;

    private const int MaxKeys = 1000;

    /// <summary>Keys that look for a text: each may have to read every message.</summary>
    private const int MaxTexts = 100;

    private static readonly System.Buffers.SearchValues<byte> KeyChars = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchKey Everything = static _ => new SearchCriteria.All();

    /// <summary>How far the parser is.</summary>
    private struct Progress
    {
        public int Keys;
        public int Texts;
        public SearchTraits Traits;
    }

    /// <summary>One or more keys that all have to hold.</summary>
    public static SearchProgram ParseProgram(ref CommandScanner scanner)
    {
        var progress = new Progress();
        var key = ParseList(ref scanner, 0, ref progress);
        return new SearchProgram(key, progress.Traits, progress.Keys);
    }

    private static SearchKey ParseList(ref CommandScanner scanner, int depth, ref Progress progress)
    {
        var keys = new List<SearchKey>();
        do keys.Add(ParseKey(ref scanner, depth, ref progress));
        while (scanner.TryTake((byte)' '));
        return keys.Count == 1 ? keys[0] : scope => new SearchCriteria.And(keys.ConvertAll(key => key(scope)));
    }

    private static SearchKey ParseKey(ref CommandScanner scanner, int depth, ref Progress progress)
    {
        if (depth > MaxDepth || ++progress.Keys > MaxKeys) scanner.Fail("The search is too complex");
        if (scanner.Failed) return Everything;
        if (scanner.TryTake((byte)'('))
        {
            var keys = ParseList(ref scanner, depth + 1, ref progress);
            scanner.Expect((byte)')');
            return keys;
        }
        if (scanner.NextIsDigit || scanner.NextIs((byte)'*') || scanner.NextIs((byte)'$'))
        {
            progress.Traits |= SearchTraits.Numbers;
            var numbers = scanner.SequenceSet();
            if (!numbers.IsSaved) scanner.UsesNumbers = true;
            return scope => new SearchCriteria.Uids(scope.View.ResolveKnown(numbers));
        }
        var name = Encoding.ASCII.GetString(scanner.Take(KeyChars, "a search key")).ToUpperInvariant();
        if (name is "RECENT" or "OLD" or "NEW") progress.Traits |= SearchTraits.View | SearchTraits.Recent;
        return FlagKey(name) ?? ArgumentKey(name, ref scanner, depth, ref progress);
    }

    private static SearchKey? FlagKey(string name) => name switch
    {
        // Every mailbox keeps the date (RFC 8514 §4.3).
        "ALL" or "SAVEDATESUPPORTED" => Everything,
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
        "RECENT" => static scope => new SearchCriteria.Uids(scope.View.RecentSet),
        "OLD" => static scope => Not(new SearchCriteria.Uids(scope.View.RecentSet)),
        "NEW" => static scope => new SearchCriteria.And([new SearchCriteria.Uids(scope.View.RecentSet), Not(new SearchCriteria.HasFlag(SystemFlags.Seen))]),
        _ => null,
    };

    private static SearchKey ArgumentKey(string name, ref CommandScanner scanner, int depth, ref Progress progress)
    {
        scanner.Space();
        switch (name)
        {
            case "NOT":
                var negated = ParseKey(ref scanner, depth + 1, ref progress);
                return scope => Not(negated(scope));
            case "OR":
                var left = ParseKey(ref scanner, depth + 1, ref progress);
                scanner.Space();
                var right = ParseKey(ref scanner, depth + 1, ref progress);
                return scope => new SearchCriteria.Or(left(scope), right(scope));
            case "UID":
                progress.Traits |= SearchTraits.View;
                var uids = scanner.SequenceSet();
                if (uids.IsSaved) progress.Traits |= SearchTraits.Numbers;
                return scope => new SearchCriteria.Uids(scope.View.ResolveOpen(uids));
            case "FROM" or "TO" or "CC" or "BCC" or "SUBJECT":
                return Constant(new SearchCriteria.Header(name, Text(ref scanner, ref progress)));
            case "HEADER":
                var field = scanner.Text(scanner.AString("a field name"));
                scanner.Space();
                return Constant(new SearchCriteria.Header(field, Text(ref scanner, ref progress)));
            case "BODY":
                return Constant(new SearchCriteria.Body(Text(ref scanner, ref progress)));
            case "TEXT":
                return Constant(new SearchCriteria.Anywhere(Text(ref scanner, ref progress)));
            case "KEYWORD":
                return Constant(new SearchCriteria.HasKeyword(scanner.Atom("a keyword")));
            case "UNKEYWORD":
                return Constant(Not(new SearchCriteria.HasKeyword(scanner.Atom("a keyword"))));
            case "LARGER":
                return Constant(new SearchCriteria.Larger(scanner.Number64()));
            case "SMALLER":
                return Constant(new SearchCriteria.Smaller(scanner.Number64()));
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
            case "SAVEDBEFORE":
                return Constant(new SearchCriteria.Saved(null, scanner.Date()));
            case "SAVEDON":
                var savedOn = scanner.Date();
                return Constant(new SearchCriteria.Saved(savedOn, DayAfter(savedOn)));
            case "SAVEDSINCE":
                return Constant(new SearchCriteria.Saved(scanner.Date(), null));
            case "YOUNGER":
                progress.Traits |= SearchTraits.Clock;
                var younger = TimeSpan.FromSeconds(scanner.NonZeroNumber());
                return scope => new SearchCriteria.Received(scope.Now - younger, null);
            case "OLDER":
                progress.Traits |= SearchTraits.Clock;
                var older = TimeSpan.FromSeconds(scanner.NonZeroNumber());
                return scope => new SearchCriteria.Received(null, scope.Now - older);
            case "EMAILID":
                return Constant(new SearchCriteria.HasEmailId(scanner.Text(scanner.AString("an object id"))));
            case "THREADID":
                return Constant(new SearchCriteria.HasThreadId(scanner.Text(scanner.AString("an object id"))));
            case "MODSEQ":
                progress.Traits |= SearchTraits.ModSeq;
                return Constant(new SearchCriteria.ModSeqFrom(ModSeqArgument(ref scanner)));
            default:
                scanner.Fail("Unknown search key");
                return Everything;
        }
    }

    /// <summary>
    /// <c>[entry-name SP entry-type-req SP] mod-sequence-valzer</c> (RFC 7162 §7). There is one MODSEQ for all the flags of a message, so the entry makes no difference (§3.1.5).
    /// </summary>
    private static ModSeq ModSeqArgument(ref CommandScanner scanner)
    {
        if (scanner.NextIs((byte)'"'))
        {
            var entry = scanner.Text(scanner.String("an entry name"));
            if (!entry.StartsWith("/flags/", StringComparison.OrdinalIgnoreCase) || entry.Length == "/flags/".Length) scanner.Fail("An entry name is \"/flags/\" and a flag");
            scanner.Space();
            if (scanner.Keyword("an entry type") is not ("PRIV" or "SHARED" or "ALL")) scanner.Fail("An entry type is priv, shared or all");
            scanner.Space();
        }
        return new ModSeq(scanner.ModSeqValue());
    }

    private static SearchKey Constant(SearchCriteria criteria) => _ => criteria;

    private static SearchCriteria.Not Not(SearchCriteria criteria) => new(criteria);

    private static string Text(ref CommandScanner scanner, ref Progress progress)
    {
        if (++progress.Texts > MaxTexts) scanner.Fail("The search is too complex");
        return scanner.Text(scanner.AString("a text"));
    }

    private static DateOnly? DayAfter(DateOnly day) => day == DateOnly.MaxValue ? null : day.AddDays(1);
}
