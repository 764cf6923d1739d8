using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What stands in parentheses after the items of FETCH (RFC 4466 §2.4).</summary>
/// <param name="ChangedSince">Only messages with a higher MODSEQ (RFC 7162 §3.1.4.1).</param>
/// <param name="Vanished">And the UIDs that are gone since (§3.2.6).</param>
/// <param name="Partial">Of the messages that are left, those from the first to the last, counted from 1, or from -1 at the end (RFC 9394 §3.3).</param>
internal sealed record FetchModifiers(ModSeq? ChangedSince, bool Vanished, (long First, long Last)? Partial)
{
    public static FetchModifiers None { get; } = new(null, false, null);

    /// <summary>The part of the messages that PARTIAL leaves.</summary>
    public UidSet Limit(UidSet uids, MailboxView view)
    {
        if (Partial is not var (first, last)) return uids;
        if (first > 0) return view.Slice(uids, first, last);
        var count = view.CountOf(uids);
        return view.Slice(uids, Math.Max(count + 1 + last, 1), count + 1 + first);
    }

    public static FetchModifiers Parse(ref CommandScanner scanner, bool byUid)
    {
        if (!scanner.TryTake((byte)' ')) return None;
        ModSeq? changedSince = null;
        var vanished = false;
        (long First, long Last)? partial = null;
        scanner.Expect((byte)'(');
        do
        {
            switch (scanner.Keyword("a FETCH modifier"))
            {
                case "CHANGEDSINCE" when changedSince is null:
                    scanner.Space();
                    changedSince = new ModSeq(scanner.ModSeqValue());
                    break;
                case "VANISHED" when byUid && !vanished:
                    vanished = true;
                    break;
                case "PARTIAL" when byUid && partial is null:
                    scanner.Space();
                    partial = ParsePartial(ref scanner);
                    break;
                default:
                    scanner.Fail("Unknown FETCH modifier, or one too many");
                    break;
            }
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        if (vanished && changedSince is null) scanner.Fail("VANISHED goes with CHANGEDSINCE");
        return new FetchModifiers(changedSince, vanished, partial);
    }

    /// <summary><c>1:100</c> or <c>-1:-100</c>, the member nearer to its end of the list first.</summary>
    private static (long First, long Last) ParsePartial(ref CommandScanner scanner)
    {
        var fromEnd = scanner.NextIs((byte)'-');
        var one = ParseBound(ref scanner, fromEnd);
        scanner.Expect((byte)':');
        var other = ParseBound(ref scanner, fromEnd);
        var (near, far) = (Math.Min(one, other), Math.Max(one, other));
        return fromEnd ? (-near, -far) : (near, far);
    }

    private static long ParseBound(ref CommandScanner scanner, bool fromEnd)
    {
        if (fromEnd) scanner.Expect((byte)'-');
        return scanner.NonZeroNumber();
    }
}
