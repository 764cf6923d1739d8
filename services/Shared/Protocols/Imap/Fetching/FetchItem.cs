using System.Text;

namespace Merpati.Protocols.Imap;

/// <summary><c>&lt;offset.count&gt;</c> of a section (RFC 3501 §6.4.5, of 63 bits in RFC 9051 §9 partial).</summary>
internal readonly record struct Partial(long Offset, long Count);

/// <summary>One data item of FETCH (RFC 3501 §6.4.5).</summary>
internal abstract record FetchItem
{
    private FetchItem() { }

    public sealed record Flags : FetchItem;

    public sealed record Uid : FetchItem;

    /// <summary>RFC 7162 §3.1.4.2.</summary>
    public sealed record ModSeq : FetchItem;

    public sealed record InternalDate : FetchItem;

    /// <summary>RFC 8514 §4.2.</summary>
    public sealed record SaveDate : FetchItem;

    /// <summary>RFC 8474 §5.1.</summary>
    public sealed record EmailId : FetchItem;

    /// <summary>RFC 8474 §5.2.</summary>
    public sealed record ThreadId : FetchItem;

    /// <summary>RFC 8970 §3.1; computed when the message arrived, so that LAZY makes no difference.</summary>
    public sealed record Preview : FetchItem;

    public sealed record Size : FetchItem;

    public sealed record Envelope : FetchItem;

    /// <summary>BODY, or BODYSTRUCTURE with extension data.</summary>
    public sealed record Structure(bool Extensible) : FetchItem;

    /// <summary>BODY[…], BODY.PEEK[…] and the RFC822 items that are the same under old names.</summary>
    /// <param name="Label">The item's name in the response.</param>
    /// <param name="Peek">Leaves \Seen alone.</param>
    /// <param name="Decoded">BINARY[…]: without the transfer encoding (RFC 3516 §4.2).</param>
    public sealed record Section(BodySection Body, Partial? Partial, byte[] Label, bool Peek, bool Decoded = false) : FetchItem;

    /// <summary>BINARY.SIZE[…] (RFC 3516 §4.2).</summary>
    public sealed record BinarySize(BodySection Body, byte[] Label) : FetchItem;
}

/// <summary>Parses the items of FETCH.</summary>
internal static class FetchItems
{
    private const int MaxItems = 100;
    private const int MaxPathLength = 100;

    private static readonly System.Buffers.SearchValues<byte> NameChars = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789."u8);

    private static readonly System.Buffers.SearchValues<char> NeedsQuoting = System.Buffers.SearchValues.Create("(){%*\"\\");

