using System.Buffers;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>Contents that are made from others.</summary>
internal static class StoredContents
{
    private const int BufferSize = 64 * 1024;

    /// <summary>A content of these octets, durable.</summary>
    /// <param name="head">What comes before those of the stream.</param>
    public static async ValueTask<ContentInfo> StoreAsync(this IContentStore contents, ReadOnlyMemory<byte> head, Stream stream, CancellationToken cancellationToken)
    {
        var writer = await contents.CreateAsync(cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            if (!head.IsEmpty) await writer.WriteAsync(head, cancellationToken).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
                    await writer.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            finally { ArrayPool<byte>.Shared.Return(buffer); }
            return await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
