using Merpati.Storage;

namespace Merpati.QueueWork;

public static class ContentWriting
{
    private const int BufferSize = 32 * 1024;

    /// <summary>Makes a content of what a builder writes; durable on return. Nothing of it is left where the builder fails.</summary>
    public static async ValueTask<ContentInfo> StoreAsync(this IContentStore contents, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var writer = await contents.CreateAsync(cancellationToken);
        await using var destination = new BufferedStream(new ContentWriterStream(writer), BufferSize);
        await write(destination, cancellationToken);
        await destination.FlushAsync(cancellationToken);
        return await writer.CommitAsync(cancellationToken);
    }
}
