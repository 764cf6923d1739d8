using System.Buffers;
using System.Buffers.Text;

namespace Merpati.Protocols.Imap;

/// <summary>One command from the client, or why none came.</summary>
/// <param name="Arrival">Octets when there is a command or a refusal.</param>
/// <param name="Refusal">Set when the command broke a limit: answer with this.</param>
internal readonly record struct CommandInput(Arrival Arrival, CommandLine Line = default, Completion? Refusal = null);

/// <summary>What came after the message of a command.</summary>
/// <param name="Owed">Octets of the literal at its end that the client sends whatever we say.</param>
internal readonly record struct TailInput(Arrival Arrival, Completion? Refusal = null, long? Owed = null);

/// <summary>Reads what comes after a message; a mismatch is left in the scanner.</summary>
internal delegate void TailParser(ref CommandScanner scanner);

/// <summary>
/// Gathers a command with its literals (RFC 3501 §4.3, RFC 7888). Each time a literal is announced the command so far is parsed:
/// what is wrong already is refused before the client is asked for more. The message of APPEND is left unread.
/// </summary>
internal sealed class CommandReader(ImapInput input, ResponseWriter output, ImapOptions options)
{
    /// <summary>Octets of a line without end that are dropped before the connection is.</summary>
    private const long LongestDroppedLine = 4 * 1024 * 1024;

    /// <summary>Room for "{n+}" at the end of a line that was cut.</summary>
    private const int LiteralHeaderRoom = 32;

    private static readonly Completion TooMuchToDrop = new(CompletionStatus.Bad, "TOOBIG", "Too much at once", Bye: "Too much at once");

    private readonly OctetBuffer _buffer = new();

    /// <summary>Names of mailboxes come in UTF-8.</summary>
    public bool Utf8 { get; set; }

    public async ValueTask<CommandInput> ReadCommandAsync(SessionStates state)
    {
        try { return await GatherAsync(state).ConfigureAwait(false); }
        finally { _buffer.Release(); }
    }

    private async ValueTask<CommandInput> GatherAsync(SessionStates state)
    {
        var beforeLogin = state == SessionStates.NotAuthenticated;
        var maxLine = beforeLogin ? options.MaxLineLengthBeforeLogin : options.MaxLineLength;
        var maxLiteral = beforeLogin ? options.MaxLiteralLengthBeforeLogin : options.MaxLiteralLength;
        var maxDiscard = beforeLogin ? options.MaxDiscardBeforeLogin : options.MaxDiscard;
        for (var literals = 1; ; literals++)
        {
            var start = _buffer.Length;
            var end = await FillLineAsync(maxLine).ConfigureAwait(false);
            if (end.Arrival != Arrival.Octets) return new CommandInput(end.Arrival);
            var announced = LiteralAtEnd(_buffer.Span[start..]);
            if (end.Endless) return new CommandInput(Arrival.Octets, CommandLine.Parse(_buffer.Span, state, Utf8), TooMuchToDrop);
            if (announced is null && !end.TooLong) return new CommandInput(Arrival.Octets, CommandLine.Parse(_buffer.Span, state, Utf8));

            _buffer.Append("\r\n"u8);
            var line = CommandLine.Parse(_buffer.Span, state, Utf8);
            if (end.TooLong) return await RefuseAsync(line, Completion.Bad("The line is too long"), announced, maxDiscard).ConfigureAwait(false);
            var (length, nonSynchronizing) = announced!.Value;
            if (line.Command is { TakesMessage: true }) return new CommandInput(Arrival.Octets, line);
            if (length > 0)
            {
                if (!line.WantsLiteral) return await RefuseAsync(line, Completion.Bad(line.Error ?? "A literal has no place here"), announced, maxDiscard).ConfigureAwait(false);
                if (length > maxLiteral || _buffer.Length + length > options.MaxCommandLength || literals > options.MaxLiteralsPerCommand)
                    return await RefuseAsync(line, new Completion(CompletionStatus.Bad, "TOOBIG", "The literal is too large"), announced, maxDiscard).ConfigureAwait(false);
            }
            if (!nonSynchronizing) output.Continue("Ready for the literal");
            var arrival = await FillAsync(length).ConfigureAwait(false);
            if (arrival != Arrival.Octets) return new CommandInput(arrival);
        }
    }

