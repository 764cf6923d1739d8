using System.Text.Json;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Merpati.Bus.Mailboxes;

/// <summary>
/// Receives the changes of the accounts that somebody here looks at. Its queue belongs to one connection and goes with it; binding follows the sessions:
/// at once when an account is added, at leisure when its last session has left, as clients come back.
/// </summary>
internal sealed class ChangeSubscriber(SubscribedAccounts accounts, LocalMailboxChangeFeed local, BusTopology topology, BusOptions options, TimeProvider time, BusMetrics metrics, ILogger logger)
{
    private static readonly TimeSpan UnbindInterval = TimeSpan.FromSeconds(10);

    private const int Prefetch = 500;

    /// <summary>Runs until the channel closes or is cancelled.</summary>
    public async Task RunAsync(IChannel channel, CancellationToken cancellationToken)
    {
        if (accounts.IsEmpty) await accounts.WaitForAddedAsync(cancellationToken);
        var queue = await DeclareAsync(channel, cancellationToken);
        var bound = new HashSet<AccountId>();
        foreach (var account in accounts.All) await BindAsync(account);
        var nextUnbind = time.GetTimestamp();
        while (true)
        {
            foreach (var account in accounts.TakeAdded()) await BindAsync(account);
            if (time.GetElapsedTime(nextUnbind) >= UnbindInterval)
            {
                await UnbindAsync();
                nextUnbind = time.GetTimestamp();
            }
            using var timer = new CancellationTokenSource(UnbindInterval, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            try { await accounts.WaitForAddedAsync(either.Token); }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { }
        }

        async ValueTask BindAsync(AccountId account)
        {
            if (!accounts.Contains(account) || !bound.Add(account)) return;
            await channel.QueueBindAsync(queue, topology.MailboxChanges, account.ToString(), cancellationToken: cancellationToken);
            // What changed before the binding was there was not heard.
            Deliver(new MailboxChanged(account, null, default), null);
        }

        async ValueTask UnbindAsync()
        {
            foreach (var account in bound.Where(account => !accounts.Contains(account)).ToList())
            {
                bound.Remove(account);
                await channel.QueueUnbindAsync(queue, topology.MailboxChanges, account.ToString(), cancellationToken: cancellationToken);
            }
        }
    }

    private async ValueTask<string> DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        var arguments = new Dictionary<string, object?> { ["x-max-length"] = options.IncomingChanges, ["x-overflow"] = "drop-head" };
        var queue = await channel.QueueDeclareAsync(queue: "", durable: false, exclusive: true, autoDelete: true, arguments, cancellationToken: cancellationToken);
        await channel.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            Receive(message.Body.Span);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, CancellationToken.None);
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, consumer, cancellationToken);
        return queue.QueueName;
    }

    private void Receive(ReadOnlySpan<byte> body)
    {
        metrics.Received(nameof(MailboxChanged));
        try
        {
            var (change, traceParent) = ChangeMessage.Read(body);
            Deliver(change, traceParent);
        }
        catch (JsonException e)
        {
            metrics.DeadLetter();
            logger.UnknownChange(e.Message);
        }
    }

    private void Deliver(MailboxChanged change, string? traceParent)
    {
        using var activity = BusTelemetry.StartReceive(nameof(MailboxChanged), traceParent);
        try { local.Announce(change); }
#pragma warning disable CA1031 // One session's trouble is not the others'.
        catch (Exception e) { logger.SubscriberFailed(nameof(MailboxChanged), e); }
#pragma warning restore CA1031
    }
}
