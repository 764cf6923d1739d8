namespace Merpati.Protocols.Imap;

/// <summary>What the arguments of APPEND and REPLACE say, one thing after the other, as the client sends it.</summary>
internal abstract record AppendPiece
{
    private AppendPiece() { }

    /// <summary>A message begins.</summary>
    /// <param name="IsWhole">It is one literal; else it is put together (RFC 4469).</param>
    public sealed record Begin(FlagArgument? Flags, DateTimeOffset? InternalDate, bool IsWhole) : AppendPiece;

    /// <summary>Octets that follow on the connection. Always the last of a line.</summary>
    /// <param name="IsBinary">literal8: a NUL may be among them (RFC 3516 §4.4).</param>
    public sealed record Literal(long Length, bool NonSynchronizing, bool IsBinary) : AppendPiece;

    /// <summary>A part of a message that is here already (RFC 4469 §3).</summary>
    public sealed record Url(string Text) : AppendPiece;

    public sealed record End : AppendPiece;
}

/// <summary>Where in the grammar the next octets of an APPEND stand.</summary>
internal enum AppendPosition
{
    /// <summary>Before a message.</summary>
    Message = 0,
    AfterLiteral,

    /// <summary>After the literal of <c>UTF8 (~{n}</c>.</summary>
    AfterUtf8,

    /// <summary>After a part of CATENATE.</summary>
    AfterPart,

    /// <summary>After the literal of a part <c>UTF8 (~{n}</c>.</summary>
    AfterUtf8Part,

    /// <summary>After the last message.</summary>
    End,
}

/// <summary><c>1*append-message</c> of RFC 3501 §9 append, RFC 3502, RFC 4469 §5, RFC 3516 §7 and RFC 6855 §4, up to a literal or to the end of the command.</summary>
internal static class AppendPieces
{
    /// <summary>Parts of one message.</summary>
    private const int MaxParts = 1000;

    /// <param name="several">Another message may follow (RFC 3502).</param>
    /// <returns>Where the scanner stopped; behind a literal there is nothing more to scan.</returns>
    public static AppendPosition Parse(ref CommandScanner scanner, AppendPosition position, bool several, ICollection<AppendPiece> pieces)
    {
        while (!scanner.Failed && position != AppendPosition.End)
        {
            switch (position)
            {
                case AppendPosition.Message:
                    if (ParseMessage(ref scanner, pieces, out position)) return position;
                    break;
                case AppendPosition.AfterPart when scanner.NextIs((byte)' '):
                    scanner.Space();
                    if (ParsePart(ref scanner, pieces, out position)) return position;
                    break;
                case AppendPosition.AfterUtf8Part:
                    scanner.Expect((byte)')');
                    position = AppendPosition.AfterPart;
                    break;
                case AppendPosition.AfterPart or AppendPosition.AfterUtf8:
                    scanner.Expect((byte)')');
                    position = AppendPosition.AfterLiteral;
                    break;
                default:
                    pieces.Add(new AppendPiece.End());
                    position = several && scanner.IsFollowedByArgument ? AppendPosition.Message : AppendPosition.End;
                    if (position == AppendPosition.Message) scanner.Space();
                    break;
            }
            if (pieces.Count > MaxParts) scanner.Fail("Too many parts");
        }
        return position;
    }

    /// <summary>True where it stopped behind a literal.</summary>
    private static bool ParseMessage(ref CommandScanner scanner, ICollection<AppendPiece> pieces, out AppendPosition position)
    {
        FlagArgument? flags = null;
        if (scanner.NextIs((byte)'('))
        {
            flags = scanner.Flags(bare: false);
            scanner.Space();
        }
        DateTimeOffset? date = null;
        if (scanner.NextIs((byte)'"'))
        {
            if (ImapDate.TryParseDateTime(scanner.Text(scanner.String("a date")), out var moment)) date = moment;
            else scanner.Fail("A date is written as \"17-Jul-1996 02:44:25 -0700\"");
            scanner.Space();
        }
        if (scanner.TryWord("CATENATE"u8))
        {
            scanner.Space();
            scanner.Expect((byte)'(');
            pieces.Add(new AppendPiece.Begin(flags, date, IsWhole: false));
            return ParsePart(ref scanner, pieces, out position);
        }
        pieces.Add(new AppendPiece.Begin(flags, date, IsWhole: true));
        position = AppendPosition.AfterLiteral;
        if (TryUtf8(ref scanner)) position = AppendPosition.AfterUtf8;
        ParseLiteral(ref scanner, pieces);
        return true;
    }

    /// <summary>True where it stopped behind a literal.</summary>
    private static bool ParsePart(ref CommandScanner scanner, ICollection<AppendPiece> pieces, out AppendPosition position)
    {
        position = AppendPosition.AfterPart;
        if (scanner.TryWord("TEXT"u8))
        {
            scanner.Space();
            ParseLiteral(ref scanner, pieces);
            return true;
        }
        if (TryUtf8(ref scanner))
        {
            position = AppendPosition.AfterUtf8Part;
            ParseLiteral(ref scanner, pieces);
            return true;
        }
        if (!scanner.TryWord("URL"u8)) scanner.Fail("A part of CATENATE is a URL, a TEXT or a UTF8");
        scanner.Space();
        pieces.Add(new AppendPiece.Url(System.Text.Encoding.Latin1.GetString(scanner.AString("a URL"))));
        return false;
    }

    /// <summary>utf8-literal, <c>UTF8 (~{n}…)</c>, up to the literal (RFC 6855 §4).</summary>
    private static bool TryUtf8(ref CommandScanner scanner)
    {
        if (!scanner.TryWord("UTF8"u8)) return false;
        scanner.Space();
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)'~')) scanner.Fail("After UTF8 comes a literal8");
        return true;
    }

    private static void ParseLiteral(ref CommandScanner scanner, ICollection<AppendPiece> pieces)
    {
        var isBinary = scanner.TryTake((byte)'~');
        scanner.TryLiteralHeader(out var length, out var nonSynchronizing);
        if (scanner.Remaining > 0) scanner.Fail("The message is read from the connection, not from the command");
        pieces.Add(new AppendPiece.Literal(length, nonSynchronizing, isBinary));
    }
}
