using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>SEARCH and UID SEARCH (RFC 3501 §6.4.4), with RETURN (RFC 4731).</summary>
/// <param name="Return">Null without RETURN: the answer is a SEARCH response.</param>
/// <param name="Key">Null for a charset that is not supported.</param>
internal sealed record Search(bool ByUid, SearchReturns? Return, SearchKey? Key) : Command
{
    private static readonly Completion BadCharset = Completion.No("BADCHARSET (US-ASCII UTF-8)", "Only US-ASCII and UTF-8");

    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Search Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        SearchReturns? returns = null;
        if (scanner.TryWord("RETURN"u8))
        {
            scanner.Space();
            returns = ParseReturns(ref scanner);
            scanner.Space();
        }
        if (scanner.TryWord("CHARSET"u8))
        {
            scanner.Space();
            var charset = scanner.Text(scanner.AString("a charset")).ToUpperInvariant();
            scanner.Space();
            if (charset is not ("UTF-8" or "US-ASCII" or "ASCII"))
            {
                // The texts of the program are of no use; only its form is looked at, and literals have to be passed over.
                scanner.AcceptAnyText();
                SearchKeys.ParseProgram(ref scanner);
                return new Search(byUid, returns, null);
            }
        }
        return new Search(byUid, returns, SearchKeys.ParseProgram(ref scanner));
    }

    private static SearchReturns ParseReturns(ref CommandScanner scanner)
    {
        var returns = SearchReturns.None;
        scanner.Expect((byte)'(');
        while (!scanner.Failed && !scanner.NextIs((byte)')'))
        {
            if (returns != SearchReturns.None) scanner.Space();
            switch (scanner.Keyword("a RETURN option"))
            {
                case "MIN": returns |= SearchReturns.Min; break;
                case "MAX": returns |= SearchReturns.Max; break;
                case "ALL": returns |= SearchReturns.All; break;
                case "COUNT": returns |= SearchReturns.Count; break;
                default: scanner.Fail("Unknown RETURN option"); break;
            }
        }
        scanner.Expect((byte)')');
        return returns == SearchReturns.None ? SearchReturns.All : returns;
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Key is null) return BadCharset;
        var mailbox = session.Selected;
        var found = await session.Mailboxes.SearchAsync(mailbox.Account, mailbox.Id, Key(mailbox.View), cancellationToken).ConfigureAwait(false);
        var numbers = new List<uint>(found.Count);
        foreach (var uid in found)
        {
            // What arrived and has not been told of has no number yet, and does not show in either form.
            var number = mailbox.View.NumberOf(uid);
            if (number > 0) numbers.Add(ByUid ? uid.Value : (uint)number);
        }
        if (Return is { } returns) WriteExtended(session, returns, numbers);
        else await WriteAsync(session.Output, numbers).ConfigureAwait(false);
        return Completion.Ok;
    }

    private static async ValueTask WriteAsync(ResponseWriter output, List<uint> numbers)
    {
        output.Raw("* SEARCH"u8);
        foreach (var number in numbers)
        {
            output.Raw(" "u8).Number(number);
            await output.FlushIfFullAsync().ConfigureAwait(false);
        }
        output.Line();
    }

    /// <summary>RFC 4731 §3.1: MIN, MAX and ALL are left out when nothing was found.</summary>
    private void WriteExtended(ImapSession session, SearchReturns returns, List<uint> numbers)
    {
        var output = session.Output.Raw("* ESEARCH (TAG "u8).String(session.Tag).Raw(")"u8);
        if (ByUid) output.Raw(" UID"u8);
        if (numbers.Count > 0)
        {
            if (returns.HasFlag(SearchReturns.Min)) output.Raw(" MIN "u8).Number(numbers[0]);
            if (returns.HasFlag(SearchReturns.Max)) output.Raw(" MAX "u8).Number(numbers[^1]);
            if (returns.HasFlag(SearchReturns.All)) output.Raw(" ALL "u8).NumberSet(numbers);
        }
        if (returns.HasFlag(SearchReturns.Count)) output.Raw(" COUNT "u8).Number(numbers.Count);
        output.Line();
    }
}

/// <summary>Result options (RFC 4731 §3.1).</summary>
[Flags]
internal enum SearchReturns
{
    None = 0,
    Min = 1,
    Max = 2,
    All = 4,
    Count = 8,
}
