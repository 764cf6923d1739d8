using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// A part without its transfer encoding (RFC 3516 §4.2). How long it is shows only when it is decoded, and a literal says its length first: so a part that
/// is more than one buffer is read twice, once to count and once to send, and never held.
/// </summary>
internal static class BinaryContent
{
    /// <summary>Where the octets are, and what decodes them; null for octets that are the content itself, as those of a message, a multipart and whatever is not encoded. Null as a whole where there is no such part.</summary>
    /// <exception cref="UnknownEncodingException">It cannot be decoded.</exception>
    public static (OctetRange Range, Func<TransferDecoder>? Decoder)? Locate(MessageInfo message, BodySection section)
    {
        if (section.Locate(message) is not { } range) return null;
        var part = section.Path.Count == 0 ? null : section.Find(message.Structure.Root);
        if (part is null || part.IsMultipart || part.IsMessage || TransferDecoder.IsIdentity(part.Encoding)) return (range, null);
        if (TransferDecoder.For(part.Encoding) is null) throw new UnknownEncodingException(part.Encoding);
        return (range, () => TransferDecoder.For(part.Encoding)!);
    }

    /// <summary>BINARY.SIZE: octets when decoded; 0 where there is no such part.</summary>
    public static async ValueTask<long> CountAsync(ImapSession session, MessageInfo message, BodySection section, CancellationToken cancellationToken)
    {
        if (Locate(message, section) is not var (range, decoder)) return 0;
        return decoder is null ? range.Length : (await CountAsync(session, message, range, decoder, 0, long.MaxValue, cancellationToken).ConfigureAwait(false)).Length;
    }

    /// <summary>How many octets of [offset, offset + count) there are when decoded, and whether a NUL is among them.</summary>
    public static async ValueTask<(long Length, bool HoldsNul)> CountAsync(
        ImapSession session, MessageInfo message, OctetRange range, Func<TransferDecoder>? decoder, long offset, long count, CancellationToken cancellationToken)
    {
        var content = await OpenAsync(session, message, range, decoder, cancellationToken).ConfigureAwait(false);
        await using var _ = content.ConfigureAwait(false);
        var buffer = new byte[SectionContent.BufferSize];
        long length = 0;
        var holdsNul = false;
        for (long position = 0; position < offset || length < count;)
        {
            var wanted = Math.Min(position < offset ? offset - position : count - length, buffer.Length);
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)wanted), cancellationToken).ConfigureAwait(false);
            if (read == 0) break;
            if (position >= offset)
            {
                length += read;
                holdsNul |= buffer.AsSpan(0, read).Contains((byte)0);
            }
            position += read;
        }
        return (length, holdsNul);
    }

    /// <summary>The decoded octets from the first.</summary>
    public static async ValueTask<Stream> OpenAsync(ImapSession session, MessageInfo message, OctetRange range, Func<TransferDecoder>? decoder, CancellationToken cancellationToken)
    {
        var stream = await session.Mailboxes.OpenAsync(session.Account.Id, message, range.Offset, range.Length, cancellationToken).ConfigureAwait(false);
        return decoder is null ? stream : new DecodingStream(stream, decoder());
    }
}
