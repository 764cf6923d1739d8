using System.Collections.Concurrent;

namespace Merpati.Platform.Caching;

/// <summary>
/// A map that holds what was used lately and never more than twice its capacity: two generations; when the young one is full it becomes the old one, and what was in the old one is forgotten.
/// Used entries move up, so a stranger who asks for endless new keys does not push out those that are in use.
/// </summary>
public sealed class BoundedCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Lock _turn = new();
    private volatile Generations _generations = new(new(), new());
    private int _young;

    public int Count => _generations.Young.Count + _generations.Old.Count;

    public bool TryGet(TKey key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TValue value)
    {
        var (young, old) = _generations;
        if (young.TryGetValue(key, out value)) return true;
        if (!old.TryGetValue(key, out value)) return false;
        if (young.TryAdd(key, value)) Grew(young); // a newer value that came in between stays
        return true;
    }

    public void Put(TKey key, TValue value)
    {
        var young = _generations.Young;
        if (young.TryAdd(key, value)) Grew(young);
        else young[key] = value;
    }

    public void Remove(TKey key)
    {
        var (young, old) = _generations;
        if (young.TryRemove(key, out _)) Interlocked.Decrement(ref _young);
        old.TryRemove(key, out _);
    }

    private void Grew(ConcurrentDictionary<TKey, TValue> young)
    {
        if (Interlocked.Increment(ref _young) < capacity) return;
        lock (_turn)
        {
            if (_generations.Young != young) return;
            _generations = new Generations(new(), young);
            Interlocked.Exchange(ref _young, 0);
        }
    }

    private sealed record Generations(ConcurrentDictionary<TKey, TValue> Young, ConcurrentDictionary<TKey, TValue> Old);
}
