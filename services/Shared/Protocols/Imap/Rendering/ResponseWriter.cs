using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Merpati.Mailboxes;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Writes responses straight into the memory of the transport's pipe. Nothing is sent before a flush; who writes much calls
/// <see cref="FlushIfFullAsync"/> between responses and so goes at the pace of the client.
/// </summary>
internal sealed class ResponseWriter(ITransport transport, TimeProvider time, TimeSpan stallTimeout, CancellationToken aborted)
{
    // Each piece of memory becomes a write to the socket (a record of TLS) of its own: a body of 10 KB shall be one. Held only until the flush.
    private const int Chunk = 16 * 1024;
    private const int TextStep = 1024;
    private const int FlushAt = 32 * 1024;
    private const int LongestQuoted = 1024;

    /// <summary>TEXT-CHAR: what a quoted string can carry.</summary>
    private static readonly SearchValues<char> Quotable = SearchValues.Create(Enumerable.Range(1, 126).Select(c => (char)c).Where(c => c is not ('\r' or '\n')).ToArray());

    /// <summary>What needs no escape in it.</summary>
    private static readonly SearchValues<char> PlainText = SearchValues.Create(Enumerable.Range(1, 126).Select(c => (char)c).Where(c => c is not ('\r' or '\n' or '"' or '\\')).ToArray());

    private static readonly SearchValues<char> Escaped = SearchValues.Create("\"\\");

    /// <summary>What no quoted string holds, be it in UTF-8.</summary>
    private static readonly SearchValues<char> Unquotable = SearchValues.Create("\0\r\n");

    // What Flags writes of messages without keywords, which most are: by system flags, the second half with \Recent.
    private static readonly ImmutableArray<byte[]> WithoutKeywords =
        [.. Enumerable.Range(0, 64).Select(bits => Encoding.ASCII.GetBytes($"({string.Join(' ', SystemFlagNames((SystemFlags)(bits & 31), bits > 31))})"))];

    private ArraySegment<byte> _room = ArraySegment<byte>.Empty;
    private int _used;
    private long _pending;

    /// <summary>A literal is announced and not complete: a fault now can only end the connection.</summary>
    public bool OwesOctets { get; set; }

    public ResponseWriter Raw(ReadOnlySpan<byte> octets)
    {
        while (true)
        {
            var part = Math.Min(_room.Count - _used, octets.Length);
            octets[..part].CopyTo(_room.AsSpan(_used));
            _used += part;
            if (part == octets.Length) return this;
            octets = octets[part..];
            Reserve(1);
        }
    }

    /// <summary>Text that is known to be printable ASCII.</summary>
    public ResponseWriter Ascii(ReadOnlySpan<char> text)
    {
        while (true)
        {
            var part = Math.Min(_room.Count - _used, text.Length);
            Encoding.ASCII.GetBytes(text[..part], _room.AsSpan(_used));
            _used += part;
            if (part == text.Length) return this;
            text = text[part..];
            Reserve(1);
        }
    }

    public ResponseWriter Number(long number)
    {
        Utf8Formatter.TryFormat(number, Reserve(20), out var written);
        _used += written;
        return this;
    }

    public ResponseWriter Line() => Raw("\r\n"u8);

    /// <summary>nstring: NIL, quoted, or a literal where quoting cannot carry the text (RFC 3501 §4.3).</summary>
    public ResponseWriter NString(string? text) => text is null ? Raw("NIL"u8) : String(text);

    /// <summary>string: in UTF-8 between quotes where the client knows that (RFC 9051 §4.3, RFC 9755 §3), in a literal where it does not.</summary>
    public ResponseWriter String(string text)
    {
        if (text.Length <= LongestQuoted)
        {
            if (!text.AsSpan().ContainsAnyExcept(PlainText)) return Raw("\""u8).Ascii(text).Raw("\""u8);
            if (!text.AsSpan().ContainsAnyExcept(Quotable)) return Quoted(text);
            if (Utf8 && !text.AsSpan().ContainsAny(Unquotable)) return QuotedUtf8(text);
        }
        // A NUL cannot be sent in any string of IMAP4rev1.
        if (text.Contains('\0', StringComparison.Ordinal)) text = text.Replace("\0", "", StringComparison.Ordinal);
        Raw("{"u8).Number(Encoding.UTF8.GetByteCount(text)).Raw("}\r\n"u8);
        for (ReadOnlySpan<char> rest = text; rest.Length > 0;)
        {
            var status = System.Text.Unicode.Utf8.FromUtf16(rest, Reserve(TextStep), out var read, out var written);
            _used += written;
            rest = rest[read..];
            if (status == OperationStatus.Done) break;
        }
        return this;
    }

