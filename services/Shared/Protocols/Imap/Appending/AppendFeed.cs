using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Merpati.Streams;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The messages of APPEND and REPLACE as the store asks for them, straight from the connection and from messages that are here: never one of them is held.
/// The last is followed by the end of the command, so that one that breaks off or goes on wrongly stores nothing.
/// </summary>
/// <param name="several">More than one message may come (RFC 3502).</param>
internal sealed class AppendFeed(ImapSession session, IEnumerable<AppendPiece> pieces, AppendPosition position, bool several)
{
    private readonly Queue<AppendPiece> _pieces = new(pieces);
    private AppendPosition _position = position;
    private bool _asked;
    private bool _inLiteral;
    private bool _isBinary;
    private bool _isWhole;
    private long _length;
    private HeaderOctets _header;
    private SectionContent? _section;

    /// <summary>Why nothing is stored, once that is known.</summary>
    public Completion? Refusal { get; private set; }

    /// <summary>The client went away or stopped sending.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Octets of a literal that the client sends whatever we say, after which the rest of its command comes; null where there is nothing more of it.</summary>
    public long? Owed { get; private set; } = pieces.LastOrDefault() is AppendPiece.Literal { NonSynchronizing: true } literal ? literal.Length : null;

    /// <param name="rights">At the destination: flags that they do not cover are left out (RFC 4314 §4).</param>
    public async IAsyncEnumerable<MessageToAppend> MessagesAsync(MailboxRights rights, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var count = 1; _pieces.TryDequeue(out var piece); count++)
        {
            var begin = (AppendPiece.Begin)piece;
            if (count > session.Options.MaxMessagesPerAppend) throw Refuse(Completion.No("LIMIT", "Too many messages at once"));
            if (begin.Flags is { IsWithinLimits: false }) throw Refuse(Completion.FlagLimit);
            _length = 0;
            _header = default;
            _isWhole = begin.IsWhole;
            long? size = begin.IsWhole ? ((AppendPiece.Literal)_pieces.Peek()).Length : null;
            if (size == 0) throw Refuse(NoEmptyMessage);
            if (_pieces.Peek() is AppendPiece.Literal) Ask();
            var content = new Content(this);
            await using (content.ConfigureAwait(false))
            {
                yield return new MessageToAppend(begin.Flags?.ToFlags().Within(rights) ?? MessageFlags.None, begin.InternalDate, size, content);
                // Who knows the size has not looked beyond the last octet.
                if (await ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) > 0) throw new InvalidOperationException("A message was not read to its end.");
            }
            _pieces.Dequeue();
        }
    }

    private static Completion EightBitHeader => Completion.No("CANNOT", "A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only");

    private static Completion NoEmptyMessage => Completion.No("CANNOT", "An empty message cannot be stored");

    /// <summary>Some octets of the message; 0 at its end, when the next piece is its <see cref="AppendPiece.End"/>.</summary>
    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = _inLiteral ? await ReadLiteralAsync(buffer).ConfigureAwait(false)
                : _section is not null ? await _section.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)
                : 0;
            if (read > 0)
            {
                _length += read;
                if (_length > session.Options.AppendLimit) throw Refuse(Completion.TooBig);
                // RFC 9755 §4: who did not say that it knows UTF-8 in headers would not get back what it stored.
                if (!session.Utf8 && _header.HoldEightBit(buffer.Span[..read])) throw Refuse(EightBitHeader);
                return read;
            }
            if (_section is not null) await CloseAsync().ConfigureAwait(false);
            if (_inLiteral)
            {
                _inLiteral = false;
                await ReadTailAsync().ConfigureAwait(false);
            }
            switch (_pieces.Peek())
            {
                case AppendPiece.Literal:
                    if (_asked) Begin();
                    else Ask();
                    break;
                case AppendPiece.Url url:
                    _pieces.Dequeue();
                    _section = await OpenAsync(url.Text, cancellationToken).ConfigureAwait(false);
                    break;
                case AppendPiece.End when _length == 0:
                    throw Refuse(NoEmptyMessage);
                default:
                    return 0;
            }
        }
    }

    /// <summary>Lets the client send the literal that stands next, where it waits for that.</summary>
    private void Ask()
    {
        var literal = (AppendPiece.Literal)_pieces.Peek();
        if (literal.Length > session.Options.AppendLimit - _length) throw Refuse(Completion.TooBig);
        if (!literal.NonSynchronizing) session.Output.Continue(_isWhole ? "Ready for the message" : "Ready for the part");
        Owed = literal.Length;
        _asked = true;
    }

    private void Begin()
    {
        _isBinary = ((AppendPiece.Literal)_pieces.Dequeue()).IsBinary;
        _inLiteral = true;
        _asked = false;
    }

    private async ValueTask<int> ReadLiteralAsync(Memory<byte> buffer)
    {
        if (Owed == 0 || buffer.IsEmpty) return 0;
        session.Input.SetDeadline(session.Options.StallTimeout);
        var (arrival, octets) = await session.Input.ReadAsync(mayEnd: false).ConfigureAwait(false);
        if (arrival != Arrival.Octets) throw Lose();
        var part = (int)Math.Min(Math.Min(octets.Length, Owed!.Value), buffer.Length);
        foreach (var segment in octets.Slice(0, part))
        {
            segment.CopyTo(buffer);
            buffer = buffer[segment.Length..];
        }
        var holdsNul = !_isBinary && HoldsNul(octets.Slice(0, part));
        session.Input.Consume(octets.GetPosition(part));
        Owed -= part;
        return holdsNul ? throw Refuse(Completion.Bad("A message holds no NUL; nothing was stored")) : part;
    }

    private static bool HoldsNul(in System.Buffers.ReadOnlySequence<byte> octets)
    {
        foreach (var segment in octets)
        {
            if (segment.Span.Contains((byte)0)) return true;
        }
        return false;
    }

    /// <summary>What comes after a literal, up to the next or to the end of the command.</summary>
    private async ValueTask ReadTailAsync()
    {
        Owed = null;
        session.Input.SetDeadline(session.Options.StallTimeout);
        var found = new List<AppendPiece>();
        var tail = await session.Reader.ReadTailAsync((ref CommandScanner scanner) =>
        {
            found.Clear();
            var next = AppendPieces.Parse(ref scanner, _position, several, found);
            if (!scanner.Failed && found is not [.., AppendPiece.Literal]) scanner.End();
            if (!scanner.Failed) _position = next;
        }).ConfigureAwait(false);
        if (tail.Arrival != Arrival.Octets) throw Lose();
        Owed = tail.Owed;
        if (tail.Refusal is { } refusal) throw Refuse(refusal);
        foreach (var piece in found) _pieces.Enqueue(piece);
    }

    /// <exception cref="AppendBrokenOffException">BADURL (RFC 4469 §4).</exception>
    private async ValueTask<SectionContent> OpenAsync(string text, CancellationToken cancellationToken)
    {
        if (MessageUrl.TryParse(text) is not { } url) throw BadUrl(text);
        var selected = session.TrySelected;
        if (url.Mailbox is null) await session.CheckRightsAsync(cancellationToken).ConfigureAwait(false);
        var named = url.Mailbox is { } name ? await session.FindAsync(name, cancellationToken).ConfigureAwait(false) : null;
        if (named?.May(MailboxRights.Read) == false) named = null;
        var owner = url.Mailbox is null ? selected?.Account : named?.Owner;
        var mailbox = url.Mailbox is not null ? named?.Info
            : selected is not null ? await session.Mailboxes.GetAsync(selected.Account, selected.Id, cancellationToken).ConfigureAwait(false)
            : null;
        if (owner is not { } account || mailbox is null || url.UidValidity is { } validity && validity != mailbox.UidValidity) throw BadUrl(text);
        await foreach (var message in session.Mailboxes.MessagesAsync(account, mailbox.Id, UidSet.Of(url.Uid), cancellationToken).ConfigureAwait(false))
            return await SectionContent.OpenAsync(session, account, session.Shown(message), url.Section, cancellationToken).ConfigureAwait(false) ?? throw BadUrl(text);
        throw BadUrl(text);
    }

    private AppendBrokenOffException BadUrl(string url)
    {
        // url-resp-text has no ']', and the code is printable.
        var printable = url.Length <= 1000 && !url.AsSpan().ContainsAnyExceptInRange('!', '~') && !url.Contains(']', StringComparison.Ordinal);
        return Refuse(Completion.No(printable ? $"BADURL {url}" : "BADURL", "No such message or part"));
    }

    private AppendBrokenOffException Refuse(Completion refusal)
    {
        Refusal = refusal;
        return new AppendBrokenOffException();
    }

    private AppendBrokenOffException Lose()
    {
        IsLost = true;
        return new AppendBrokenOffException();
    }

    private async ValueTask CloseAsync()
    {
        if (_section is not null) await _section.DisposeAsync().ConfigureAwait(false);
        _section = null;
    }

    /// <summary>Ends the reading of whoever stores the message; why is in the feed.</summary>
    private sealed class AppendBrokenOffException() : IOException("The append was broken off.");

    private sealed class Content(AppendFeed feed) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => feed.ReadAsync(buffer, cancellationToken);

        public override async ValueTask DisposeAsync()
        {
            await feed.CloseAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }
}
