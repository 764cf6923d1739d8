using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// A part without its transfer encoding (RFC 3516 §4.2). How long it is shows only when it is decoded, and a literal says its length first: so a part that
/// is more than one buffer is read twice, once to count and once to send, and never held.
/// </summary>
internal static class BinaryContent
{
    /// <summary>
    /// Where the octets are, and what decodes them; null for octets that are the content itself, as those of a message, a multipart and whatever is not encoded. Null as a whole where there is no such part.
    /// Lines of a text get the line ends of the protocol (RFC 9051 §7.5.2), unless a line feed is but half of a character there.
    /// </summary>
    /// <exception cref="UnknownEncodingException">It cannot be decoded.</exception>
    public static (OctetRange Range, Func<Stream, Stream>? Decoded)? Locate(MessageInfo message, BodySection section)
    {
        if (section.Locate(message) is not { } range) return null;
        var part = section.Path.Count == 0 ? null : section.Find(message.Structure.Root);
        if (part is null || part.IsMultipart || part.IsMessage || TransferDecoder.IsIdentity(part.Encoding)) return (range, null);
        if (TransferDecoder.For(part.Encoding) is null) throw new UnknownEncodingException(part.Encoding);
        var isText = part.Type == "text" && !part.Parameters.Any(parameter => parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) && IsWide(parameter.Value));
        return (range, encoded => isText ? new LineEndStream(new DecodingStream(encoded, TransferDecoder.For(part.Encoding)!)) : new DecodingStream(encoded, TransferDecoder.For(part.Encoding)!));
    }

    private static bool IsWide(string charset)
        => charset.StartsWith("utf-16", StringComparison.OrdinalIgnoreCase) || charset.StartsWith("utf-32", StringComparison.OrdinalIgnoreCase) || charset.StartsWith("iso-10646", StringComparison.OrdinalIgnoreCase);

    /// <summary>BINARY.SIZE: octets when decoded; 0 where there is no such part.</summary>
    public static async ValueTask<long> CountAsync(ImapSession session, AccountId owner, MessageInfo message, BodySection section, CancellationToken cancellationToken)
    {
        if (Locate(message, section) is not var (range, decoded)) return 0;
        return decoded is null ? range.Length : (await CountAsync(session, owner, message, range, decoded, 0, long.MaxValue, cancellationToken).ConfigureAwait(false)).Length;
    }

    /// <summary>How many octets of [offset, offset + count) there are when decoded, and whether a NUL is among them.</summary>
    public static async ValueTask<(long Length, bool HoldsNul)> CountAsync(
        ImapSession session, AccountId owner, MessageInfo message, OctetRange range, Func<Stream, Stream>? decoded, long offset, long count, CancellationToken cancellationToken)
    {
        var content = await OpenAsync(session, owner, message, range, decoded, cancellationToken).ConfigureAwait(false);
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
    public static async ValueTask<Stream> OpenAsync(ImapSession session, AccountId owner, MessageInfo message, OctetRange range, Func<Stream, Stream>? decoded, CancellationToken cancellationToken)
    {
        var stream = await session.Mailboxes.OpenShownAsync(owner, message, range.Offset, range.Length, cancellationToken).ConfigureAwait(false);
        return decoded is null ? stream : decoded(stream);
    }
}
