namespace Merpati.Mail.Dns;

/// <summary>Those who want the same at the same time share one attempt to get it. An attempt goes on when a caller leaves: the others, or a cache, still want what it brings.</summary>
internal sealed class SingleFlight<TKey, TValue>
    where TKey : notnull
{
    private readonly Lock _turn = new();
    private readonly Dictionary<TKey, Task<TValue>> _flights = [];

    /// <param name="attempt">Has to end by itself: no caller's token reaches it.</param>
    public Task<TValue> JoinAsync(TKey key, Func<Task<TValue>> attempt, CancellationToken cancellationToken)
    {
        Task<TValue> flight;
        lock (_turn)
        {
            if (!_flights.TryGetValue(key, out flight!)) _flights[key] = flight = Task.Run(() => FlyAsync(key, attempt), CancellationToken.None);
        }
        return flight.WaitAsync(cancellationToken);
    }

    private async Task<TValue> FlyAsync(TKey key, Func<Task<TValue>> attempt)
    {
        try { return await attempt(); }
        finally
        {
            lock (_turn) _flights.Remove(key);
        }
    }
}