    public static IReadOnlyList<FetchItem> Parse(ref CommandScanner scanner)
    {
        var items = new List<FetchItem>();
        if (!scanner.TryTake((byte)'('))
        {
            ParseItem(ref scanner, items, macros: true);
            return items;
        }
        do ParseItem(ref scanner, items, macros: false);
        while (scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        if (items.Count > MaxItems) scanner.Fail("Too many items");
        return items;
    }

    private static void ParseItem(ref CommandScanner scanner, List<FetchItem> items, bool macros)
    {
        var name = Encoding.ASCII.GetString(scanner.Take(NameChars, "a FETCH item")).ToUpperInvariant();
        switch (name)
        {
            case "FLAGS": items.Add(new FetchItem.Flags()); break;
            case "UID": items.Add(new FetchItem.Uid()); break;
            case "MODSEQ": items.Add(new FetchItem.ModSeq()); break;
            case "INTERNALDATE": items.Add(new FetchItem.InternalDate()); break;
            case "SAVEDATE": items.Add(new FetchItem.SaveDate()); break;
            case "EMAILID": items.Add(new FetchItem.EmailId()); break;
            case "THREADID": items.Add(new FetchItem.ThreadId()); break;
            case "PREVIEW":
                // What else may follow in parentheses are the modifiers of the command.
                scanner.TryWord(" (LAZY)"u8);
                items.Add(new FetchItem.Preview());
                break;
            case "RFC822.SIZE": items.Add(new FetchItem.Size()); break;
            case "ENVELOPE": items.Add(new FetchItem.Envelope()); break;
            case "BODYSTRUCTURE": items.Add(new FetchItem.Structure(Extensible: true)); break;
            case "BODY" when !scanner.NextIs((byte)'['): items.Add(new FetchItem.Structure(Extensible: false)); break;
            case "BODY": items.Add(ParseSection(ref scanner, peek: false)); break;
            case "BODY.PEEK": items.Add(ParseSection(ref scanner, peek: true)); break;
            case "BINARY": items.Add(ParseBinary(ref scanner, peek: false)); break;
            case "BINARY.PEEK": items.Add(ParseBinary(ref scanner, peek: true)); break;
            case "BINARY.SIZE":
                var path = ParsePartNumber(ref scanner);
                items.Add(new FetchItem.BinarySize(new BodySection(path, SectionText.Whole, []), Encoding.ASCII.GetBytes($"BINARY.SIZE[{string.Join('.', path)}]")));
                break;
            case "RFC822": items.Add(new FetchItem.Section(BodySection.Message, null, "RFC822"u8.ToArray(), Peek: false)); break;
            case "RFC822.HEADER": items.Add(new FetchItem.Section(BodySection.Message with { Text = SectionText.Header }, null, "RFC822.HEADER"u8.ToArray(), Peek: true)); break;
            case "RFC822.TEXT": items.Add(new FetchItem.Section(BodySection.Message with { Text = SectionText.Text }, null, "RFC822.TEXT"u8.ToArray(), Peek: false)); break;
            case "ALL" or "FAST" or "FULL" when macros:
                items.AddRange([new FetchItem.Flags(), new FetchItem.InternalDate(), new FetchItem.Size()]);
                if (name != "FAST") items.Add(new FetchItem.Envelope());
                if (name == "FULL") items.Add(new FetchItem.Structure(Extensible: false));
                break;
            default:
                scanner.Fail("Unknown FETCH item");
                break;
        }
    }

    /// <summary><c>[section]</c> or <c>[section]&lt;offset.count&gt;</c>; null for what is none.</summary>
    public static FetchItem.Section? TryParseSection(string text)
    {
        var scanner = new CommandScanner(Encoding.UTF8.GetBytes(text));
        var section = ParseSection(ref scanner, peek: true);
        scanner.End();
        return scanner.Failed ? null : section;
    }

    private static FetchItem.Section ParseSection(ref CommandScanner scanner, bool peek)
    {
        scanner.Expect((byte)'[');
        var path = new List<uint>();
        var text = SectionText.Whole;
        var fields = new List<string>();
        var label = new StringBuilder("BODY[");
        if (!scanner.NextIs((byte)']'))
        {
            var more = true;
            while (more && scanner.NextIsDigit)
            {
                path.Add(scanner.NonZeroNumber());
                label.Append(path[^1]);
                more = scanner.TryTake((byte)'.');
                if (more) label.Append('.');
            }
            if (more) text = ParseText(ref scanner, path.Count > 0, fields, label);
        }
        scanner.Expect((byte)']');
        label.Append(']');
        if (path.Count > MaxPathLength) scanner.Fail("No part is so deep");
        var partial = ParsePartial(ref scanner, label);
        return new FetchItem.Section(new BodySection(path, text, fields), partial, Encoding.UTF8.GetBytes(label.ToString()), peek);
    }

    private static Partial? ParsePartial(ref CommandScanner scanner, StringBuilder label)
    {
        if (!scanner.TryTake((byte)'<')) return null;
        var offset = scanner.Number64();
        scanner.Expect((byte)'.');
        var partial = new Partial(offset, scanner.Number64());
        if (partial.Count == 0) scanner.Fail("Zero is not allowed here");
        scanner.Expect((byte)'>');
        label.Append('<').Append(offset).Append('>');
        return partial;
    }

    private static FetchItem.Section ParseBinary(ref CommandScanner scanner, bool peek)
    {
        var path = ParsePartNumber(ref scanner);
        var label = new StringBuilder("BINARY[").AppendJoin('.', path).Append(']');
        var partial = ParsePartial(ref scanner, label);
        return new FetchItem.Section(new BodySection(path, SectionText.Whole, []), partial, Encoding.ASCII.GetBytes(label.ToString()), peek, Decoded: true);
    }

    /// <summary>section-binary (RFC 3516 §7): part numbers alone.</summary>
    private static List<uint> ParsePartNumber(ref CommandScanner scanner)
    {
        var path = new List<uint>();
        scanner.Expect((byte)'[');
        if (!scanner.NextIs((byte)']'))
        {
            do path.Add(scanner.NonZeroNumber());
            while (scanner.TryTake((byte)'.'));
        }
        scanner.Expect((byte)']');
        if (path.Count > MaxPathLength) scanner.Fail("No part is so deep");
        return path;
    }

    private static SectionText ParseText(ref CommandScanner scanner, bool ofPart, List<string> fields, StringBuilder label)
    {
        var name = Encoding.ASCII.GetString(scanner.Take(NameChars, "a section")).ToUpperInvariant();
        label.Append(name);
        switch (name)
        {
            case "HEADER": return SectionText.Header;
            case "TEXT": return SectionText.Text;
            case "MIME" when ofPart: return SectionText.Mime;
            case "HEADER.FIELDS" or "HEADER.FIELDS.NOT":
                scanner.Space();
                scanner.Expect((byte)'(');
                do fields.Add(Encoding.Latin1.GetString(scanner.AString("a header field")));
                while (scanner.TryTake((byte)' '));
                scanner.Expect((byte)')');
                // Names of header fields are printable ASCII (RFC 5322 §2.2); nothing else could be found, or repeated in the response.
                if (fields.Exists(field => field.AsSpan().ContainsAnyExceptInRange('!', '~'))) scanner.Fail("No header field has such a name");
                label.Append(" (").AppendJoin(' ', fields.Select(Quote)).Append(')');
                return name == "HEADER.FIELDS" ? SectionText.HeaderFields : SectionText.HeaderFieldsNot;
            default:
                scanner.Fail("Unknown section");
                return SectionText.Whole;
        }
    }

    private static string Quote(string field)
        => field.Length > 0 && !field.AsSpan().ContainsAny(NeedsQuoting) ? field : "\"" + field.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
