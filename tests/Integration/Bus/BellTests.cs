using AwesomeAssertions;
using Merpati.Storage;
using Merpati.TestKit.Cluster;
using Xunit;

namespace Merpati.Tests.Integration.Bus;

public sealed class BellTests
{
    [Fact]
    public async Task A_ring_in_one_process_wakes_a_worker_in_another()
    {
        var prefix = BusProcess.NewPrefix();
        await using var worker = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local);
        await using var ingress = await BusProcess.StartAsync(prefix);
        await worker.WarmUpAsync(ingress);
        var woken = worker.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask();
        ingress.Bell.Ring(QueueRoute.Local);
        await woken.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task Routes_do_not_wake_each_other()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local);
        await using var relay = await BusProcess.StartAsync(prefix, heard: QueueRoute.Relay);
        await using var ingress = await BusProcess.StartAsync(prefix);
        await delivery.WarmUpAsync(ingress);
        await relay.WarmUpAsync(ingress, QueueRoute.Relay);
        var delivers = delivery.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask();
        var relays = relay.Bell.WaitAsync(QueueRoute.Relay, null, default).AsTask();
        ingress.Bell.Ring(QueueRoute.Relay);
        await relays.WaitAsync(Eventually.Patience);
        delivers.IsCompleted.Should().BeFalse();
        ingress.Bell.Ring(QueueRoute.Local);
        await delivers.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task A_busy_worker_leaves_rings_to_one_that_is_free()
    {
        var prefix = BusProcess.NewPrefix();
        await using var busy = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local); // nobody waits at its bell
        await using var free = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local);
        await using var ingress = await BusProcess.StartAsync(prefix);
        await busy.WarmUpAsync(ingress);
        await free.WarmUpAsync(ingress);
        for (var i = 0; i < 5; i++)
        {
            var woken = free.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask();
            // The busy one keeps the first for a while, and passes it on.
            ingress.Bell.Ring(QueueRoute.Local);
            await woken.WaitAsync(Eventually.Patience);
        }
    }

    [Fact]
    public async Task A_rush_of_rings_is_few_messages()
    {
        var prefix = BusProcess.NewPrefix();
        await using var worker = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local);
        await using var ingress = await BusProcess.StartAsync(prefix);
        await worker.WarmUpAsync(ingress);
        for (var i = 0; i < 100_000; i++) ingress.Bell.Ring(QueueRoute.Local);
        await using var broker = await RawBroker.ConnectAsync();
        (await broker.CountAsync($"{prefix}.message-queued.local")).Should().BeLessThan(100);
    }

    [Fact]
    public async Task A_message_that_nobody_can_handle_goes_to_the_dead_letters_and_the_rings_go_on()
    {
        var prefix = BusProcess.NewPrefix();
        await using var worker = await BusProcess.StartAsync(prefix, heard: QueueRoute.Local);
        await using var ingress = await BusProcess.StartAsync(prefix);
        await worker.WarmUpAsync(ingress);
        await using var broker = await RawBroker.ConnectAsync();
        (await broker.CountAsync($"{prefix}.dead-letters")).Should().Be(0, "it is declared before anything is in it");

        await broker.PublishAsync($"{prefix}.message-queued", "local", "this is no JSON", "application/vnd.masstransit+json");
        await broker.PublishAsync($"{prefix}.message-queued", "local", """{"messageType":["urn:message:Merpati.Bus:MessageQueued"],"message":{"route":"nowhere"}}""", "application/vnd.masstransit+json");
        await broker.PublishAsync($"{prefix}.message-queued", "local", """{"messageType":["urn:message:Merpati.Bus:Unknown"],"message":{}}""", "application/vnd.masstransit+json");
        await Eventually.BeAsync(async () => await broker.CountAsync($"{prefix}.dead-letters") == 3, "three dead letters");

        var woken = worker.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask();
        ingress.Bell.Ring(QueueRoute.Local);
        await woken.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task An_endpoint_that_nobody_serves_any_more_goes_away_with_its_messages()
    {
        var prefix = BusProcess.NewPrefix();
        var settings = new Dictionary<string, string?> { ["Bus:UnusedQueuesExpire"] = "00:00:02" };
        await using var ingress = await BusProcess.StartAsync(prefix, settings: settings);
        await using var broker = await RawBroker.ConnectAsync();
        await using (var old = await BusProcess.StartAsync(prefix, settings: settings, heard: QueueRoute.Relay)) await old.WarmUpAsync(ingress, QueueRoute.Relay);
        ingress.Bell.Ring(QueueRoute.Relay);
        await Eventually.BeAsync(async () => await broker.CountAsync($"{prefix}.message-queued.relay") is null, "the queue is gone");
        ingress.Bell.Ring(QueueRoute.Relay); // goes nowhere, and that is no failure
        await using var again = await BusProcess.StartAsync(prefix, settings: settings, heard: QueueRoute.Relay);
        await again.WarmUpAsync(ingress, QueueRoute.Relay);
    }

    [Fact]
    public async Task Without_a_broker_a_process_starts_rings_itself_and_stops()
    {
        await using var process = await BusProcess.StartAsync(BusProcess.NewPrefix(), "amqp://guest:guest@127.0.0.1:1/", heard: QueueRoute.Local);
        for (var i = 0; i < 1000; i++) process.Bell.Ring(QueueRoute.Local);
        await process.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask().WaitAsync(Eventually.Patience);
        process.Directory.Announce();
        process.Changes.Announce(new Mailboxes.MailboxChanged(new Mailboxes.AccountId(Guid.NewGuid()), null, default));
    }
}
