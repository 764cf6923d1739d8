using System.Text;
using Merpati.Streams;

namespace Merpati.Mailboxes;

/// <summary>
/// Octets of a header that read otherwise for a client that knows no UTF-8 there: the field, or what of it is not ASCII, and what stands for it (RFC 6858 §2).
/// </summary>
/// <param name="Offset">The first of them, counted as in <see cref="MessageStructure"/>.</param>
/// <param name="Length">Octets that are replaced: whole fields.</param>
/// <param name="Lines">Line breaks among them.</param>
/// <param name="Text">Whole fields in ASCII with their line breaks; empty where the field is left out.</param>
public sealed record HeaderRewrite(long Offset, long Length, int Lines, string Text);

/// <summary>
/// A message as those clients see it that know no UTF-8 in headers (RFC 6855 §7, RFC 6856 §2): its surrogate of RFC 6858. Only headers differ, and sizes with them;
/// what is stored stays what it is.
/// </summary>
public static class DowngradedMessage
{
    /// <summary>The surrogate, whose sizes and offsets hold for what <see cref="OpenShownAsync"/> gives; the message itself where no header needs one.</summary>
    public static MessageInfo Of(MessageInfo message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var rewrites = message.Structure.Downgrades;
        var prefixIsAscii = Ascii.IsValid(message.TracePrefix.Span);
        if (rewrites.Count == 0 && prefixIsAscii) return message;
        var prefix = prefixIsAscii ? message.TracePrefix : AsciiFields(message.TracePrefix.Span);
        var root = rewrites.Count == 0 ? message.Structure.Root : new Shift(rewrites).Of(message.Structure.Root);
        return message with
        {
            TracePrefix = prefix,
            Size = message.Size + prefix.Length - message.TracePrefix.Length + rewrites.Sum(rewrite => rewrite.Text.Length - rewrite.Length),
            Structure = message.Structure with { Root = root, Downgrades = [] },
            Original = message,
        };
    }

