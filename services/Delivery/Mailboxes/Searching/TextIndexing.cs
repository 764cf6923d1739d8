using System.Text;
using System.Text.Unicode;
using Merpati.Mail;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Reads a message into the form in which the index keeps it.</summary>
internal static class TextIndexing
{
    /// <summary>Characters that are kept of one message; where there are more, a query whose runs are all in the signature reads the message.</summary>
    public const int MaxKept = 32 * 1024;

    /// <summary>Characters that are read of one message; where there are more, every query reads it.</summary>
    public const int MaxRead = 8 * 1024 * 1024;

    private const char Boundary = '\uFFFF';

    public static async ValueTask<IndexedText> ReadAsync(UnindexedMessage message, IContentStore contents, CancellationToken cancellationToken)
    {
        var root = message.Structure.Root;
        var text = new MessageText(
            message.Structure, message.TracePrefix, root.BodyOffset + root.BodyLength, (offset, length, token) => contents.OpenAsync(message.Content, offset, length, token));
        var signature = new TextSignature();
        var (kept, folded) = (new StringBuilder(), new StringBuilder());
        var (header, read, whole) = (0, 0L, true);
        var opened = false;
        await foreach (var piece in text.ReadAsync(cancellationToken))
        {
            if (piece.Begins)
            {
                signature.Break();
                if (opened && kept.Length < MaxKept) kept.Append(Boundary);
                opened = true;
            }
            folded.Clear();
            CaseMap.Fold(piece.Text.Span, folded);
            foreach (var chunk in folded.GetChunks())
            {
                signature.Add(chunk.Span);
                read += chunk.Length;
                var room = Math.Min(chunk.Length, MaxKept - kept.Length);
                if (room > 0) kept.Append(chunk.Span[..room]);
                // What stands for a boundary here may be a character there.
                whole &= room == chunk.Length && !chunk.Span.Contains(Boundary);
            }
            if (piece.InHeader) header = kept.Length;
            if (read > MaxRead) return Encode(message.Key, default, kept, header, whole: false);
        }
        return Encode(message.Key, signature.Complete(), kept, header, whole);
    }

    private static IndexedText Encode(string key, byte[]? signature, StringBuilder kept, int header, bool whole)
    {
        // A pair may have been cut at the end, and texts from strange encodings may hold halves.
        var characters = kept.ToString().AsSpan();
        var octets = new byte[Encoding.UTF8.GetMaxByteCount(characters.Length)];
        var inHeader = Encode(characters[..header], octets, ref whole);
        var length = inHeader + Encode(characters[header..], octets.AsSpan(inHeader), ref whole);
        return new IndexedText(key, signature, octets.AsMemory(0, length), inHeader, whole);
    }

    private static int Encode(ReadOnlySpan<char> characters, Span<byte> to, ref bool whole)
    {
        var length = 0;
        while (!characters.IsEmpty)
        {
            var end = characters.IndexOf(Boundary);
            var segment = end < 0 ? characters : characters[..end];
            var status = Utf8.FromUtf16(segment, to[length..], out _, out var written, replaceInvalidSequences: false);
            whole &= status == System.Buffers.OperationStatus.Done;
            length += written;
            to[length++] = IndexedText.Boundary;
            characters = end < 0 ? default : characters[(end + 1)..];
        }
        return length;
    }
}
