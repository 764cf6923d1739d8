using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>GETMETADATA (RFC 5464 §4.2): annotations of a mailbox, or with an empty name those of the server.</summary>
/// <param name="Entries">As the client wrote them; the answer repeats its spelling.</param>
/// <param name="MaxSize">Larger values are left out and told of by LONGENTRIES; null leaves out none.</param>
/// <param name="Depth">Levels below the entries: 0, 1, or all.</param>
internal sealed record GetMetadata(MailboxArgument Mailbox, IReadOnlyList<string> Entries, uint? MaxSize, int Depth) : Command
{
    private const int AllLevels = int.MaxValue;

    public static Command Parse(ref CommandScanner scanner)
    {
        uint? maxSize = null;
        var depth = 0;
        scanner.Space();
        // The grammar has the options before the mailbox, the examples after it; clients do both.
        var optionsFirst = scanner.NextIs((byte)'(');
        if (optionsFirst)
        {
            ParseOptions(ref scanner, ref maxSize, ref depth);
            scanner.Space();
        }
        var mailbox = scanner.Mailbox();
        scanner.Space();
        if (!optionsFirst && (scanner.NextAre("(M"u8) || scanner.NextAre("(m"u8) || scanner.NextAre("(D"u8) || scanner.NextAre("(d"u8)))
        {
            ParseOptions(ref scanner, ref maxSize, ref depth);
            scanner.Space();
        }
        return new GetMetadata(mailbox, EntryNames.ParseList(ref scanner), maxSize, depth);
    }

    private static void ParseOptions(ref CommandScanner scanner, ref uint? maxSize, ref int depth)
    {
        scanner.Expect((byte)'(');
        do
        {
            switch (scanner.Keyword("an option"))
            {
                case "MAXSIZE":
                    scanner.Space();
                    maxSize = scanner.Number();
                    break;
                case "DEPTH":
                    scanner.Space();
                    depth = ParseDepth(ref scanner);
                    break;
                default:
                    scanner.Fail("Unknown option");
                    break;
            }
        }
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
    }

    private static int ParseDepth(ref CommandScanner scanner)
    {
        switch (scanner.Keyword("a depth"))
        {
            case "0": return 0;
            case "1": return 1;
            case "INFINITY": return AllLevels;
            default:
                scanner.Fail("A depth is 0, 1 or infinity");
                return 0;
        }
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false);
        if (!Mailbox.IsEmpty && EntryNames.Refusal(mailbox) is { } refusal) return refusal;
        var annotations = await EntryNames.ReadAsync(session, mailbox, cancellationToken).ConfigureAwait(false);
        var longest = 0;
        var answers = new List<(string Entry, ReadOnlyMemory<byte>? Value)>();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Entries)
        {
            var name = EntryNames.Fold(entry);
            // Who names one entry learns that it has no value; below it only what is there is told of.
            if (!annotations.ContainsKey(name) && Depth == 0 && told.Add(name)) answers.Add((entry, null));
            foreach (var (found, value) in annotations)
            {
                if (!IsWithin(found, name) || !told.Add(found)) continue;
                if (value.Length > MaxSize) longest = Math.Max(longest, value.Length);
                else answers.Add((entry + found[name.Length..], value));
            }
        }
        if (answers.Count > 0) Write(session.Output, mailbox?.Name, answers);
        return longest == 0 ? Completion.Ok : Completion.OkWith($"METADATA LONGENTRIES {longest}", "Some values are larger than MAXSIZE");
    }

    private bool IsWithin(string found, string name)
    {
        if (found == name) return true;
        if (Depth == 0 || !found.StartsWith(name, StringComparison.Ordinal) || found[name.Length] != '/') return false;
        return Depth == AllLevels || found.IndexOf('/', name.Length + 1) < 0;
    }

    /// <summary>The METADATA response with values (RFC 5464 §4.4.1).</summary>
    /// <param name="mailbox">Null for the server.</param>
    public static void Write(ResponseWriter output, MailboxName? mailbox, IEnumerable<(string Entry, ReadOnlyMemory<byte>? Value)> entries)
    {
        output.Raw("* METADATA "u8).Mailbox(mailbox?.Value ?? "").Raw(" ("u8);
        var first = true;
        foreach (var (entry, value) in entries)
        {
            if (!first) output.Raw(" "u8);
            first = false;
            output.AString(entry).Raw(" "u8);
            if (value is { } octets) output.Octets(octets.Span);
            else output.Raw("NIL"u8);
        }
        output.Raw(")\r\n"u8);
    }
}
