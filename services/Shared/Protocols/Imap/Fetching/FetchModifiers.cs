using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What stands in parentheses after the items of FETCH (RFC 4466 §2.4).</summary>
/// <param name="ChangedSince">Only messages with a higher MODSEQ (RFC 7162 §3.1.4.1).</param>
/// <param name="Vanished">And the UIDs that are gone since (§3.2.6).</param>
internal sealed record FetchModifiers(ModSeq? ChangedSince, bool Vanished)
{
    public static FetchModifiers None { get; } = new(null, false);

    public static FetchModifiers Parse(ref CommandScanner scanner, bool byUid)
    {
        if (!scanner.TryTake((byte)' ')) return None;
        ModSeq? changedSince = null;
        var vanished = false;
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
                default:
                    scanner.Fail("Unknown FETCH modifier, or one too many");
                    break;
            }
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        if (vanished && changedSince is null) scanner.Fail("VANISHED goes with CHANGEDSINCE");
        return new FetchModifiers(changedSince, vanished);
    }
}
