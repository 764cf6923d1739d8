using Merpati.Protocols.Imap.Commands;

namespace Merpati.Protocols.Imap;

/// <summary>Selection options (RFC 5258 §3.1, RFC 6154 §5.2).</summary>
[Flags]
internal enum ListSelection
{
    None = 0,
    Subscribed = 1,
    RecursiveMatch = 2,
    SpecialUse = 4,
}

/// <summary>Return options (RFC 5258 §3.2). Children and special uses are shown always.</summary>
/// <param name="Status">Items of STATUS (RFC 5819), or null.</param>
/// <param name="Metadata">Annotations (RFC 9590), or null.</param>
/// <param name="MyRights">Rights (RFC 8440).</param>
internal sealed record ListReturn(bool Subscribed, IReadOnlyList<StatusItem>? Status, IReadOnlyList<string>? Metadata, bool MyRights)
{
    public static ListReturn Nothing { get; } = new(false, null, null, false);
}

/// <summary>The options of LIST. One that is not known is BAD (RFC 5258 §3); one that comes twice counts once.</summary>
internal static class ListOptions
{
    public static ListSelection ParseSelection(ref CommandScanner scanner)
    {
        var selection = ListSelection.None;
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)')'))
        {
            do
            {
                switch (scanner.Keyword("a selection option"))
                {
                    case "SUBSCRIBED": selection |= ListSelection.Subscribed; break;
                    case "SPECIAL-USE": selection |= ListSelection.SpecialUse; break;
                    case "RECURSIVEMATCH": selection |= ListSelection.RecursiveMatch; break;
                    case "REMOTE": break; // there are no remote mailboxes to add
                    default: scanner.Fail("Unknown selection option"); break;
                }
            }
            while (scanner.TryTake((byte)' '));
        }
        scanner.Expect((byte)')');
        // RFC 5258 §3: RECURSIVEMATCH goes with an option that can match below.
        if (selection == ListSelection.RecursiveMatch) scanner.Fail("RECURSIVEMATCH needs another option");
        return selection;
    }

    public static ListReturn ParseReturn(ref CommandScanner scanner)
    {
        var returns = ListReturn.Nothing;
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)')'))
        {
            do
            {
                switch (scanner.Keyword("a RETURN option"))
                {
                    case "SUBSCRIBED": returns = returns with { Subscribed = true }; break;
                    case "CHILDREN" or "SPECIAL-USE": break; // always shown
                    case "MYRIGHTS": returns = returns with { MyRights = true }; break;
                    case "STATUS":
                        scanner.Space();
                        returns = returns with { Status = Status.ParseItems(ref scanner) };
                        break;
                    case "METADATA":
                        scanner.Space();
                        returns = returns with { Metadata = EntryNames.ParseList(ref scanner) };
                        break;
                    default: scanner.Fail("Unknown RETURN option"); break;
                }
            }
            while (scanner.TryTake((byte)' '));
        }
        scanner.Expect((byte)')');
        return returns;
    }
}
