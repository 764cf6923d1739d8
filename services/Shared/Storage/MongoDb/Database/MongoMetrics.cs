using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Merpati.Storage.MongoDb;

/// <summary>The meter <c>Merpati.Storage</c>; every measurement carries the store's name.</summary>
internal sealed class MongoMetrics : IDisposable
{
    public const string MeterName = "Merpati.Storage";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _batch;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _retries;

    public MongoMetrics()
    {
        _commit = _meter.CreateHistogram<double>("merpati.storage.commit.duration", "s", "From the begin of a group's transaction until it is on disk.");
        _batch = _meter.CreateHistogram<int>("merpati.storage.commit.operations", "{operation}", "Operations that shared one commit.");
        _failures = _meter.CreateCounter<long>("merpati.storage.operation.failures", "{operation}", "Write operations that failed.");
        _retries = _meter.CreateCounter<long>("merpati.storage.transaction.retries", "{transaction}", "Transactions that were run again after a conflict or a change of the primary.");
    }

    public void Committed(string store, long startedAt, int operations)
    {
        var tag = new KeyValuePair<string, object?>("store", store);
        _commit.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, tag);
        _batch.Record(operations, tag);
    }

    public void Failed(string store) => _failures.Add(1, new KeyValuePair<string, object?>("store", store));

    public void Retried(string store) => _retries.Add(1, new KeyValuePair<string, object?>("store", store));

    public void Dispose() => _meter.Dispose();
}
