using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Merpati.Bus.Mailboxes;

/// <summary>
/// Changes of mailboxes between processes (design §5): a topic exchange with the account as routing key, and in each process that looks at accounts one queue
/// bound to those. Written with RabbitMQ.Client, as bindings come and go with the sessions. It connects when there is first something to send or to hear.
/// Whoever subscribes is told to look whenever changes may have been missed, and every so often anyway.
/// </summary>
internal sealed class BusMailboxChangeFeed : BackgroundService, IMailboxChangeFeed
{
    private const string ConnectionName = "changes";

    private readonly LocalMailboxChangeFeed _local = new();
    private readonly SubscribedAccounts _accounts = new();
    private readonly ChangePublisher _publisher;
    private readonly ChangeSubscriber _subscriber;
    private readonly BusTopology _topology;
    private readonly BusOptions _options;
    private readonly TimeProvider _time;
    private readonly BusMetrics _metrics;
    private readonly ILogger _logger;
    private volatile bool _connected;

    public BusMailboxChangeFeed(BusTopology topology, IOptions<BusOptions> options, TimeProvider time, BusMetrics metrics, ILogger<BusMailboxChangeFeed> logger)
    {
        (_topology, _options, _time, _metrics, _logger) = (topology, options.Value, time, metrics, logger);
        _publisher = new ChangePublisher(topology, _options, time, metrics);
        _subscriber = new ChangeSubscriber(_accounts, _local, topology, _options, time, metrics, logger);
    }

    public IDisposable Subscribe(AccountId account, Action<MailboxChanged> onChange)
    {
        var subscription = new Subscription(_local.Subscribe(account, onChange), _accounts, account);
        _accounts.Add(account);
        return subscription;
    }

    /// <summary>Goes out even to subscribers in this process: they are of another service.</summary>
    public void Announce(MailboxChanged change) => _publisher.Post(change);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(StayConnectedAsync(stoppingToken), PollAsync(stoppingToken));

    private async Task StayConnectedAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WaitForUseAsync(stoppingToken);
            var away = false;
            while (true)
            {
                try { await RunConnectedAsync(stoppingToken); }
#pragma warning disable CA1031 // Whatever the client throws: the connection is gone and is made anew.
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    if (_connected || !away) _logger.Away(Broker, ConnectionName, e.GetBaseException().Message.TrimEnd('.'));
                    away = true;
                    _connected = false;
                    _metrics.Connected(ConnectionName, false);
                }
                await Task.Delay(_options.RetryInterval, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private string Broker => new Uri(_options.Uri) is var uri ? $"{uri.Host}:{uri.Port}" : "";

    private async Task WaitForUseAsync(CancellationToken cancellationToken)
        => await await Task.WhenAny(_accounts.WaitForAddedAsync(cancellationToken).AsTask(), _publisher.WaitForWorkAsync(cancellationToken).AsTask());

    /// <summary>Returns by throwing: what ended the connection, or the cancellation.</summary>
    private async Task RunConnectedAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = _options.ToUri(),
            ClientProvidedName = $"merpati {ConnectionName} {Environment.MachineName}/{Environment.ProcessId}",
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            // We make it all anew ourselves, and then tell the sessions that they may have missed something.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var incoming = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await using var outgoing = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var shutdown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var channel in new[] { incoming, outgoing })
        {
            channel.ChannelShutdownAsync += (_, reason) =>
            {
                shutdown.TrySetException(new IOException(reason.ReplyText));
                return Task.CompletedTask;
            };
            channel.CallbackExceptionAsync += (_, trouble) =>
            {
                shutdown.TrySetException(trouble.Exception);
                return Task.CompletedTask;
            };
        }
        await incoming.ExchangeDeclareAsync(_topology.MailboxChanges, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        _connected = true;
        _metrics.Connected(ConnectionName, true);
        _logger.Connected(Broker, ConnectionName);
        Task[] work = [_subscriber.RunAsync(incoming, ended.Token), _publisher.RunAsync(outgoing, ended.Token), shutdown.Task];
        try { await await Task.WhenAny(work); }
        finally
        {
            await ended.CancelAsync();
            foreach (var task in work[..2]) await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells all sessions to look, a few each second, so that all have looked once in each interval.</summary>
    private async Task PollAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        try
        {
            for (var second = 0; await timer.WaitForNextTickAsync(stoppingToken); second++)
            {
                var seconds = (int)(_connected ? _options.Poll : _options.PollWithoutBroker).TotalSeconds;
                foreach (var account in _accounts.All.Where(account => (uint)account.GetHashCode() % seconds == second % seconds)) _local.Announce(new MailboxChanged(account, null, default));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private sealed class Subscription(IDisposable local, SubscribedAccounts accounts, AccountId account) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
            local.Dispose();
            accounts.Remove(account);
        }
    }
}
