using Merpati.Storage;

namespace Merpati.TestKit.Stores;

/// <summary>Shared records in memory, for unit tests.</summary>
public sealed class InMemorySharedRecords(TimeProvider time) : ISharedRecords
{
    private readonly Lock _turn = new();
    private readonly SortedDictionary<string, SharedRecord> _records = new(StringComparer.Ordinal);

    public ValueTask<SharedRecord?> FindAsync(string kind, string key, CancellationToken cancellationToken)
    {
        lock (_turn) return ValueTask.FromResult(Find(kind, key));
    }

    public ValueTask<IReadOnlyList<SharedRecord>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            return ValueTask.FromResult<IReadOnlyList<SharedRecord>>([.. _records.Values
                .Where(record => record.Kind == kind && string.CompareOrdinal(record.Key, after ?? "") > 0 && record.ExpiresAt > time.GetUtcNow())
                .Take(limit)]);
        }
    }

    public ValueTask<bool> TryPutAsync(SharedRecord record, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            // One that has expired may still be written by who read it before.
            var there = _records.GetValueOrDefault(Id(record.Kind, record.Key));
            if (record.Version == 0 ? Find(record.Kind, record.Key) is not null : there?.Version != record.Version) return ValueTask.FromResult(false);
            Put(record);
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask PutAsync(IReadOnlyList<SharedRecord> records, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            foreach (var record in records) Put(record);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveAsync(string kind, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            foreach (var key in keys) _records.Remove(Id(kind, key));
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<long> RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        lock (_turn)
        {
            var expired = _records.Where(record => record.Value.ExpiresAt <= time.GetUtcNow()).Select(record => record.Key).ToList();
            foreach (var id in expired) _records.Remove(id);
            return ValueTask.FromResult((long)expired.Count);
        }
    }

    private static string Id(string kind, string key) => $"{kind}\n{key}";

    private SharedRecord? Find(string kind, string key) => _records.TryGetValue(Id(kind, key), out var record) && record.ExpiresAt > time.GetUtcNow() ? record : null;

    private void Put(SharedRecord record)
    {
        var id = Id(record.Kind, record.Key);
        _records[id] = record with { Value = record.Value.ToArray(), Version = (_records.TryGetValue(id, out var there) ? there.Version : 0) + 1 };
    }
}
