using System.Buffers;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>Makes of an entry what goes over the wire: signed, and in seven bits where the next hop takes nothing else. The stored content is never touched.</summary>
internal sealed class MessagePreparation(IContentStore contents, OutgoingSignatures signatures, RecentSignatures recent)
{
    private const int BufferSize = 64 * 1024;
    private const int SmallSize = 32 * 1024;

    /// <summary>The content as it was received.</summary>
    public async ValueTask<RelayedMessage> AsReceivedAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Size > SmallSize) return await SignAsync(entry, entry.Size, token => contents.OpenAsync(entry.Content, 0, entry.Size, token), entry.Body, cancellationToken);
        // No more than a session holds while it sends, and read once for the signature and the wire.
        var octets = new byte[entry.Size];
        await using (var content = await contents.OpenAsync(entry.Content, 0, entry.Size, cancellationToken)) await content.ReadExactlyAsync(octets, cancellationToken);
        return await SignAsync(entry, entry.Size, _ => ValueTask.FromResult<Stream>(new MemoryStream(octets, writable: false)), entry.Body, cancellationToken);
    }

    /// <summary>
    /// The same message for a server without 8BITMIME (RFC 6152 §3). It is signed anew, as a signature covers what is sent. Null, with the reason, where that would break a signature
    /// of its author or where the header is not ASCII.
    /// </summary>
    public async ValueTask<(RelayedMessage? Message, Fate.Refused? Refusal)> InSevenBitsAsync(RelayedMessage message, CancellationToken cancellationToken)
    {
        switch (await MessageConversion.PlanAsync(message.OpenContent, TransferDomain.SevenBit, cancellationToken))
        {
            case Conversion.Possible plan:
                async ValueTask<Stream> OpenConvertedAsync(CancellationToken token) => plan.Read(await message.OpenContent(token));
                var size = await MeasureAsync(OpenConvertedAsync, cancellationToken);
                return (await SignAsync(message.Entry, size, OpenConvertedAsync, BodyType.SevenBit, cancellationToken), null);
            case Conversion.Impossible impossible:
                return (null, new Fate.Refused(impossible.EnhancedCode, $"554 {impossible.EnhancedCode} The next server takes seven bits only: {impossible.Explanation}"));
            default:
                return (message with { Body = BodyType.SevenBit }, null);
        }
    }

    private async ValueTask<RelayedMessage> SignAsync(QueueEntry entry, long size, Func<CancellationToken, ValueTask<Stream>> open, BodyType body, CancellationToken cancellationToken)
        => new(entry, await recent.PrefixAsync(entry, body, token => signatures.PrefixAsync(entry, open, token), cancellationToken), size, open, body);

    private static async ValueTask<long> MeasureAsync(Func<CancellationToken, ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var stream = await open(cancellationToken);
            var size = 0L;
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0) size += read;
            return size;
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }
}
