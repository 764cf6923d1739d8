using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Brings appended messages into the content store, as they came: only where one holds a NUL, which no client could be sent (RFC 3501 §9 CHAR8),
/// the parts that are binary get another transfer encoding, as RFC 3516 §4.4 lets the server do.
/// </summary>
internal sealed class AppendedContent(IContentStore contents)
{
    /// <summary>Null where it is larger than <paramref name="limit"/>; without a structure where it holds a NUL and cannot be converted.</summary>
    public async ValueTask<(ContentInfo Content, MessageStructure? Structure)?> StoreAsync(MessageToAppend message, long limit, CancellationToken cancellationToken)
    {
        using var builder = new MessageStructureBuilder();
        ContentInfo stored;
        var holdsNul = false;
        await using (var writer = await contents.CreateAsync(cancellationToken))
        {
            for (var missing = message.Size ?? limit + 1; missing > 0;)
            {
                var room = builder.GetMemory();
                if (room.Length > missing) room = room[..(int)missing];
                var read = await message.Content.ReadAsync(room, cancellationToken);
                if (read == 0 && message.Size is not null) throw new EndOfStreamException($"The message ended {missing} octets early.");
                if (read == 0) break;
                await writer.WriteAsync(room[..read], cancellationToken);
                holdsNul = holdsNul || room.Span[..read].Contains((byte)0);
                builder.Advance(read);
                missing -= read;
            }
            if (writer.Length > limit) return null;
            stored = await writer.CommitAsync(cancellationToken);
        }
        return holdsNul ? await ConvertAsync(stored, cancellationToken) : (stored, builder.Complete());
    }

    private async ValueTask<(ContentInfo Content, MessageStructure? Structure)> ConvertAsync(ContentInfo binary, CancellationToken cancellationToken)
    {
        (ContentInfo, MessageStructure?) converted = (binary, null);
        if (await MessageConversion.PlanAsync(OpenAsync, TransferDomain.EightBit, cancellationToken) is Conversion.Possible plan)
        {
            await using var lines = plan.Read(await OpenAsync(cancellationToken));
            using var builder = new MessageStructureBuilder();
            await using var writer = await contents.CreateAsync(cancellationToken);
            while (true)
            {
                var room = builder.GetMemory();
                var read = await lines.ReadAsync(room, cancellationToken);
                if (read == 0) break;
                await writer.WriteAsync(room[..read], cancellationToken);
                builder.Advance(read);
            }
            converted = (await writer.CommitAsync(cancellationToken), builder.Complete());
        }
        await contents.DeleteAsync([binary.Id], cancellationToken);
        return converted;

        ValueTask<Stream> OpenAsync(CancellationToken token) => contents.OpenAsync(binary.Id, 0, binary.Size, token);
    }
}
