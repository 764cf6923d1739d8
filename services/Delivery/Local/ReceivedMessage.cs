using System.Buffers;
using System.Text;
using Merpati.Addresses;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Local;

/// <summary>What delivery needs to know of a content, read once and shared by all recipients of the entry.</summary>
/// <param name="DeliveredTo">The addresses that the message was already delivered to, as its own header says.</param>
internal sealed record ReceivedMessage(MessageStructure Structure, IReadOnlySet<EmailAddress> DeliveredTo)
{
    /// <summary>Delivered-To stands at the top, put there by whoever had the message last; further down nobody looks.</summary>
    private const int HeadSize = 64 * 1024;

    /// <exception cref="ContentDamagedException">Missing or damaged.</exception>
    public static async ValueTask<ReceivedMessage> ReadAsync(IContentStore contents, QueueEntry entry, CancellationToken cancellationToken)
    {
        var headSize = (int)Math.Min(entry.Size, HeadSize);
        var head = ArrayPool<byte>.Shared.Rent(Math.Max(headSize, 1));
        try
        {
            var filled = 0;
            using var structure = new MessageStructureBuilder();
            await using var content = await contents.OpenAsync(entry.Content, 0, entry.Size, cancellationToken);
            long size = 0;
            while (true)
            {
                var room = structure.GetMemory();
                var read = await content.ReadAsync(room, cancellationToken);
                if (read == 0) break;
                size += read;
                var ofHead = Math.Min(read, headSize - filled);
                room.Span[..ofHead].CopyTo(head.AsSpan(filled));
                filled += ofHead;
                structure.Advance(read);
            }
            if (size != entry.Size) throw new ContentDamagedException(entry.Content, $"{size} octets instead of {entry.Size}");
            return new ReceivedMessage(structure.Complete(), ReadDeliveredTo(head.AsSpan(0, filled)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    internal static HashSet<EmailAddress> ReadDeliveredTo(ReadOnlySpan<byte> head)
    {
        const int enough = 100;
        var found = new HashSet<EmailAddress>();
        while (found.Count < enough && TakeLine(ref head, out var line) && line.Length > 0)
        {
            if (!StartsWithName(line)) continue;
            var value = Encoding.UTF8.GetString(line["Delivered-To:".Length..]);
            // A folded field goes on in lines that begin with a blank (RFC 5322 §2.2.3).
            while (head.Length > 0 && head[0] is (byte)' ' or (byte)'\t' && value.Length < 2000 && TakeLine(ref head, out var more)) value += Encoding.UTF8.GetString(more);
            if (EmailAddress.TryParse(value.Trim().TrimStart('<').TrimEnd('>'), out var address)) found.Add(address);
        }
        return found;
    }

    private static bool TakeLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var end = rest.IndexOf((byte)'\n');
        line = end < 0 ? rest : rest[..end].TrimEnd((byte)'\r');
        var any = rest.Length > 0;
        rest = end < 0 ? [] : rest[(end + 1)..];
        return any;
    }

    private static bool StartsWithName(ReadOnlySpan<byte> line)
        => line.Length >= "Delivered-To:".Length && Ascii.EqualsIgnoreCase(line[.."Delivered-To:".Length], "Delivered-To:"u8);
}
