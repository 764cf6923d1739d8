using System.Collections.Concurrent;
using System.Diagnostics;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.TestKit.Cluster;
using Xunit;

namespace Merpati.Tests.Integration.Bus;

public sealed class MailboxChangeTests
{
    private readonly AccountId _ann = new(Guid.NewGuid());
    private readonly AccountId _bob = new(Guid.NewGuid());
    private readonly MailboxId _inbox = new(Guid.NewGuid());

    [Fact]
    public async Task A_change_reaches_every_gateway_that_looks_at_the_account()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var first = await BusProcess.StartAsync(prefix);
        await using var second = await BusProcess.StartAsync(prefix);
        using var ofAnn = new Listener(first, _ann);
        using var ofAnnToo = new Listener(second, _ann);
        using var ofBob = new Listener(second, _bob);
        await Listener.AllBoundAsync(ofAnn, ofAnnToo, ofBob);

        delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(7)));
        await ofAnn.HasAsync(7);
        await ofAnnToo.HasAsync(7);
        delivery.Changes.Announce(new MailboxChanged(_bob, _inbox, new ModSeq(8)));
        await ofBob.HasAsync(8);
        ofBob.Heard.Should().NotContain(change => change.Account == _ann);
        ofAnn.Heard.Should().NotContain(change => change.Account == _bob);
    }

    [Fact]
    public async Task Sessions_come_and_go_without_taking_the_others_along()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var gateway = await BusProcess.StartAsync(prefix);
        using var stays = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(stays);
        for (var i = 0; i < 50; i++)
        {
            using var comes = new Listener(gateway, _ann);
            using var other = new Listener(gateway, new AccountId(Guid.NewGuid()));
        }
        delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(3)));
        await stays.HasAsync(3);
    }

    [Fact]
    public async Task An_account_that_nobody_looks_at_any_more_is_unbound()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var gateway = await BusProcess.StartAsync(prefix);
        using var stays = new Listener(gateway, _bob);
        var leaves = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(leaves, stays);
        leaves.Dispose();
        await Eventually.BeAsync(
            async () =>
            {
                var before = gateway.Received("MailboxChanged");
                delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(1)));
                delivery.Changes.Announce(new MailboxChanged(_bob, _inbox, new ModSeq(1)));
                await Eventually.BeAsync(() => gateway.Received("MailboxChanged") > before, "the change of the other account came in");
                // Both were sent in order: had the first been bound, both would be here.
                return gateway.Received("MailboxChanged") == before + 1;
            },
            "the broker sends nothing for the account");
    }

    [Fact]
    public async Task A_rush_of_changes_of_a_mailbox_ends_with_the_newest()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var gateway = await BusProcess.StartAsync(prefix);
        using var listener = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(listener);
        for (var i = 1; i <= 20_000; i++) delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(i)));
        await listener.HasAsync(20_000);
        listener.Heard.Where(change => change.Mailbox is not null).Select(change => change.ModSeq.Value).Should().BeInAscendingOrder();
    }

    [Fact]
    public async Task The_trace_goes_on_where_the_change_is_heard()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var watcher = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Merpati.Bus" or "Test",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(watcher);
        using var source = new ActivitySource("Test");
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var gateway = await BusProcess.StartAsync(prefix);
        using var listener = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(listener);
        ActivityTraceId trace;
        using (var deliver = source.StartActivity("deliver"))
        {
            trace = deliver!.TraceId;
            delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(5)));
        }
        await Eventually.BeAsync(() => spans.Any(span => span.TraceId == trace && span.OperationName == "receive MailboxChanged"), "a span in the same trace");
    }

    [Fact]
    public async Task Without_a_broker_the_sessions_look_by_themselves()
    {
        await using var gateway = await BusProcess.StartAsync(BusProcess.NewPrefix(), "amqp://guest:guest@127.0.0.1:1/", new Dictionary<string, string?> { ["Bus:PollWithoutBroker"] = "00:00:01" });
        using var listener = new Listener(gateway, _ann);
        await Eventually.BeAsync(() => listener.Heard.Count >= 2, "two looks");
        for (var i = 0; i < 100_000; i++) gateway.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(i))); // bounded, and never waits
    }

    [Fact]
    public async Task What_is_no_change_is_passed_over()
    {
        var prefix = BusProcess.NewPrefix();
        await using var delivery = await BusProcess.StartAsync(prefix);
        await using var gateway = await BusProcess.StartAsync(prefix);
        using var listener = new Listener(gateway, _ann);
        await Listener.AllBoundAsync(listener);
        await using var broker = await RawBroker.ConnectAsync();
        foreach (var body in (string[])["", "{", "null", "[]", "{\"account\":\"x\"}", $"{{\"account\":\"{_ann}\",\"mailbox\":\"y\"}}"]) await broker.PublishAsync($"{prefix}.mailbox-changed", _ann.ToString(), body);
        delivery.Changes.Announce(new MailboxChanged(_ann, _inbox, new ModSeq(9)));
        await listener.HasAsync(9);
    }
}

/// <summary>A session that looks at an account.</summary>
internal sealed class Listener : IDisposable
{
    private readonly IDisposable _subscription;

    public Listener(BusProcess process, AccountId account) => _subscription = process.Changes.Subscribe(account, Heard.Enqueue);

    public ConcurrentQueue<MailboxChanged> Heard { get; } = new();

    /// <summary>A session is told to look when its account is bound.</summary>
    public static Task AllBoundAsync(params Listener[] listeners)
        => Eventually.BeAsync(() => listeners.All(listener => listener.Heard.Any(change => change.Mailbox is null)), "the accounts are bound");

    public Task HasAsync(long modSeq) => Eventually.BeAsync(() => Heard.Any(change => change.ModSeq.Value == modSeq), $"the change {modSeq} was heard");

    public void Dispose() => _subscription.Dispose();
}
