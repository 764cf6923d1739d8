using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What a client knows of a mailbox that it selects again (RFC 7162 §3.2.5): <c>QRESYNC (uidvalidity modseq [known-uids [seq-match]])</c>.</summary>
/// <param name="Known">UIDs the client has; null for all below UIDNEXT.</param>
/// <param name="Matches">Some of the message numbers the client has, ascending, with their UIDs.</param>
internal sealed record QResyncParameters(UidValidity UidValidity, ModSeq ModSeq, UidSet? Known, IReadOnlyList<(uint Number, Uid Uid)> Matches)
{
    /// <summary>Pairs of numbers and UIDs; clients send a logarithm of their messages.</summary>
    private const int MaxMatches = 10_000;

    public static QResyncParameters Parse(ref CommandScanner scanner)
    {
        scanner.Expect((byte)'(');
        var validity = new UidValidity(scanner.NonZeroNumber());
        scanner.Space();
        var modSeq = scanner.ModSeqValue();
        if (modSeq == 0) scanner.Fail("A mod-sequence is not zero here");
        UidSet? known = null;
        IReadOnlyList<(uint Number, Uid Uid)> matches = [];
        if (scanner.TryTake((byte)' '))
        {
            if (!scanner.NextIs((byte)'('))
            {
                known = ParseKnown(ref scanner);
                if (scanner.TryTake((byte)' ')) matches = ParseMatches(ref scanner);
            }
            else
            {
                matches = ParseMatches(ref scanner);
            }
        }
        scanner.Expect((byte)')');
        return new QResyncParameters(validity, new ModSeq(modSeq), known, matches);
    }

    /// <summary>What of the UIDs that are gone the client may still have, before the mailbox was selected: <c>VANISHED (EARLIER)</c>.</summary>
    /// <param name="view">Messages that have a number are not gone yet, whatever the store says by now.</param>
    public IReadOnlyList<UidRange> Vanished(UidSet expunged, MailboxView view)
    {
        var from = MatchingUpTo(view);
        var gone = new List<UidRange>();
        foreach (var range in Known is null ? expunged : expunged.Intersect(Known))
        {
            if (range.Last <= from) continue;
            gone.AddRange(view.Gaps(range.First > from ? range : range with { First = new Uid(from.Value + 1) }));
        }
        return gone;
    }

    /// <summary>
    /// The highest UID up to which the client has the messages that are here, since one of its numbers still stands at its UID: it has
    /// missed nothing below. It matters where tombstones are forgotten, and every UID that is not there would have to be told.
    /// </summary>
    private Uid MatchingUpTo(MailboxView view)
    {
        for (var i = Matches.Count - 1; i >= 0; i--)
        {
            if (view.NumberOf(Matches[i].Uid) == Matches[i].Number) return Matches[i].Uid;
        }
        return new Uid(0);
    }

    private static UidSet ParseKnown(ref CommandScanner scanner)
    {
        var set = scanner.SequenceSet();
        if (set.Ranges.Any(range => range.First == SequenceRange.Star || range.Last == SequenceRange.Star)) scanner.Fail("A set of known UIDs has no '*'");
        return scanner.Failed ? UidSet.Empty : UidSet.Of(set.Ranges.Select(range => new UidRange(new Uid(range.First), new Uid(range.Last))));
    }

    private static List<(uint Number, Uid Uid)> ParseMatches(ref CommandScanner scanner)
    {
        scanner.Expect((byte)'(');
        var numbers = ParseKnown(ref scanner);
        scanner.Space();
        var uids = ParseKnown(ref scanner);
        scanner.Expect((byte)')');
        var matches = new List<(uint Number, Uid Uid)>();
        if (scanner.Failed) return matches;
        if (numbers.Members != uids.Members) scanner.Fail("There are not as many numbers as UIDs");
        else if (numbers.Members > MaxMatches) scanner.Fail("Too many numbers");
        else matches.AddRange(Each(numbers).Zip(Each(uids), (number, uid) => (number, new Uid(uid))));
        return matches;
    }

    private static IEnumerable<uint> Each(UidSet set)
    {
        foreach (var range in set)
        {
            for (long value = range.First.Value; value <= range.Last.Value; value++) yield return (uint)value;
        }
    }
}