    /// <summary>A line that is an answer and no command: of SASL, or DONE. Null octets where something else came first.</summary>
    public async ValueTask<(Arrival Arrival, byte[]? Line)> ReadAnswerAsync(int maxLength)
    {
        try
        {
            var end = await FillLineAsync(maxLength).ConfigureAwait(false);
            return end.Arrival == Arrival.Octets && !end.TooLong ? (end.Arrival, _buffer.Span.ToArray()) : (end.Arrival, null);
        }
        finally { _buffer.Release(); }
    }

    /// <summary>
    /// Gathers what comes after the message of a command, with the literals that are no messages, up to the next message or the end of the command.
    /// </summary>
    /// <param name="parse">Given all of it so far; it may be called again with more.</param>
    public async ValueTask<TailInput> ReadTailAsync(TailParser parse)
    {
        try { return await GatherTailAsync(parse).ConfigureAwait(false); }
        finally { _buffer.Release(); }
    }

    private async ValueTask<TailInput> GatherTailAsync(TailParser parse)
    {
        // One octet stands in the buffer: in the middle of a command the session does not end politely.
        _buffer.Append(" "u8);
        for (var literals = 1; ; literals++)
        {
            var start = _buffer.Length;
            var end = await FillLineAsync(options.MaxLineLength).ConfigureAwait(false);
            if (end.Arrival != Arrival.Octets) return new TailInput(end.Arrival);
            if (end.Endless) return new TailInput(Arrival.Octets, TooMuchToDrop);
            var announced = LiteralAtEnd(_buffer.Span[start..]);
            long? owed = announced is { NonSynchronizing: true } sent ? sent.Length : null;
            if (end.TooLong) return new TailInput(Arrival.Octets, Completion.Bad("The line is too long"), owed);
            if (announced is not null) _buffer.Append("\r\n"u8);
            var (error, wantsLiteral) = Parse(parse);
            if (error is not null) return new TailInput(Arrival.Octets, Completion.Bad($"{error}; nothing was stored"), owed);
            if (!wantsLiteral || announced is not var (length, nonSynchronizing)) return new TailInput(Arrival.Octets, null, owed);
            if (length > options.MaxLiteralLength || _buffer.Length + length > options.MaxCommandLength || literals > options.MaxLiteralsPerCommand)
                return new TailInput(Arrival.Octets, new Completion(CompletionStatus.Bad, "TOOBIG", "The literal is too large"), owed);
            if (!nonSynchronizing) output.Continue("Ready for the literal");
            var arrival = await FillAsync(length).ConfigureAwait(false);
            if (arrival != Arrival.Octets) return new TailInput(arrival);
        }
    }

    private (string? Error, bool WantsLiteral) Parse(TailParser parse)
    {
        var scanner = new CommandScanner(_buffer.Span[1..], Utf8);
        parse(ref scanner);
        return (scanner.Error, scanner.WantsLiteral);
    }

