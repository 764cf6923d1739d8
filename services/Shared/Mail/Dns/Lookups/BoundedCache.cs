namespace Merpati.Mail.Dns;

/// <summary>What lives until a time, bounded in number and octets: what was not used for longest goes first.</summary>
public sealed class BoundedCache<TKey, TValue>(int maxEntries, long maxOctets)
    where TKey : notnull
{
    private readonly Lock _turn = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _octets;

    public int Count
    {
        get { lock (_turn) return _entries.Count; }
    }

    public long Octets
    {
        get { lock (_turn) return _octets; }
    }

    public bool TryGet(TKey key, DateTimeOffset now, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TValue value)
    {
        lock (_turn)
        {
            value = default;
            if (!_entries.TryGetValue(key, out var node)) return false;
            if (node.Value.Expires <= now)
            {
                Drop(node);
                return false;
            }
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Put(TKey key, TValue value, DateTimeOffset expires, long octets)
    {
        lock (_turn)
        {
            if (_entries.TryGetValue(key, out var old)) Drop(old);
            if (octets > maxOctets) return;
            _entries[key] = _byUse.AddFirst(new Entry(key, value, expires, octets));
            _octets += octets;
            while (_entries.Count > maxEntries || _octets > maxOctets) Drop(_byUse.Last!);
        }
    }

    public void Remove(TKey key)
    {
        lock (_turn)
        {
            if (_entries.TryGetValue(key, out var node)) Drop(node);
        }
    }

    public IReadOnlyList<TValue> Where(Func<TValue, bool> condition)
    {
        lock (_turn) return [.. _byUse.Select(entry => entry.Value).Where(condition)];
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _octets -= node.Value.Octets;
    }

    private sealed record Entry(TKey Key, TValue Value, DateTimeOffset Expires, long Octets);
}