    private ResponseWriter QuotedUtf8(string text)
    {
        var escaped = text.AsSpan().ContainsAny(Escaped) ? text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) : text;
        return Raw("\""u8).Raw(Encoding.UTF8.GetBytes(escaped)).Raw("\""u8);
    }

    /// <summary>Text of a header that may be encoded words: that where the client knows ASCII alone (RFC 6858 §2.3).</summary>
    public ResponseWriter HeaderText(string? text) => NString(Utf8 || text is null ? text : EncodedWords.Encode(text));

    /// <summary>Text of a header that has no other form than its own: NIL where the client knows ASCII alone and it is not that (RFC 6858 §2.4).</summary>
    public ResponseWriter AsciiHeaderText(string? text) => NString(Utf8 || text is null || System.Text.Ascii.IsValid(text) ? text : null);

    private ResponseWriter Quoted(ReadOnlySpan<char> text)
    {
        Raw("\""u8);
        while (text.Length > 0)
        {
            var next = text.IndexOfAny(Escaped);
            if (next < 0) return Ascii(text).Raw("\""u8);
            Ascii(text[..next]).Raw("\\"u8).Ascii(text.Slice(next, 1));
            text = text[(next + 1)..];
        }
        return Raw("\""u8);
    }

    /// <summary>string, or literal8 where there is a NUL (RFC 3516 §7), of octets in no charset that we know.</summary>
    public ResponseWriter Octets(ReadOnlySpan<byte> octets)
    {
        if (octets.Length <= LongestQuoted && !octets.ContainsAnyExceptInRange((byte)1, (byte)126) && !octets.ContainsAny((byte)'\r', (byte)'\n')) return String(Encoding.ASCII.GetString(octets));
        if (octets.Contains((byte)0)) Raw("~"u8);
        return Raw("{"u8).Number(octets.Length).Raw("}\r\n"u8).Raw(octets);
    }

    /// <summary>astring: an atom where it can be one.</summary>
    public ResponseWriter AString(string text)
    {
        if (text.Length == 0) return Raw("\"\""u8);
        foreach (var c in text)
        {
            if (c > '\x7e' || !Syntax.AStringChars.Contains((byte)c)) return String(text);
        }
        // NIL as a name would read as nil to a careless client.
        return text.Equals("NIL", StringComparison.OrdinalIgnoreCase) ? String(text) : Ascii(text);
    }

    /// <summary>The client knows UTF-8 in quoted strings, names of mailboxes and headers.</summary>
    public bool Utf8 { get; set; }

    public ResponseWriter Mailbox(MailboxName name) => Mailbox(name.Value);

    /// <summary>A name, or what a client took for one.</summary>
    public ResponseWriter Mailbox(string name) => AString(Utf8 ? name : ModifiedUtf7.Encode(name));

    public ResponseWriter DateTime(DateTimeOffset moment) => Raw("\""u8).Ascii(ImapDate.Format(moment)).Raw("\""u8);

    /// <summary>flag-list with its parentheses.</summary>
    public ResponseWriter Flags(MessageFlags flags, bool recent)
    {
        ReadOnlySpan<byte> system = WithoutKeywords[(int)flags.System & 31 | (recent ? 32 : 0)];
        if (flags.Keywords.Count == 0) return Raw(system);
        Raw(system[..^1]);
        for (var i = 0; i < flags.Keywords.Count; i++)
        {
            if (i > 0 || system.Length > 2) Raw(" "u8);
            Ascii(flags.Keywords[i]);
        }
        return Raw(")"u8);
    }

    private static IEnumerable<string> SystemFlagNames(SystemFlags flags, bool recent)
    {
        if (recent) yield return "\\Recent";
        if (flags.HasFlag(SystemFlags.Answered)) yield return "\\Answered";
        if (flags.HasFlag(SystemFlags.Flagged)) yield return "\\Flagged";
        if (flags.HasFlag(SystemFlags.Deleted)) yield return "\\Deleted";
        if (flags.HasFlag(SystemFlags.Seen)) yield return "\\Seen";
        if (flags.HasFlag(SystemFlags.Draft)) yield return "\\Draft";
    }

    /// <summary>sequence-set of numbers that ascend.</summary>
    public ResponseWriter NumberSet(IEnumerable<uint> ascending)
    {
        uint first = 0, last = 0;
        var started = false;
        foreach (var number in ascending)
        {
            if (first != 0 && number == last + 1)
            {
                last = number;
                continue;
            }
            WriteRange();
            first = last = number;
        }
        WriteRange();
        return this;

        void WriteRange()
        {
            if (first == 0) return;
            if (started) Raw(","u8);
            started = true;
            Number(first);
            if (last > first) Raw(":"u8).Number(last);
        }
    }

    /// <summary>uid-set.</summary>
    public ResponseWriter UidSet(IEnumerable<UidRange> ranges)
    {
        var first = true;
        foreach (var range in ranges)
        {
            if (!first) Raw(","u8);
            first = false;
            Number(range.First.Value);
            if (range.Last > range.First) Raw(":"u8).Number(range.Last.Value);
        }
        return this;
    }

    /// <summary><c>MODSEQ (n)</c> (RFC 7162 §3.1.4.2).</summary>
    public ResponseWriter ModSeq(ModSeq modSeq) => Raw("MODSEQ ("u8).Number(modSeq.Value).Raw(")"u8);

    /// <summary>MAILBOXID (RFC 8474 §4). It begins with a letter, so that no client takes it for a number (§7).</summary>
    public ResponseWriter ObjectId(MailboxId mailbox) => Ascii(ObjectIdOf(mailbox));

    public static string ObjectIdOf(MailboxId mailbox) => "F" + mailbox;

    /// <summary><c>* OK [code] text</c> and its kin.</summary>
    public ResponseWriter Untagged(ReadOnlySpan<char> status, string? code, string text)
    {
        Raw("* "u8).Ascii(status);
        if (code is not null) Raw(" ["u8).Ascii(code).Raw("]"u8);
        return Raw(" "u8).Ascii(text).Line();
    }

    /// <summary><c>* n WORD</c>.</summary>
    public ResponseWriter Untagged(long number, ReadOnlySpan<byte> word) => Raw("* "u8).Number(number).Raw(" "u8).Raw(word).Line();

    public ResponseWriter Continue(ReadOnlySpan<char> text) => Raw("+ "u8).Ascii(text).Line();

    /// <summary>Memory to read a body into; report what was filled by <see cref="Advance"/>.</summary>
    public Memory<byte> GetMemory(int size)
    {
        Reserve(size);
        return _room.AsMemory(_used);
    }

    public void Advance(int count) => _used += count;

    public ValueTask FlushIfFullAsync() => _pending + _used >= FlushAt ? FlushAsync() : default;

    /// <summary>Sends what was written and waits while the client is behind.</summary>
    /// <exception cref="ConnectionLostException">It is gone, or took nothing for too long.</exception>
    public ValueTask FlushAsync()
    {
        if (_pending + _used == 0) return default;
        Commit();
        _pending = 0;
        return SendAsync();
    }

    private async ValueTask SendAsync()
    {
        if (!await transport.TryFlushAsync(stallTimeout, time, aborted).ConfigureAwait(false)) throw new ConnectionLostException("the client takes no more", canWrite: false);
    }

    private Span<byte> Reserve(int size)
    {
        if (_room.Count - _used < size)
        {
            Commit();
            // The memory of a pipe is an array's, here and in every other one that there is.
            _room = MemoryMarshal.TryGetArray<byte>(transport.Output.GetMemory(Math.Max(size, Chunk)), out var room) ? room : throw new NotSupportedException("A pipe whose memory is no array.");
        }
        return _room.AsSpan(_used);
    }

    private void Commit()
    {
        if (_used > 0) transport.Output.Advance(_used);
        _pending += _used;
        _used = 0;
        _room = ArraySegment<byte>.Empty;
    }
}
