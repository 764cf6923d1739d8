using System.Security.Cryptography;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.TestKit.Stores;

/// <summary>The content store in memory, for unit tests.</summary>
public sealed class InMemoryContentStore(TimeProvider time) : IContentStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (ContentInfo Info, byte[] Octets)> _contents = new(StringComparer.Ordinal);

    /// <summary>Thrown by every new content while set.</summary>
    public Exception? FailCreate { get; set; }

    /// <summary>Contents whose checksum is wrong.</summary>
    public HashSet<ContentId> Damaged { get; } = [];

    public int Opened { get; private set; }

    public IReadOnlyList<ContentId> All
    {
        get { lock (_lock) return [.. _contents.Values.Select(c => c.Info.Id)]; }
    }

    public byte[] Read(ContentId content)
    {
        lock (_lock) return _contents[content.ToString()].Octets;
    }

    public ContentInfo Add(ReadOnlySpan<byte> octets) => Add(ContentId.New(time), octets);

    private ContentInfo Add(ContentId id, ReadOnlySpan<byte> octets)
    {
        var info = new ContentInfo(id, octets.Length, SHA256.HashData(octets), time.GetUtcNow());
        lock (_lock) _contents[info.Id.ToString()] = (info, octets.ToArray());
        return info;
    }

    public ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken)
        => FailCreate is { } exception ? throw exception : ValueTask.FromResult<IContentWriter>(new Writer(this, time));

    public ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_contents.TryGetValue(content.ToString(), out var found) ? found.Info : null);
    }

    public ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Opened++;
            if (Damaged.Contains(content)) throw new ContentDamagedException(content, "checksum");
            if (!_contents.TryGetValue(content.ToString(), out var found)) throw new ContentDamagedException(content, "missing");
            var start = (int)Math.Min(offset, found.Octets.Length);
            var count = (int)Math.Min(length, found.Octets.Length - start);
            return ValueTask.FromResult<Stream>(new MemoryStream(found.Octets, start, count, writable: false));
        }
    }

    public ValueTask DeleteAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var content in contents) _contents.Remove(content.ToString());
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<ContentInfo>>([.. _contents
                .Where(c => (after is null || string.CompareOrdinal(c.Key, after.Value.ToString()) > 0) && c.Value.Info.CreatedAt < before)
                .Take(limit).Select(c => c.Value.Info)]);
        }
    }

    public ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) => ValueTask.FromResult(0);

    private sealed class Writer(InMemoryContentStore store, TimeProvider time) : IContentWriter
    {
        private readonly MemoryStream _octets = new();

        public ContentId Id { get; } = ContentId.New(time);

        public long Length => _octets.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            _octets.Write(octets.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<ContentInfo> CommitAsync(CancellationToken cancellationToken)
            => ValueTask.FromResult(store.Add(Id, _octets.ToArray()));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
