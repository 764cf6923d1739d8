using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Walks over one command, literals in place, by the grammar of RFC 3501 §9. The first thing that does not fit is remembered in
/// <see cref="Error"/> and everything after it reads as empty, so that a parser is written straight down and looks once, at its end.
/// </summary>
/// <param name="utf8">Names of mailboxes are in UTF-8, not in modified UTF-7.</param>
internal ref struct CommandScanner(ReadOnlySpan<byte> command, bool utf8 = false)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _command = command;
    private int _position;
    private bool _anyText;

    /// <summary>Why the command is a syntax error, in words for the client; null while it fits.</summary>
    public string? Error { get; private set; }

    /// <summary>The command fits so far and ends in the announcement of a literal whose octets have not come yet.</summary>
    public bool WantsLiteral { get; private set; }

    public readonly bool Failed => Error is not null || WantsLiteral;

    /// <summary>A set of message numbers was among the arguments.</summary>
    public bool UsesNumbers { get; set; }

    public bool Utf8 { get; } = utf8;

    /// <summary>Octets not yet looked at.</summary>
    public readonly int Remaining => _command.Length - _position;

    private readonly ReadOnlySpan<byte> Rest => Failed ? default : _command[_position..];

    public void Fail(string error)
    {
        if (!Failed) Error = error;
    }

    /// <summary>The command ends here. Spaces before the line break are forgiven: some clients send them.</summary>
    public void End()
    {
        if (!Failed && Rest.ContainsAnyExcept((byte)' ')) Fail("Unexpected text at the end of the command");
    }

    public readonly bool NextIs(byte octet) => Rest is { Length: > 0 } rest && rest[0] == octet;

    public readonly bool NextAre(ReadOnlySpan<byte> octets) => Rest.StartsWith(octets);

    /// <summary>A space and something after it, and not only spaces before the line break.</summary>
    public readonly bool IsFollowedByArgument => NextIs((byte)' ') && Rest.ContainsAnyExcept((byte)' ');

    public readonly bool NextIsDigit => Rest is { Length: > 0 } rest && char.IsAsciiDigit((char)rest[0]);

    public bool TryTake(byte octet)
    {
        if (!NextIs(octet)) return false;
        _position++;
        return true;
    }

    public void Expect(byte octet)
    {
        if (!TryTake(octet)) Fail($"Expected '{(char)octet}'");
    }

    public void Space()
    {
        if (!TryTake((byte)' ')) Fail("Expected a space and an argument");
    }

    /// <summary>Takes the word when it stands here, in any case, and no atom goes on after it.</summary>
    public bool TryWord(ReadOnlySpan<byte> word)
    {
        var rest = Rest;
        if (rest.Length < word.Length || !Ascii.EqualsIgnoreCase(rest[..word.Length], word)) return false;
        if (rest.Length > word.Length && IsWordChar(rest[word.Length])) return false;
        _position += word.Length;
        return true;
    }

    private static bool IsWordChar(byte octet) => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'.' or (byte)'-' or (byte)'_';

    public ReadOnlySpan<byte> Take(SearchValues<byte> characters, string what)
    {
        var rest = Rest;
        var length = rest.IndexOfAnyExcept(characters);
        if (length < 0) length = rest.Length;
        if (length == 0) Fail($"Expected {what}");
        _position += length;
        return rest[..length];
    }

    public string Atom(string what) => Encoding.ASCII.GetString(Take(Syntax.AtomChars, what));

    /// <summary>An atom in capitals: a keyword of the protocol.</summary>
    public string Keyword(string what) => Atom(what).ToUpperInvariant();

    /// <summary>astring: atom with ']' allowed, quoted or literal.</summary>
    public ReadOnlySpan<byte> AString(string what)
        => NextIs((byte)'"') || NextIs((byte)'{') ? String(what) : Take(Syntax.AStringChars, what);

    /// <summary>string: quoted or literal.</summary>
    public ReadOnlySpan<byte> String(string what)
    {
        if (NextIs((byte)'"')) return Quoted();
        if (NextIs((byte)'{')) return Literal();
        Fail($"Expected {what}");
        return default;
    }

    /// <summary>nstring; false for NIL.</summary>
    public bool NString(string what, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (TryWord("NIL"u8)) return false;
        value = String(what);
        return true;
    }

    /// <summary>nstring or literal8, which may hold NUL (RFC 3516 §7); false for NIL.</summary>
    public bool NString8(string what, out ReadOnlySpan<byte> value)
    {
        if (!NextAre("~{"u8)) return NString(what, out value);
        _position++;
        value = Literal(holdsNul: true);
        return true;
    }

    /// <summary>UTF-8 is taken whether or not it was asked for: what is meant is clear. Other octets over 127 have no place in it (RFC 9755 §3).</summary>
    private ReadOnlySpan<byte> Quoted()
    {
        var text = QuotedOctets();
        if (_anyText || System.Text.Unicode.Utf8.IsValid(text)) return text;
        Fail("A quoted string is in UTF-8");
        return default;
    }

    private ReadOnlySpan<byte> QuotedOctets()
    {
        var rest = Rest[1..];
        var end = rest.IndexOfAny("\"\\\r\n\0"u8);
        if (end >= 0 && rest[end] == (byte)'"')
        {
            _position += end + 2;
            return rest[..end];
        }
        var unescaped = new byte[rest.Length];
        var length = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            var octet = rest[i];
            switch (octet)
            {
                case (byte)'"':
                    _position += i + 2;
                    return unescaped.AsSpan(0, length);
                case (byte)'\r' or (byte)'\n' or 0:
                    Fail("A quoted string holds no line break or NUL");
                    return default;
                case (byte)'\\':
                    i++;
                    if (i == rest.Length || rest[i] is not ((byte)'"' or (byte)'\\'))
                    {
                        Fail("Only \\\\ and \\\" are escaped in a quoted string");
                        return default;
                    }
                    octet = rest[i];
                    break;
                default:
                    break;
            }
            unescaped[length++] = octet;
        }
        Fail("A quoted string is not closed");
        return default;
    }

    private ReadOnlySpan<byte> Literal(bool holdsNul = false)
    {
        if (!TryLiteralHeader(out var length, out _)) return default;
        if (length > _command.Length - _position)
        {
            WantsLiteral = true;
            return default;
        }
        var octets = _command.Slice(_position, (int)length);
        if (!holdsNul && octets.Contains((byte)0))
        {
            Fail("A literal holds no NUL");
            return default;
        }
        _position += (int)length;
        return octets;
    }

    /// <summary><c>{n}</c> or <c>{n+}</c> and its line break (RFC 7888); what follows is left alone.</summary>
    public bool TryLiteralHeader(out long length, out bool nonSynchronizing)
    {
        length = 0;
        nonSynchronizing = false;
        var rest = Rest;
        if (rest.Length == 0 || rest[0] != (byte)'{' || !Utf8Parser.TryParse(rest[1..], out length, out var digits) || rest[1] is (byte)'-' or (byte)'+')
        {
            Fail("Expected a literal");
            return false;
        }
        rest = rest[(1 + digits)..];
        nonSynchronizing = rest is [(byte)'+', ..];
        if (nonSynchronizing) rest = rest[1..];
        if (!rest.StartsWith("}\r\n"u8))
        {
            Fail("A literal is announced by {count} at the end of the line");
            return false;
        }
        _position = _command.Length - rest.Length + 3;
        return true;
    }

    /// <summary>Octets as UTF-8, of which ASCII is a part.</summary>
    public string Text(ReadOnlySpan<byte> octets)
    {
        if (_anyText) return Encoding.Latin1.GetString(octets);
        try { return StrictUtf8.GetString(octets); }
        catch (DecoderFallbackException)
        {
            Fail("Text is not valid UTF-8");
            return "";
        }
    }

    /// <summary>Texts from here on are in a charset that we do not know.</summary>
    public void AcceptAnyText() => _anyText = true;

    /// <summary>number, of 32 bits.</summary>
    public uint Number()
    {
        var rest = Rest;
        if (rest.Length == 0 || !char.IsAsciiDigit((char)rest[0]) || !Utf8Parser.TryParse(rest, out uint number, out var digits))
        {
            Fail("Expected a number");
            return 0;
        }
        _position += digits;
        return number;
    }

    public uint NonZeroNumber()
    {
        var number = Number();
        if (number == 0) Fail("Zero is not allowed here");
        return number;
    }

    /// <summary>mod-sequence-valzer: 63 bits (RFC 7162 §7).</summary>
    public long ModSeqValue() => Number64("a mod-sequence");

    /// <summary>number64, of 63 bits (RFC 9051 §9).</summary>
    public long Number64(string what = "a number")
    {
        var rest = Rest;
        if (rest.Length == 0 || !char.IsAsciiDigit((char)rest[0]) || !Utf8Parser.TryParse(rest, out long number, out var digits))
        {
            Fail($"Expected {what}");
            return 0;
        }
        _position += digits;
        return number;
    }

    /// <summary>sequence-set: <c>1,3:5,9:*</c>, or <c>$</c> alone (RFC 5182 §3).</summary>
    public SequenceSet SequenceSet()
    {
        if (TryTake((byte)'$')) return Imap.SequenceSet.Saved;
        var ranges = new List<SequenceRange>();
        do
        {
            var first = SequenceNumber();
            ranges.Add(new SequenceRange(first, TryTake((byte)':') ? SequenceNumber() : first));
        }
        while (TryTake((byte)','));
        return new SequenceSet(ranges);
    }

    private uint SequenceNumber() => TryTake((byte)'*') ? SequenceRange.Star : NonZeroNumber();

    /// <summary>The name of a mailbox as an argument; whether it is a possible name is the command's to say.</summary>
    public MailboxArgument Mailbox() => new(AString("a mailbox name"), Utf8);

    /// <summary>date, bare or quoted (RFC 3501 §9).</summary>
    public DateOnly Date()
    {
        var text = Encoding.Latin1.GetString(AString("a date"));
        if (ImapDate.TryParseDate(text, out var date)) return date;
        Fail("A date is written as 1-Feb-1994");
        return default;
    }

    /// <summary>A parenthesised flag list, or with <paramref name="bare"/> also flags without parentheses (STORE).</summary>
    public FlagArgument Flags(bool bare)
    {
        var listed = TryTake((byte)'(');
        if (!listed && !bare) Fail("Expected a list of flags");
        var system = SystemFlags.None;
        List<string>? keywords = null;
        if (!listed || !NextIs((byte)')'))
        {
            do
            {
                if (!TryTake((byte)'\\')) (keywords ??= []).Add(Atom("a flag"));
                else system |= SystemFlag();
            }
            while (TryTake((byte)' '));
        }
        if (listed) Expect((byte)')');
        return new FlagArgument(system, keywords ?? []);
    }

    private SystemFlags SystemFlag()
    {
        switch (Keyword("a flag"))
        {
            case "SEEN": return SystemFlags.Seen;
            case "ANSWERED": return SystemFlags.Answered;
            case "FLAGGED": return SystemFlags.Flagged;
            case "DELETED": return SystemFlags.Deleted;
            case "DRAFT": return SystemFlags.Draft;
            // RFC 3501 §2.3.2; the grammar has no place for it in a command, and who sends it would believe that it was set.
            case "RECENT":
                Fail("\\Recent is set by the server alone");
                return SystemFlags.None;
            default:
                Fail("Unknown system flag");
                return SystemFlags.None;
        }
    }
}