    /// <summary>Octets of a message as it is shown, the surrogate's or its own; as <see cref="IMailboxes.OpenAsync"/> in all else.</summary>
    public static ValueTask<Stream> OpenShownAsync(this IMailboxes mailboxes, AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mailboxes);
        ArgumentNullException.ThrowIfNull(message);
        if (message.Original is not { } original) return mailboxes.OpenAsync(account, message, offset, length, cancellationToken);
        return new(new RewrittenStream(mailboxes, account, original, Between(Pieces(message, original), offset, offset + length)));
    }

    /// <summary>The fields that are ASCII: of what delivery put before a message, the others name addresses that such a client cannot be told (RFC 6858 §2.4).</summary>
    private static byte[] AsciiFields(ReadOnlySpan<byte> fields)
    {
        var kept = new List<byte>(fields.Length);
        var field = 0;
        for (var at = 0; at < fields.Length;)
        {
            var lineBreak = fields[at..].IndexOf((byte)'\n');
            at = lineBreak < 0 ? fields.Length : at + lineBreak + 1;
            if (at < fields.Length && fields[at] is (byte)' ' or (byte)'\t') continue;
            if (Ascii.IsValid(fields[field..at])) kept.AddRange(fields[field..at]);
            field = at;
        }
        return [.. kept];
    }

    /// <param name="Origin">Where the octets are in the stored message; null for those of <paramref name="Text"/>.</param>
    private readonly record struct Piece(long Length, long? Origin, ReadOnlyMemory<byte> Text);

    private static IEnumerable<Piece> Pieces(MessageInfo shown, MessageInfo original)
    {
        var prefix = original.TracePrefix.Length;
        yield return new Piece(shown.TracePrefix.Length, null, shown.TracePrefix);
        long at = prefix;
        foreach (var rewrite in original.Structure.Downgrades)
        {
            yield return new Piece(prefix + rewrite.Offset - at, at, default);
            yield return new Piece(rewrite.Text.Length, null, Encoding.ASCII.GetBytes(rewrite.Text));
            at = prefix + rewrite.Offset + rewrite.Length;
        }
        yield return new Piece(original.Size - at, at, default);
    }

    private static List<Piece> Between(IEnumerable<Piece> pieces, long start, long end)
    {
        var wanted = new List<Piece>();
        long at = 0;
        foreach (var piece in pieces)
        {
            var from = Math.Max(start - at, 0);
            var length = Math.Min(end - at, piece.Length) - from;
            at += piece.Length;
            if (length > 0) wanted.Add(new Piece(length, piece.Origin + from, piece.Origin is null ? piece.Text.Slice((int)from, (int)length) : default));
        }
        return wanted;
    }

    /// <summary>The structure in the surrogate's offsets. Rewrites are whole fields, so that no offset lies within one.</summary>
    private readonly struct Shift(IReadOnlyList<HeaderRewrite> rewrites)
    {
        public BodyPart Of(BodyPart part)
        {
            var end = part.BodyOffset + part.BodyLength;
            var body = At(part.BodyOffset);
            var children = new List<BodyPart>(part.Children.Count);
            foreach (var child in part.Children) children.Add(Of(child));
            return part with
            {
                HeaderOffset = At(part.HeaderOffset),
                BodyOffset = body,
                BodyLength = At(end) - body,
                Lines = part.Lines + LinesBetween(part.BodyOffset, end),
                Children = children,
            };
        }

        private long At(long offset)
        {
            var shifted = offset;
            foreach (var rewrite in rewrites)
            {
                if (rewrite.Offset >= offset) break;
                shifted += rewrite.Text.Length - rewrite.Length;
            }
            return shifted;
        }

        private long LinesBetween(long start, long end)
        {
            long lines = 0;
            foreach (var rewrite in rewrites)
            {
                if (rewrite.Offset >= start && rewrite.Offset < end) lines += rewrite.Text.AsSpan().Count('\n') - rewrite.Lines;
            }
            return lines;
        }
    }

    /// <summary>Reads the stored message once, front to back, and puts the rewritten fields in their places.</summary>
    private sealed class RewrittenStream(IMailboxes mailboxes, AccountId account, MessageInfo original, List<Piece> pieces) : ForwardStream
    {
        private int _next;
        private long _taken;
        private Stream? _stored;
        private long _storedAt;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_next < pieces.Count && _taken == pieces[_next].Length)
            {
                _next++;
                _taken = 0;
            }
            if (_next == pieces.Count || buffer.IsEmpty) return 0;
            var piece = pieces[_next];
            var wanted = buffer[..(int)Math.Min(buffer.Length, piece.Length - _taken)];
            var read = wanted.Length;
            if (piece.Origin is { } origin) read = await ReadStoredAsync(origin + _taken, wanted, cancellationToken).ConfigureAwait(false);
            else piece.Text.Slice((int)_taken, read).CopyTo(wanted);
            _taken += read;
            return read;
        }

        private async ValueTask<int> ReadStoredAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_stored is null)
            {
                var last = pieces.FindLast(piece => piece.Origin is not null);
                _stored = await mailboxes.OpenAsync(account, original, offset, last.Origin!.Value + last.Length - offset, cancellationToken).ConfigureAwait(false);
                _storedAt = offset;
            }
            while (_storedAt < offset)
            {
                // What is replaced is shorter than a header is allowed to be: a few reads at the most.
                var passed = await _stored.ReadAsync(new byte[(int)Math.Min(offset - _storedAt, 16 * 1024)], cancellationToken).ConfigureAwait(false);
                if (passed == 0) return 0;
                _storedAt += passed;
            }
            var read = await _stored.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _storedAt += read;
            return read;
        }

        public override async ValueTask DisposeAsync()
        {
            if (_stored is not null) await _stored.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }
}
