using System.Diagnostics;
using System.Threading.Channels;
using Merpati.Mailboxes;
using RabbitMQ.Client;

namespace Merpati.Bus.Mailboxes;

/// <summary>
/// Sends changes in the order in which they were announced, many in flight, each confirmed. Changes of one mailbox that wait together become one.
/// The queue before it is bounded and forgets the oldest: a lost change costs latency.
/// </summary>
internal sealed class ChangePublisher
{
    /// <summary>In flight at once.</summary>
    private const int Batch = 64;

    private readonly Channel<(MailboxChanged Change, string? TraceParent)> _outgoing;
    private readonly BusTopology _topology;
    private readonly BusOptions _options;
    private readonly TimeProvider _time;
    private readonly BusMetrics _metrics;

    public ChangePublisher(BusTopology topology, BusOptions options, TimeProvider time, BusMetrics metrics)
    {
        (_topology, _options, _time, _metrics) = (topology, options, time, metrics);
        _outgoing = Channel.CreateBounded<(MailboxChanged, string?)>(
            new BoundedChannelOptions(options.OutgoingChanges) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => metrics.Dropped(nameof(MailboxChanged)));
    }

    /// <summary>Never waits and never fails.</summary>
    public void Post(MailboxChanged change) => _outgoing.Writer.TryWrite((change, Activity.Current?.Id));

    /// <summary>Returns when there is something to send.</summary>
    public ValueTask<bool> WaitForWorkAsync(CancellationToken cancellationToken) => _outgoing.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Sends until the channel closes or is cancelled. What cannot be sent is dropped and counted.</summary>
    public async Task RunAsync(IChannel channel, CancellationToken cancellationToken)
    {
        while (await _outgoing.Reader.WaitToReadAsync(cancellationToken))
        {
            var batch = TakeBatch();
            using var timer = new CancellationTokenSource(_options.SendTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            var sends = new List<Task>(batch.Count);
            foreach (var (change, traceParent) in batch.Values) sends.Add(SendAsync(channel, change, traceParent, either.Token));
            try { await Task.WhenAll(sends); }
            finally
            {
                var sent = sends.Count(send => send.IsCompletedSuccessfully);
                _metrics.Sent(nameof(MailboxChanged), sent);
                if (sent < batch.Count)
                {
                    _metrics.Failed(nameof(MailboxChanged));
                    _metrics.Dropped(nameof(MailboxChanged), batch.Count - sent);
                }
            }
        }
    }

    /// <summary>What waits; of each mailbox the newest.</summary>
    private Dictionary<(AccountId, MailboxId?), (MailboxChanged Change, string? TraceParent)> TakeBatch()
    {
        var batch = new Dictionary<(AccountId, MailboxId?), (MailboxChanged, string?)>();
        while (batch.Count < Batch && _outgoing.Reader.TryRead(out var next)) batch[(next.Change.Account, next.Change.Mailbox)] = next;
        return batch;
    }

    private async Task SendAsync(IChannel channel, MailboxChanged change, string? traceParent, CancellationToken cancellationToken)
    {
        // Nobody looking at the account is no failure: the message is not mandatory.
        var properties = new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Transient };
        await channel.BasicPublishAsync(_topology.MailboxChanges, change.Account.ToString(), mandatory: false, properties, ChangeMessage.Write(change, traceParent), cancellationToken);
    }
}
