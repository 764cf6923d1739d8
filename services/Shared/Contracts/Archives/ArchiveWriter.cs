using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merpati.Streams;

namespace Merpati.Archives;

/// <summary>A message on its way into an archive; <paramref name="OpenAsync"/> gives as many octets as were announced.</summary>
public sealed record MessageToArchive(ArchivedMessage Message, Func<CancellationToken, ValueTask<Stream>> OpenAsync);

/// <summary>Writes an archive front to back to a stream that need not be seekable: the header, mailboxes each with its batches, the end. The stream stays its owner's.</summary>
public sealed class ArchiveWriter(Stream archive) : IAsyncDisposable
{
    private readonly TarWriter _tar = new(archive, TarEntryFormat.Ustar, leaveOpen: true);
    private readonly List<MessageToArchive> _waiting = [];
    private long _waitingOctets;
    private int _mailbox;
    private int _batch;
    private long _messages;
    private long _octets;

    public ValueTask WriteHeaderAsync(ArchiveHeader header, CancellationToken cancellationToken) => WriteJsonAsync(ArchiveFormat.Header, header, ArchiveJson.Default.ArchiveHeader, cancellationToken);

    public async ValueTask BeginMailboxAsync(ArchivedMailbox mailbox, CancellationToken cancellationToken)
    {
        await WriteBatchAsync(cancellationToken).ConfigureAwait(false);
        _batch = 0;
        await WriteJsonAsync(ArchiveFormat.Mailbox(++_mailbox), mailbox, ArchiveJson.Default.ArchivedMailbox, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The next message of the mailbox that was begun last; it is written, and its octets asked for, when its batch is full or the mailbox ends.</summary>
    public async ValueTask AddAsync(MessageToArchive message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_waiting.Count == ArchiveFormat.MaxBatch || _waiting.Count > 0 && _waitingOctets + message.Message.Size > ArchiveFormat.MaxBatchOctets) await WriteBatchAsync(cancellationToken).ConfigureAwait(false);
        _waiting.Add(message);
        _waitingOctets += message.Message.Size;
    }

    /// <param name="damaged">What could not be written.</param>
    public async ValueTask<ArchiveEnd> EndAsync(IReadOnlyList<string> damaged, CancellationToken cancellationToken)
    {
        await WriteBatchAsync(cancellationToken).ConfigureAwait(false);
        var end = new ArchiveEnd(_mailbox, _messages, _octets, damaged);
        await WriteJsonAsync(ArchiveFormat.End, end, ArchiveJson.Default.ArchiveEnd, cancellationToken).ConfigureAwait(false);
        return end;
    }

    /// <summary>Writes the end mark of tar.</summary>
    public ValueTask DisposeAsync() => _tar.DisposeAsync();

    private async ValueTask WriteBatchAsync(CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0) return;
        _batch++;
        await WriteJsonAsync(ArchiveFormat.Batch(_mailbox, _batch), [.. _waiting.Select(message => message.Message)], ArchiveJson.Default.IReadOnlyListArchivedMessage, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < _waiting.Count; i++)
        {
            var (message, open) = _waiting[i];
            var octets = await open(cancellationToken).ConfigureAwait(false);
            await using (octets.ConfigureAwait(false))
            {
                var sized = new SizedStream(octets, message.Size);
                await using (sized.ConfigureAwait(false))
                {
                    await WriteAsync(ArchiveFormat.Message(_mailbox, _batch, i), sized, message.SaveDate ?? message.InternalDate, cancellationToken).ConfigureAwait(false);
                }
            }
            _messages++;
            _octets += message.Size;
        }
        _waiting.Clear();
        _waitingOctets = 0;
    }

    private async ValueTask WriteJsonAsync<T>(string name, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(value, type), writable: false);
        await WriteAsync(name, json, null, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(string name, Stream octets, DateTimeOffset? time, CancellationToken cancellationToken)
    {
        var entry = new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = octets, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        // The time is for people who unpack it; before 1970 there is none in a tar.
        if (time is { } known && known > DateTimeOffset.UnixEpoch) entry.ModificationTime = known;
        await _tar.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tar wants to know the length before the octets, which come from a store and cannot be counted by seeking.</summary>
    private sealed class SizedStream(Stream source, long size) : ForwardStream
    {
        private long _position;

        public override bool CanSeek => true;

        public override long Length => size;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var wanted = (int)Math.Min(buffer.Length, size - _position);
            if (wanted == 0) return 0;
            var read = await source.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException($"The message ended {size - _position} octets early.");
            _position += read;
            return read;
        }
    }
}
