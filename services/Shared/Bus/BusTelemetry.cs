using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Merpati.Bus;

internal static class BusTelemetry
{
    public const string Name = "Merpati.Bus";

    public static readonly ActivitySource Source = new(Name);

    /// <summary>A span for something that came in, in the trace of its sender.</summary>
    public static Activity? StartReceive(string what, string? traceParent)
    {
        // Without a trace to belong to it is not worth one of its own.
        if (!Source.HasListeners() || !ActivityContext.TryParse(traceParent, null, isRemote: true, out var sender)) return null;
        return Source.StartActivity($"receive {what}", ActivityKind.Consumer, sender);
    }
}

internal sealed class BusMetrics
{
    private readonly Counter<long> _sent;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _received;
    private readonly Counter<long> _deadLetters;
    private readonly ConcurrentDictionary<string, bool> _connected = new(StringComparer.Ordinal);

    public BusMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(BusTelemetry.Name);
        _sent = meter.CreateCounter<long>("merpati.bus.sent.events", "{event}", "Events that the broker confirmed, by event");
        _failed = meter.CreateCounter<long>("merpati.bus.failed.sends", "{send}", "Sends that failed or took too long, by event");
        _dropped = meter.CreateCounter<long>("merpati.bus.dropped.events", "{event}", "Events that were not sent as the broker was away or the outgoing queue was full, by event");
        _received = meter.CreateCounter<long>("merpati.bus.received.events", "{event}", "Events that came in, by event");
        _deadLetters = meter.CreateCounter<long>("merpati.bus.dead_letters", "{event}", "Events that could not be understood or handled");
        meter.CreateObservableGauge("merpati.bus.connected", () => _connected.Select(c => new Measurement<int>(c.Value ? 1 : 0, new KeyValuePair<string, object?>("connection", c.Key))), "{connection}", "1 while the broker is connected, by connection: events, changes");
    }

    public void Sent(string what, int count = 1) => _sent.Add(count, Tag(what));

    public void Failed(string what) => _failed.Add(1, Tag(what));

    public void Dropped(string what, int count = 1) => _dropped.Add(count, Tag(what));

    public void Received(string what) => _received.Add(1, Tag(what));

    public void DeadLetter() => _deadLetters.Add(1);

    public void Connected(string connection, bool connected) => _connected[connection] = connected;

    private static KeyValuePair<string, object?> Tag(string what) => new("event", what);
}
