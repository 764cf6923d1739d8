using System.Diagnostics.Metrics;

namespace Merpati.Delivery.Mailboxes;

/// <summary>What searches cost, and how far the search index is.</summary>
public sealed class SearchMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _read;
    private readonly Counter<long> _indexed;
    private readonly Counter<long> _octets;
    private long _waiting;

    public SearchMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(DeliveryTelemetry.Name);
        _duration = meter.CreateHistogram<double>("merpati.search.duration", "s", "A SEARCH, by what it had to ask: state, message, content.");
        _read = meter.CreateCounter<long>("merpati.search.messages_read", "{message}", "Messages that a SEARCH had to read, since no index knew the answer.");
        _indexed = meter.CreateCounter<long>("merpati.search.index.messages", "{message}", "Messages whose text was added to the search index.");
        _octets = meter.CreateCounter<long>("merpati.search.index.written_bytes", "By", "Texts and signatures that were added to the search index.");
        meter.CreateObservableGauge("merpati.search.index.waiting", () => Volatile.Read(ref _waiting), "{message}", "Messages that are not in the search index yet, as of the last look.");
    }

    internal void Searched(TimeSpan duration, SearchCost cost, int read)
    {
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("cost", cost.ToString().ToLowerInvariant()));
        if (read > 0) _read.Add(read);
    }

    internal void Indexed(int messages, long octets)
    {
        _indexed.Add(messages);
        _octets.Add(octets);
    }

    internal void Waiting(long messages) => Volatile.Write(ref _waiting, messages);
}
