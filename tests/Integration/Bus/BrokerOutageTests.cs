using AwesomeAssertions;
using Merpati.Local.Broker;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.TestKit.Cluster;
using Xunit;

namespace Merpati.Tests.Integration.Bus;

/// <summary>A broker of the test's own goes away and comes back, with and without its data.</summary>
public sealed class BrokerOutageTests : IAsyncLifetime
{
    private static readonly MailboxId Inbox = new(Guid.NewGuid());

    private readonly AccountId _ann = new(Guid.NewGuid());
    private RabbitBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await RabbitBroker.StartNewAsync(CancellationToken.None);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Everything_comes_back_after_an_outage(bool dataWiped)
    {
        var prefix = BusProcess.NewPrefix();
        await using var ingress = await StartAsync(prefix);
        await using var delivery = await StartAsync(prefix, QueueRoute.Local);
        await using var gateway = await StartAsync(prefix);
        using var session = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(session);
        await delivery.WarmUpAsync(ingress);
        await HearsDirectoryAsync(delivery, gateway);

        await _broker.KillAsync();
        if (dataWiped) _broker.WipeData();
        // Nobody notices who announces something.
        for (var i = 0; i < 100_000; i++)
        {
            ingress.Bell.Ring(QueueRoute.Local);
            delivery.Changes.Announce(new MailboxChanged(_ann, Inbox, new ModSeq(i)));
            delivery.Directory.Announce();
        }
        var looks = session.Heard.Count;
        await Eventually.BeAsync(() => session.Heard.Count > looks, "the session looks by itself");

        var woken = delivery.Bell.WaitAsync(QueueRoute.Local, null, default).AsTask();
        looks = session.Heard.Count;
        await _broker.StartAsync(CancellationToken.None);
        await woken.WaitAsync(Eventually.Patience);
        await Eventually.BeAsync(() => session.Heard.Count > looks, "the session is told to look, as it may have missed something");
        await delivery.WarmUpAsync(ingress);
        await Eventually.BeAsync(
            () =>
            {
                delivery.Changes.Announce(new MailboxChanged(_ann, Inbox, new ModSeq(1_000_000)));
                return session.Heard.Any(change => change.ModSeq.Value == 1_000_000);
            },
            "changes are heard again");
        await HearsDirectoryAsync(delivery, gateway);
        await using var raw = await RawBroker.ConnectAsync(_broker.Uri.ToString());
        (await raw.CountAsync($"{prefix}.dead-letters")).Should().Be(0);
    }

    [Fact]
    public async Task A_start_without_a_broker_catches_up_when_it_comes()
    {
        await _broker.StopAsync();
        var prefix = BusProcess.NewPrefix();
        await using var ingress = await StartAsync(prefix);
        await using var delivery = await StartAsync(prefix, QueueRoute.Local);
        await using var gateway = await StartAsync(prefix);
        using var session = new Listener(gateway, _ann);
        ingress.Bell.Ring(QueueRoute.Local);
        await _broker.StartAsync(CancellationToken.None);
        await Listener.AllBoundAsync(session);
        await delivery.WarmUpAsync(ingress);
        delivery.Changes.Announce(new MailboxChanged(_ann, Inbox, new ModSeq(4)));
        await session.HasAsync(4);
    }

    private Task<BusProcess> StartAsync(string prefix, params QueueRoute[] heard)
        => BusProcess.StartAsync(prefix, _broker.Uri.ToString(), new Dictionary<string, string?> { ["Bus:PollWithoutBroker"] = "00:00:01", ["Bus:SendTimeout"] = "00:00:01" }, heard);

    private static Task HearsDirectoryAsync(BusProcess from, BusProcess to)
    {
        var before = to.Received("DirectoryChanged");
        return Eventually.BeAsync(
            () =>
            {
                from.Directory.Announce();
                return to.Received("DirectoryChanged") > before;
            },
            "changes of the directory are heard");
    }
}
