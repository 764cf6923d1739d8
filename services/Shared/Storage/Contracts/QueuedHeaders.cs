using Merpati.Queueing;

namespace Merpati.Storage;

/// <inheritdoc/>
public sealed class QueuedHeaders(IMailQueue queue, IContentStore contents) : IQueuedHeaders
{
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(QueueId id, CancellationToken cancellationToken)
    {
        if (await queue.FindAsync(id, cancellationToken) is not { } entry) return null;
        var trace = entry.TraceHeaders[..Math.Min(entry.TraceHeaders.Length, IQueuedHeaders.MaxOctets)];
        var octets = new byte[IQueuedHeaders.MaxOctets];
        trace.CopyTo(octets);
        await using var content = await contents.OpenAsync(entry.Content, 0, octets.Length - trace.Length, cancellationToken);
        var length = trace.Length + await content.ReadAtLeastAsync(octets.AsMemory(trace.Length), octets.Length - trace.Length, throwOnEndOfStream: false, cancellationToken);
        return octets.AsMemory(0, EndOfHeader(octets.AsSpan(0, length), trace.Length));
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadBeginningAsync(QueueId id, CancellationToken cancellationToken)
    {
        if (await queue.FindAsync(id, cancellationToken) is not { } entry) return null;
        var octets = new byte[Math.Min(entry.Size, IQueuedHeaders.MaxBeginning)];
        await using var content = await contents.OpenAsync(entry.Content, 0, octets.Length, cancellationToken);
        return octets.AsMemory(0, await content.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken));
    }

    /// <summary>Where the header ends: behind the line break before the first empty line.</summary>
    private static int EndOfHeader(ReadOnlySpan<byte> octets, int start)
    {
        for (var at = start; at < octets.Length;)
        {
            var line = octets[at..];
            if (line.StartsWith("\r\n"u8) || line[0] == (byte)'\n') return at;
            var end = line.IndexOf((byte)'\n');
            if (end < 0) break;
            at += end + 1;
        }
        return octets.Length;
    }
}
