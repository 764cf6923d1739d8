using Google.Protobuf;
using Grpc.Core;

namespace Merpati.Rpc.Serving;

/// <summary>Long lists travel many items in a message: a message costs more than what is in it.</summary>
internal static class Batches
{
    /// <summary>Octets of a message, more or less.</summary>
    private const int Octets = 128 * 1024;

    private const int Items = 2000;

    /// <param name="add">Puts an item into a message.</param>
    /// <param name="first">The message that opens the stream, sent even where there is no item; null sends nothing then.</param>
    public static async Task WriteAsync<TItem, TWire, TMessage>(this IServerStreamWriter<TMessage> writer, IAsyncEnumerable<TItem> items, Func<TItem, TWire> convert, Action<TMessage, TWire> add, TMessage? first, CancellationToken cancellationToken)
        where TWire : IMessage
        where TMessage : class, new()
    {
        var message = first;
        int octets = 0, count = 0;
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            var wire = convert(item);
            add(message ??= new TMessage(), wire);
            octets += wire.CalculateSize();
            if (octets < Octets && ++count < Items) continue;
            await writer.WriteAsync(message, cancellationToken);
            (message, octets, count) = (null, 0, 0);
        }
        if (message is not null) await writer.WriteAsync(message, cancellationToken);
    }

    public static Task WriteAsync<TItem, TWire, TMessage>(this IServerStreamWriter<TMessage> writer, IEnumerable<TItem> items, Func<TItem, TWire> convert, Action<TMessage, TWire> add, TMessage? first, CancellationToken cancellationToken)
        where TWire : IMessage
        where TMessage : class, new()
        => writer.WriteAsync(items.ToAsyncEnumerable(), convert, add, first, cancellationToken);

    /// <summary>UIDs, many thousands in a message.</summary>
    public static async Task WriteAsync<TMessage>(this IServerStreamWriter<TMessage> writer, IReadOnlyList<Merpati.Mailboxes.Uid> uids, Action<TMessage, uint> add, TMessage? first, CancellationToken cancellationToken)
        where TMessage : class, new()
    {
        const int uidsAtATime = 16 * 1024;
        var message = first;
        for (var i = 0; i < uids.Count; i++)
        {
            add(message ??= new TMessage(), uids[i].Value);
            if ((i + 1) % uidsAtATime != 0) continue;
            await writer.WriteAsync(message, cancellationToken);
            message = null;
        }
        if (message is not null) await writer.WriteAsync(message, cancellationToken);
    }
}
