namespace Merpati.Delivery.Mailboxes;

/// <summary>Remembers what was added lately: at least the last <paramref name="capacity"/> items, never more than twice as many. Thread-safe.</summary>
internal sealed class RecentSet<T>(int capacity)
    where T : notnull
{
    private readonly Lock _gate = new();
    private HashSet<T> _young = [];
    private HashSet<T> _old = [];

    /// <summary>False when it is remembered already.</summary>
    public bool Add(T item)
    {
        lock (_gate)
        {
            if (_young.Contains(item)) return false;
            var added = !_old.Contains(item);
            if (_young.Count >= capacity) (_old, _young) = (_young, []);
            _young.Add(item);
            return added;
        }
    }
}
