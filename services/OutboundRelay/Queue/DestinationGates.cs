using System.Collections.Concurrent;
using System.Collections.Frozen;
using Merpati.Mail.Dns;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>The gates of all destinations, and the rates of all senders, that there is something to know about.</summary>
internal sealed class DestinationGates(ISharedRecords records, IOptions<OutboundRelayOptions> options, TimeProvider time)
{
    /// <summary>Strangers choose destinations; what is as good as new is forgotten above this.</summary>
    private const int Kept = 10_000;

    private readonly GateOptions _options = options.Value.Gates;
    private readonly DomainTable<DomainRelayOptions> _domains = new(options.Value.Domains);
    private readonly ConcurrentDictionary<string, DestinationGate> _gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SharedRate> _senders = new(StringComparer.Ordinal);
    private int _sinceForgotten;

    public int Count => _gates.Count;

    public DestinationGate Of(string destination)
    {
        if (_gates.TryGetValue(destination, out var gate)) return gate;
        if (Interlocked.Increment(ref _sinceForgotten) > Kept / 2) Forget();
        return _gates.GetOrAdd(destination, Make);
    }

    /// <summary>Destinations for which nothing more can be done now.</summary>
    public IReadOnlySet<string> Full()
    {
        var full = _gates.Where(gate => gate.Value.IsFull).Select(gate => gate.Key).ToList();
        return full.Count == 0 ? FrozenSet<string>.Empty : full.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Destinations that took mail the last time, and how much more each can use.</summary>
    public IReadOnlyDictionary<string, int> Well() => _gates.Where(gate => gate.Value.IsWell).ToDictionary(gate => gate.Key, gate => Math.Max(1, gate.Value.Room), StringComparer.Ordinal);

    public bool IsWell(string destination) => _gates.TryGetValue(destination, out var gate) && gate.IsWell;

    public int Resting() => _gates.Values.Count(gate => gate.RestsUntil is not null);

    /// <summary>Counts one message of its sender; not null: when it may come again.</summary>
    public ValueTask<DateTimeOffset?> TakeTurnOfSenderAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        if (_options.SenderMessagesPerMinute == 0 || entry.ReversePath.IsNull) return ValueTask.FromResult<DateTimeOffset?>(null);
        var sender = entry.Submitter?.ToString() ?? entry.ReversePath.ToString().ToLowerInvariant();
        return _senders.GetOrAdd(sender, _ => new SharedRate(records, "from " + sender, _options.SenderMessagesPerMinute, time)).TakeAsync(cancellationToken);
    }

    private DestinationGate Make(string destination)
    {
        var own = _domains.TryFind(destination, out var found) ? found : new DomainRelayOptions();
        var perMinute = own.MessagesPerMinute ?? _options.MessagesPerMinute;
        return new DestinationGate(_options, own.MaxConcurrency ?? _options.MaxConcurrency, perMinute > 0 ? new SharedRate(records, "to " + destination, perMinute, time) : null, time);
    }

    /// <summary>A gate that somebody takes hold of at this moment may be forgotten: he counts beside the others for once.</summary>
    private void Forget()
    {
        Interlocked.Exchange(ref _sinceForgotten, 0);
        if (_gates.Count > Kept)
        {
            foreach (var (destination, gate) in _gates)
            {
                if (gate.IsForgettable) _gates.TryRemove(destination, out _);
            }
        }
        if (_senders.Count <= Kept) return;
        var now = time.GetUtcNow();
        foreach (var (sender, rate) in _senders)
        {
            if (rate.IsIdle(now)) _senders.TryRemove(sender, out _);
        }
    }
}