    /// <summary>Reads and drops <paramref name="octets"/> of a refused literal and the rest of its command.</summary>
    /// <returns>Null when the next command can be read; else how the session ends.</returns>
    public async ValueTask<CommandInput?> DiscardAsync(long octets, long maxDiscard)
    {
        while (true)
        {
            if (octets > maxDiscard) return new CommandInput(Arrival.Octets, default, TooMuchToDrop);
            maxDiscard -= octets;
            while (octets > 0)
            {
                input.SetDeadline(options.StallTimeout);
                var (arrival, read) = await input.ReadAsync(mayEnd: false).ConfigureAwait(false);
                if (arrival != Arrival.Octets) return new CommandInput(arrival);
                var part = Math.Min(octets, read.Length);
                input.Consume(read.GetPosition(part));
                octets -= part;
            }
            _buffer.Truncate(0);
            // One octet stands in the buffer: in the middle of a command the session does not end politely.
            _buffer.Append(" "u8);
            var end = await FillLineAsync(options.MaxLineLength).ConfigureAwait(false);
            if (end.Arrival != Arrival.Octets) return new CommandInput(end.Arrival);
            var announced = LiteralAtEnd(_buffer.Span);
            _buffer.Release();
            if (end.Endless) return new CommandInput(Arrival.Octets, default, TooMuchToDrop);
            // A synchronizing literal waits for our "+", which does not come: the client reads the refusal instead.
            if (announced is not { NonSynchronizing: true }) return null;
            octets = announced.Value.Length;
        }
    }

    private async ValueTask<CommandInput> RefuseAsync(CommandLine line, Completion refusal, (long Length, bool NonSynchronizing)? literal, long maxDiscard)
    {
        if (literal is { NonSynchronizing: true })
        {
            var end = await DiscardAsync(literal.Value.Length, maxDiscard).ConfigureAwait(false);
            if (end is { Arrival: not Arrival.Octets }) return end.Value;
            if (end is not null) refusal = TooMuchToDrop;
        }
        return new CommandInput(Arrival.Octets, line, refusal);
    }

    /// <summary>Appends one line without its line break. Of a line too long the head and the last octets stay.</summary>
    private async ValueTask<(Arrival Arrival, bool TooLong, bool Endless)> FillLineAsync(int limit)
    {
        var start = _buffer.Length;
        var total = 0L;
        while (true)
        {
            var (arrival, octets) = await input.ReadAsync(mayEnd: _buffer.Length == 0).ConfigureAwait(false);
            if (arrival != Arrival.Octets) return (arrival, false, false);
            var lineBreak = octets.PositionOf((byte)'\n');
            var part = lineBreak is null ? octets : octets.Slice(0, lineBreak.Value);
            total += part.Length;
            _buffer.Append(part);
            input.Consume(lineBreak is null ? octets.End : octets.GetPosition(1, lineBreak.Value));
            if (lineBreak is not null && _buffer.Length > start && _buffer.Span[^1] == (byte)'\r')
            {
                _buffer.Truncate(_buffer.Length - 1);
                total--;
            }
            if (_buffer.Length - start > limit + LiteralHeaderRoom)
            {
                var tail = _buffer.Span[^LiteralHeaderRoom..].ToArray();
                _buffer.Truncate(start + limit);
                _buffer.Append(tail);
            }
            if (lineBreak is not null || total > LongestDroppedLine) return (Arrival.Octets, total > limit, total > LongestDroppedLine);
        }
    }

    private async ValueTask<Arrival> FillAsync(long octets)
    {
        while (octets > 0)
        {
            var (arrival, read) = await input.ReadAsync(mayEnd: false).ConfigureAwait(false);
            if (arrival != Arrival.Octets) return arrival;
            var part = read.Slice(0, Math.Min(octets, read.Length));
            _buffer.Append(part);
            octets -= part.Length;
            input.Consume(part.End);
        }
        return Arrival.Octets;
    }

    /// <summary>Does the line announce a literal? A quoted string cannot hold a line break, so that nothing else ends like this.</summary>
    internal static (long Length, bool NonSynchronizing)? LiteralAtEnd(ReadOnlySpan<byte> line)
    {
        if (line is not [.., (byte)'}']) return null;
        var open = line.LastIndexOf((byte)'{');
        if (open < 0) return null;
        var digits = line[(open + 1)..^1];
        var nonSynchronizing = digits is [.., (byte)'+'];
        if (nonSynchronizing) digits = digits[..^1];
        if (digits.Length == 0 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return null;
        return Utf8Parser.TryParse(digits, out long length, out _) ? (length, nonSynchronizing) : (long.MaxValue, nonSynchronizing);
    }
}
