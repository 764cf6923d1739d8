using System.Buffers;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The octets of one section of one message, opened and begun to be read before the response announces them, so that damage shows
/// while it can still be answered. Only the first buffer is in memory; the rest flows from the store to the connection.
/// </summary>
internal sealed class SectionContent : IAsyncDisposable
{
    public const int BufferSize = 16 * 1024;

    /// <summary>Header fields are picked out of so many octets; a header longer than that is an attack.</summary>
    private const int LongestFilteredHeader = 256 * 1024;

    private readonly byte[] _head;
    private readonly int _headLength;
    private readonly Stream? _stream;

    private readonly bool _isBinary;
    private long _read;

    private SectionContent(byte[] head, int headLength, long length, Stream? stream, bool isBinary = false)
    {
        _isBinary = isBinary;
        _head = head;
        _headLength = headLength;
        Length = length;
        _stream = stream;
    }

    public long Length { get; }

    /// <summary>Null for a part that the message does not have: NIL.</summary>
    public static async ValueTask<SectionContent?> OpenAsync(ImapSession session, AccountId owner, MessageInfo message, FetchItem.Section section, CancellationToken cancellationToken)
    {
        if (section.Body.Locate(message) is not { } range) return null;
        session.Engine.Observer?.MessageRead(message);
        if (section.Decoded) return await DecodeAsync(session, owner, message, section, cancellationToken).ConfigureAwait(false);
        if (section.Body.Text is SectionText.HeaderFields or SectionText.HeaderFieldsNot)
            return await FilterAsync(session, owner, message, section, range, cancellationToken).ConfigureAwait(false);
        if (section.Partial is { } partial)
        {
            var skipped = Math.Min(partial.Offset, range.Length);
            range = new OctetRange(range.Offset + skipped, Math.Min(partial.Count, range.Length - skipped));
        }
        if (range.Length <= 0) return new SectionContent([], 0, 0, null);

        var stream = await session.Mailboxes.OpenShownAsync(owner, message, range.Offset, range.Length, cancellationToken).ConfigureAwait(false);
        var head = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferSize, range.Length));
        try
        {
            var length = await ReadHeadAsync(stream, head, range.Length, message, cancellationToken).ConfigureAwait(false);
            return new SectionContent(head, length, range.Length, stream);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(head);
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async ValueTask<SectionContent?> DecodeAsync(ImapSession session, AccountId owner, MessageInfo message, FetchItem.Section section, CancellationToken cancellationToken)
    {
        if (BinaryContent.Locate(message, section.Body) is not var (range, decoded)) return null;
        if (range.Length <= 0) return new SectionContent([], 0, 0, null);
        var (offset, count) = section.Partial is { } partial ? (partial.Offset, partial.Count) : (0L, long.MaxValue);
        var (length, holdsNul) = await BinaryContent.CountAsync(session, owner, message, range, decoded, offset, count, cancellationToken).ConfigureAwait(false);
        if (length == 0) return new SectionContent([], 0, 0, null);
        var stream = await BinaryContent.OpenAsync(session, owner, message, range, decoded, cancellationToken).ConfigureAwait(false);
        var head = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferSize, Math.Max(length, Math.Min(offset, BufferSize))));
        try
        {
            for (var left = offset; left > 0;)
                left -= await ReadHeadAsync(stream, head.AsMemory(0, (int)Math.Min(left, head.Length)), left, message, cancellationToken).ConfigureAwait(false);
            return new SectionContent(head, await ReadHeadAsync(stream, head, length, message, cancellationToken).ConfigureAwait(false), length, stream, holdsNul);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(head);
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async ValueTask<SectionContent> FilterAsync(ImapSession session, AccountId owner, MessageInfo message, FetchItem.Section section, OctetRange range, CancellationToken cancellationToken)
    {
        var headerLength = (int)Math.Min(range.Length, LongestFilteredHeader);
        var header = ArrayPool<byte>.Shared.Rent(Math.Max(headerLength, 1));
        var kept = ArrayPool<byte>.Shared.Rent(headerLength + 2);
        try
        {
            if (headerLength > 0)
            {
                var stream = await session.Mailboxes.OpenShownAsync(owner, message, range.Offset, headerLength, cancellationToken).ConfigureAwait(false);
                await using var _ = stream.ConfigureAwait(false);
                await ReadHeadAsync(stream, header.AsMemory(0, headerLength), headerLength, message, cancellationToken).ConfigureAwait(false);
            }
            var length = HeaderFieldFilter.Filter(header.AsSpan(0, headerLength), section.Body.Fields, section.Body.Text == SectionText.HeaderFields, kept);
            if (section.Partial is { } partial)
            {
                var skipped = (int)Math.Min(partial.Offset, length);
                length = (int)Math.Min(partial.Count, length - skipped);
                kept.AsSpan(skipped, length).CopyTo(kept);
            }
            return new SectionContent(kept, length, length, null);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(kept);
            throw;
        }
        finally { ArrayPool<byte>.Shared.Return(header); }
    }

    private static async ValueTask<int> ReadHeadAsync(Stream stream, Memory<byte> head, long expected, MessageInfo message, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(head.Length, expected);
        var length = await stream.ReadAtLeastAsync(head[..wanted], wanted, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length == wanted ? length : throw new ContentDamagedException(message.Content, "it is shorter than recorded");
    }

    /// <summary>The next octets; 0 at the end. Either this or <see cref="WriteAsync"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var left = Math.Min(Length - _read, buffer.Length);
        if (left == 0) return 0;
        int count;
        if (_read < _headLength)
        {
            count = (int)Math.Min(left, _headLength - _read);
            _head.AsMemory((int)_read, count).CopyTo(buffer);
        }
        else
        {
            count = await _stream!.ReadAsync(buffer[..(int)left], cancellationToken).ConfigureAwait(false);
            if (count == 0) throw new EndOfStreamException("The content is shorter than recorded.");
        }
        _read += count;
        return count;
    }

    /// <summary>Writes the section as a string of IMAP, at the client's pace.</summary>
    /// <exception cref="IOException">It broke off; the writer owes octets, and the connection cannot go on.</exception>
    public async ValueTask WriteAsync(ResponseWriter output, CancellationToken cancellationToken)
    {
        if (Length == 0)
        {
            output.Raw("\"\""u8);
            return;
        }
        // literal8 where there is a NUL, which no other string can hold (RFC 3516 §4.2).
        output.Raw(_isBinary ? "~{"u8 : "{"u8).Number(Length).Raw("}\r\n"u8);
        output.OwesOctets = true;
        output.Raw(_head.AsSpan(0, _headLength));
        await output.FlushIfFullAsync().ConfigureAwait(false);
        for (var left = Length - _headLength; left > 0;)
        {
            var buffer = output.GetMemory(BufferSize);
            var read = await _stream!.ReadAsync(left < buffer.Length ? buffer[..(int)left] : buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The content is shorter than recorded.");
            output.Advance(read);
            left -= read;
            await output.FlushIfFullAsync().ConfigureAwait(false);
        }
        output.OwesOctets = false;
    }

    public ValueTask DisposeAsync()
    {
        if (_head.Length > 0) ArrayPool<byte>.Shared.Return(_head);
        return _stream?.DisposeAsync() ?? default;
    }
}
