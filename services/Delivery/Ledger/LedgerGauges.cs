using System.Diagnostics.Metrics;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Ledger;

/// <summary>
/// Shows queue and ledger as gauges (design §3), and what the last <c>merpati fsck</c> found. They are read in the background; a scrape sees the last reading, unless that is old, and never waits for a store.
/// </summary>
internal sealed class LedgerGauges : BackgroundService
{
    /// <summary>Domains shown by name, so many with most mail and so many with the oldest; strangers choose domains, and each is a time series.</summary>
    private const int MaxDomains = 20;

    private static readonly RecipientState[] ClosedStates =
        [RecipientState.Delivered, RecipientState.Relayed, RecipientState.Bounced, RecipientState.Quarantined, RecipientState.Discarded];

    private readonly IMailQueue _queue;
    private readonly ISharedRecords _records;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerGauges> _logger;
    private readonly TimeSpan _lastsFor;
    private Reading? _reading;

    public LedgerGauges(IMailQueue queue, ISharedRecords records, IMeterFactory meters, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<LedgerGauges> logger)
    {
        _queue = queue;
        _records = records;
        _interval = options.Value.LedgerInterval;
        _lastsFor = 3 * _interval + TimeSpan.FromSeconds(10);
        _time = time;
        _logger = logger;
        var meter = meters.Create(DeliveryTelemetry.Name);
        meter.CreateObservableGauge("merpati.mail.accepted", () => Show(r => r.Ledger.Accepted), "{recipient}", "Recipients ever accepted.");
        meter.CreateObservableGauge("merpati.mail.open", () => Show(r => r.Ledger.Open), "{recipient}", "Accepted recipients that are queued or held.");
        meter.CreateObservableGauge("merpati.mail.closed", ShowClosed, "{recipient}", "Accepted recipients that reached their end, by state.");
        meter.CreateObservableGauge("merpati.mail.unaccounted", () => Show(r => r.Ledger.Unaccounted), "{recipient}", "Accepted recipients that are neither open nor closed: 0, always.");
        meter.CreateObservableGauge("merpati.queue.recipients", ShowQueue, "{recipient}", "Open recipients by route, state and domain.");
        meter.CreateObservableGauge("merpati.queue.oldest_age", ShowAges, "s", "Age of the oldest entry by route.");
        meter.CreateObservableGauge("merpati.fsck.findings", ShowFindings, "{finding}", "What the last fsck found and did not repair, by kind.");
        meter.CreateObservableGauge("merpati.fsck.last_run", () => Show(r => r.LastCheck?.At.ToUnixTimeSeconds()), "s", "When the last fsck came to its end, in seconds since 1970.");
        meter.CreateObservableGauge("merpati.queue.domain.oldest_age", ShowDomainAges, "s", "Age of the oldest open recipient by route, state and domain.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        try
        {
            do
            {
                try
                {
                    await ReadAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    _logger.LedgerUnreadable(exception);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    internal async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        var ledger = await _queue.LedgerAsync(cancellationToken);
        if (ledger.Unaccounted != 0) _logger.Unaccounted(ledger.Unaccounted);
        var counts = await _queue.CountAsync(cancellationToken);
        var oldest = new List<(QueueRoute, DateTimeOffset)>();
        foreach (var route in Enum.GetValues<QueueRoute>())
        {
            if (await _queue.BrowseAsync(new QueueFilter { Route = route }, null, 1, cancellationToken) is [var first, ..]) oldest.Add((route, first.AcceptedAt));
        }
        Volatile.Write(ref _reading, new Reading(_time.GetTimestamp(), ledger, Bound(counts), oldest, await LastCheck.ReadAsync(_records, cancellationToken)));
    }

    private static List<QueueCount> Bound(IReadOnlyList<QueueCount> counts)
    {
        var domains = counts.GroupBy(c => c.Domain).ToList();
        var named = domains.OrderByDescending(g => g.Sum(c => c.Recipients)).Take(MaxDomains)
            .Concat(domains.OrderBy(g => g.Min(c => c.Oldest)).Take(MaxDomains))
            .Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return counts
            .GroupBy(c => (c.Route, c.State, Domain: named.Contains(c.Domain) ? c.Domain : "other"))
            .Select(g => new QueueCount(g.Key.Route, g.Key.State, g.Key.Domain, g.Sum(c => c.Recipients), g.Min(c => c.Oldest)))
            .ToList();
    }

    /// <summary>Null also where the store could not be read for some time: what it was before would look as if all were well.</summary>
    private Reading? Current => Volatile.Read(ref _reading) is { } reading && _time.GetElapsedTime(reading.At) <= _lastsFor ? reading : null;

    private IEnumerable<Measurement<long>> Show(Func<Reading, long?> value)
        => Current is { } reading && value(reading) is { } number ? [new Measurement<long>(number)] : [];

    /// <summary>Every kind, so that one that is gone falls to 0; nothing where there was no check.</summary>
    private IEnumerable<Measurement<long>> ShowFindings()
    {
        if (Current?.LastCheck is not { } check) return [];
        var left = check.Counts.ToDictionary(count => count.Kind, count => count.Found - count.Repaired, StringComparer.Ordinal);
        return Enum.GetValues<DamageKind>().Select(Damage.Name).Select(kind => new Measurement<long>(left.GetValueOrDefault(kind), new KeyValuePair<string, object?>("kind", kind)));
    }

    private IEnumerable<Measurement<long>> ShowClosed()
        => Current is { } reading
            ? ClosedStates.Select(state => new Measurement<long>(reading.Ledger.Closed.GetValueOrDefault(state), Tag("state", state)))
            : [];

    private IEnumerable<Measurement<long>> ShowQueue()
        => Current is { } reading
            ? reading.Queue.Select(c => new Measurement<long>(c.Recipients, Tag("route", c.Route), Tag("state", c.State), new("domain", c.Domain)))
            : [];

    private IEnumerable<Measurement<double>> ShowDomainAges()
    {
        if (Current is not { } reading) return [];
        var now = _time.GetUtcNow();
        return reading.Queue.Select(c => new Measurement<double>(Math.Max(0, (now - c.Oldest).TotalSeconds), Tag("route", c.Route), Tag("state", c.State), new("domain", c.Domain)));
    }

    private IEnumerable<Measurement<double>> ShowAges()
    {
        if (Current is not { } reading) return [];
        var now = _time.GetUtcNow();
        return Enum.GetValues<QueueRoute>().Select(route =>
        {
            var oldest = reading.Oldest.Where(o => o.Route == route).Select(o => o.AcceptedAt).FirstOrDefault(now);
            return new Measurement<double>(Math.Max(0, (now - oldest).TotalSeconds), Tag("route", route));
        });
    }

    private static KeyValuePair<string, object?> Tag<T>(string name, T value) where T : struct, Enum => new(name, value.ToString().ToLowerInvariant());

    private sealed record Reading(long At, Storage.Ledger Ledger, IReadOnlyList<QueueCount> Queue, IReadOnlyList<(QueueRoute Route, DateTimeOffset AcceptedAt)> Oldest, Administration.FsckReport? LastCheck);
}
