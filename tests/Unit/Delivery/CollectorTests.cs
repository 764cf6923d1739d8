using AwesomeAssertions;
using Merpati.Delivery.Collection;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

public sealed class CollectorTests
{
    private readonly DeliveryFixture _f = new();

    [Fact]
    public async Task Removes_what_nobody_needs_and_nothing_else()
    {
        _f.Account("ann@example.test");
        var delivered = await _f.EnqueueAsync("bob@remote.test", "ann@example.test");
        await _f.AttemptAsync();
        var queued = await _f.EnqueueAsync("bob@remote.test", "ann@example.test");
        var orphan = _f.Contents.Add("nobody's"u8);
        _f.Time.Advance(_f.Options.ContentGrace + TimeSpan.FromSeconds(1));
        var young = _f.Contents.Add("being accepted"u8);

        await CollectAsync();
        _f.Contents.All.Should().BeEquivalentTo([delivered.Content, queued.Content, young.Id]).And.NotContain(orphan.Id);

        _f.Mailboxes.Forget(delivered.Content);
        await CollectAsync();
        _f.Contents.All.Should().BeEquivalentTo([queued.Content, young.Id]);
    }

    [Fact]
    public async Task A_message_delivered_between_the_two_questions_stays()
    {
        _f.Account("ann@example.test");
        var entry = await _f.EnqueueAsync("bob@remote.test", "ann@example.test");
        _f.Time.Advance(_f.Options.ContentGrace + TimeSpan.FromSeconds(1));
        // The delivery runs to its end as soon as one of the two has been asked.
        var once = new DeliveringQueue(_f.Queue, _f.AttemptAsync);
        await CollectAsync(once);
        _f.Queue.Entries.Should().BeEmpty();
        _f.Contents.All.Should().ContainSingle().Which.Should().Be(entry.Content);
    }

    [Fact]
    public async Task Quarantine_ends_after_its_time_and_what_a_person_holds_stays()
    {
        var quarantined = await _f.EnqueueAsync("bob@remote.test", "ann@example.test");
        var held = await _f.EnqueueAsync("bob@remote.test", "ann@example.test");
        await _f.Queue.HoldAsync(new QueueFilter { Id = quarantined.Id }, "quarantined by the rule spam", default);
        await _f.Queue.HoldAsync(new QueueFilter { Id = held.Id }, "ann is away", default);
        _f.Time.Advance(_f.Options.KeepQuarantined - TimeSpan.FromSeconds(1));
        await CollectAsync();
        (await _f.LedgerAsync()).Open.Should().Be(2);

        _f.Time.Advance(TimeSpan.FromSeconds(2));
        await CollectAsync();
        _f.Queue.Entries.Select(entry => entry.Id).Should().Equal(held.Id);
        (await _f.LedgerAsync()).Closed[RecipientState.Discarded].Should().Be(1);
        _f.Journal.Events.Should().ContainSingle(e => e.Step == TimelineStep.Discarded).Which.Detail.Should().Be("quarantine-expired");
    }

    [Fact]
    public async Task Goes_through_many_pages()
    {
        for (var i = 0; i < 1203; i++) _f.Contents.Add("x"u8);
        _f.Time.Advance(_f.Options.ContentGrace + TimeSpan.FromSeconds(1));
        var collecting = CollectAsync();
        while (!collecting.IsCompleted)
        {
            _f.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await collecting;
        _f.Contents.All.Should().BeEmpty();
    }

    [Fact]
    public async Task A_store_that_is_away_costs_nothing_but_time()
    {
        _f.Contents.Add("x"u8);
        _f.Time.Advance(_f.Options.ContentGrace + TimeSpan.FromSeconds(1));
        await CollectAsync(new DeliveringQueue(_f.Queue, () => throw new StoreUnavailableException("queue", "away")));
        _f.Contents.All.Should().ContainSingle();
    }

    private Task CollectAsync(IMailQueue? queue = null)
        => new Collector(_f.Contents, queue ?? _f.Queue, _f.Mailboxes, _f.Journal, _f.Metrics, Options.Create(_f.Options), _f.Time, NullLogger<Collector>.Instance).CollectAsync(default).AsTask();
}
