using AwesomeAssertions;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>Browsing and what people do to entries.</summary>
public abstract partial class MailQueueContract
{
    [Fact]
    public async Task Hold_puts_aside_and_release_brings_back()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test"]));
        (await Queue.HoldAsync(new QueueFilter { Id = entry.Id }, "looks odd", default)).Should().Equal(entry.Id);
        (await Queue.HoldAsync(new QueueFilter { Id = entry.Id }, "again", default)).Should().BeEmpty();
        (await Queue.FindAsync(entry.Id, default))!.Recipients.Should().OnlyContain(r => r.State == RecipientState.Held && r.Detail == "looks odd");
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.RetryNowAsync(new QueueFilter(), default)).Should().BeEmpty();
        Time.Advance(Minute);
        (await Queue.ReleaseAsync(new QueueFilter { State = RecipientState.Held }, default)).Should().Equal(entry.Id);
        (await Queue.ReleaseAsync(new QueueFilter(), default)).Should().BeEmpty();
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().Be(Now);
        (await LeaseAsync(1)).Should().ContainSingle();
    }

    [Fact]
    public async Task Hold_and_discard_leave_a_live_lease_alone()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        (await Queue.HoldAsync(new QueueFilter(), "no", default)).Should().BeEmpty();
        (await Queue.DiscardAsync(new QueueFilter(), "no", default)).Should().BeEmpty();
        (await Queue.RetryNowAsync(new QueueFilter(), default)).Should().BeEmpty();
        (await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Delivered)], Now, [], default)).Should().BeTrue();
    }

    [Fact]
    public async Task Hold_after_the_lease_expired_refuses_the_late_write()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        Time.Advance(Minute);
        (await Queue.HoldAsync(new QueueFilter(), "stuck", default)).Should().Equal(entry.Id);
        (await Queue.ExtendAsync(lease, Minute, default)).Should().BeNull();
        (await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Delivered)], Now, [], default)).Should().BeFalse();
        (await Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Held);
    }

    [Fact]
    public async Task What_is_released_during_a_lease_is_due_when_the_lease_is_given_up()
    {
        var entry = Entry(["a@x.test", "b@x.test"]);
        entry = await EnqueueAsync(entry with { Recipients = [entry.Recipients[0], entry.Recipients[1] with { State = RecipientState.Held }] });
        var lease = (await LeaseAsync(1)).Single();
        (await Queue.ReleaseAsync(new QueueFilter(), default)).Should().Equal(entry.Id);
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Delivered)], Now + TimeSpan.FromDays(1), [], default)).Should().BeTrue();
        (await LeaseAsync(1)).Should().ContainSingle();
    }

    [Fact]
    public async Task Retry_now_makes_waiting_entries_due()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now + TimeSpan.FromDays(1) });
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.RetryNowAsync(new QueueFilter(), default)).Should().Equal(entry.Id);
        (await LeaseAsync(1)).Should().ContainSingle();
    }

    [Fact]
    public async Task What_shall_bounce_is_marked_and_due_now()
    {
        var entry = Entry(["a@x.test", "b@x.test", "c@x.test"]) with { NextAttemptAt = Now + Minute };
        entry = await EnqueueAsync(entry with { Recipients = [entry.Recipients[0], entry.Recipients[1] with { State = RecipientState.Held, Detail = "virus?" }, entry.Recipients[2] with { State = RecipientState.Relayed }] });
        (await Queue.BounceAsync(new QueueFilter { Id = entry.Id }, "no such customer", default)).Should().Equal(entry.Id);
        (await Queue.BounceAsync(new QueueFilter { Id = entry.Id }, "again", default)).Should().BeEmpty();
        var lease = (await LeaseAsync(1)).Single();
        lease.Entry.Recipients.Select(r => (r.State, r.BounceRequested)).Should().Equal(
            (RecipientState.Queued, "no such customer"), (RecipientState.Queued, "no such customer"), (RecipientState.Relayed, null));
        await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Bounced), Result(entry, 1, RecipientState.Queued, "the report could not be made")], Now + Minute, [], default);
        (await LeaseAsync(1)).Should().BeEmpty("it was marked before the lease");
        (await Queue.FindAsync(entry.Id, default))!.Recipients[1].BounceRequested.Should().Be("no such customer");
    }

    [Fact]
    public async Task What_shall_bounce_during_a_lease_is_due_when_the_lease_is_given_up()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        (await Queue.BounceAsync(new QueueFilter(), "stop", default)).Should().Equal(entry.Id);
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Relayed), Result(entry, 1, RecipientState.Queued, "451 4.7.1 later")], Now + TimeSpan.FromDays(1), [], default)).Should().BeTrue();
        (await LeaseAsync(1)).Should().ContainSingle().Which.Entry.Recipients.Select(r => r.BounceRequested).Should().Equal("stop", "stop");
        await LedgerIsAsync(accepted: 2, open: 1, (RecipientState.Relayed, 1));
    }

    [Fact]
    public async Task A_delay_once_reported_stays_so()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test"]));
        entry.DelayReported.Should().BeFalse();
        await Queue.CompleteAsync((await LeaseAsync(1)).Single(), [Result(entry, 0, RecipientState.Queued, "451") with { DelayReported = true }], Now, [], default);
        await Queue.CompleteAsync((await LeaseAsync(1)).Single(), [Result(entry, 0, RecipientState.Queued, "452")], Now, [], default);
        var left = (await Queue.FindAsync(entry.Id, default))!;
        left.DelayReported.Should().BeTrue();
        left.Recipients.Select(r => (r.Detail, r.DelayReported)).Should().Equal(("452", true), (null, false));
    }

    [Fact]
    public async Task Discard_closes_all_that_is_open_and_removes_the_entry()
    {
        var entry = Entry(["a@x.test", "b@x.test", "c@x.test"]);
        entry = await EnqueueAsync(entry with { Recipients = [entry.Recipients[0], entry.Recipients[1] with { State = RecipientState.Held }, entry.Recipients[2]] });
        var lease = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(lease, [Result(entry, 2, RecipientState.Delivered)], Now, [], default);
        (await Queue.DiscardAsync(new QueueFilter { Sender = "SENDER@" }, "spam run", default)).Should().Equal(entry.Id);
        (await Queue.FindAsync(entry.Id, default)).Should().BeNull();
        await LedgerIsAsync(accepted: 3, open: 0, (RecipientState.Delivered, 1), (RecipientState.Discarded, 2));
    }

    [Fact]
    public async Task A_filter_over_the_whole_queue_reaches_every_entry()
    {
        var entries = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => EnqueueAsync(Entry(["a@x.test"]))));
        var ids = entries.Select(entry => entry.Id).ToHashSet();
        (await Queue.HoldAsync(new QueueFilter(), "storm", default)).ToHashSet().SetEquals(ids).Should().BeTrue();
        (await Queue.ReleaseAsync(new QueueFilter(), default)).Should().HaveCount(1_000);
        (await Queue.DiscardAsync(new QueueFilter(), "storm", default)).ToHashSet().SetEquals(ids).Should().BeTrue();
        await LedgerIsAsync(accepted: 1_000, open: 0, (RecipientState.Discarded, 1_000));
    }

    [Fact]
    public async Task Filters_all_must_match()
    {
        var ann = await EnqueueAsync(Entry(["ann@x.test", "bob@y.test"]));
        Time.Advance(Minute);
        var bounce = await EnqueueAsync(Entry(["Müller@x.test"]) with { ReversePath = ReversePath.Null, Route = QueueRoute.Relay });
        Time.Advance(Minute);
        var held = await EnqueueAsync(Entry(["carl@xn--bcher-kva.test"]) with { Submitter = AccountId.New(Time) });
        await Queue.HoldAsync(new QueueFilter { Id = held.Id }, "451 4.7.1 Greylisted, 100% sure", default);

        await MatchesAsync(new QueueFilter(), ann, bounce, held);
        await MatchesAsync(new QueueFilter { Id = bounce.Id }, bounce);
        await MatchesAsync(new QueueFilter { Id = bounce.Id, Route = QueueRoute.Local });
        await MatchesAsync(new QueueFilter { Route = QueueRoute.Local }, ann, held);
        await MatchesAsync(new QueueFilter { State = RecipientState.Held }, held);
        await MatchesAsync(new QueueFilter { State = RecipientState.Queued }, ann, bounce);
        await MatchesAsync(new QueueFilter { Sender = "<>" }, bounce);
        await MatchesAsync(new QueueFilter { Sender = "Example.ORG" }, ann, held);
        await MatchesAsync(new QueueFilter { Recipient = "MÜLLER" }, bounce);
        await MatchesAsync(new QueueFilter { Recipient = "@X.test" }, ann, bounce);
        await MatchesAsync(new QueueFilter { Recipient = "%" });
        await MatchesAsync(new QueueFilter { AcceptedBefore = held.AcceptedAt }, ann, bounce);
        await MatchesAsync(new QueueFilter { Domain = "X.TEST" }, ann, bounce);
        await MatchesAsync(new QueueFilter { Domain = "test" });
        await MatchesAsync(new QueueFilter { Domain = "bücher.test" }, held);
        await MatchesAsync(new QueueFilter { Domain = "XN--bcher-kva.test" }, held);
        await MatchesAsync(new QueueFilter { Submitter = held.Submitter }, held);
        await MatchesAsync(new QueueFilter { Submitter = AccountId.New(Time) });
        await MatchesAsync(new QueueFilter { Reply = "greyLISTED, 100% s" }, held);
        await MatchesAsync(new QueueFilter { Reply = "451.4" });
        await MatchesAsync(new QueueFilter { AcceptedBefore = held.AcceptedAt, Recipient = "bob", Sender = "sender", State = RecipientState.Queued }, ann);

        async Task MatchesAsync(QueueFilter filter, params QueueEntry[] expected)
            => (await Queue.BrowseAsync(filter, null, 100, default)).Select(entry => entry.Id).Should().Equal(expected.Select(entry => entry.Id), filter.ToString());
    }

    [Fact]
    public async Task Browse_goes_in_pages_even_when_entries_leave()
    {
        var entries = new List<QueueEntry>();
        for (var i = 0; i < 10; i++)
        {
            entries.Add(await EnqueueAsync(Entry(["a@x.test"])));
            Time.Advance(TimeSpan.FromMilliseconds(1));
        }
        (await Queue.BrowseAsync(new QueueFilter(), null, 4, default)).Select(e => e.Id).Should().Equal(entries.Take(4).Select(e => e.Id));
        await Queue.DiscardAsync(new QueueFilter { Id = entries[3].Id }, "gone", default);
        (await Queue.BrowseAsync(new QueueFilter(), entries[3].Id, 4, default)).Select(e => e.Id).Should().Equal(entries.Skip(4).Take(4).Select(e => e.Id));
        (await Queue.BrowseAsync(new QueueFilter(), entries[7].Id, 4, default)).Select(e => e.Id).Should().Equal(entries.Skip(8).Select(e => e.Id));
    }

    [Fact]
    public async Task Counts_are_of_open_recipients_by_route_state_and_domain()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@X.TEST", "c@y.test"]) with { AcceptedAt = Now - Minute });
        await EnqueueAsync(Entry(["a@x.test"]) with { Route = QueueRoute.Relay, AcceptedAt = Now });
        var held = await EnqueueAsync(Entry(["d@x.test"]) with { NextAttemptAt = Now + Minute, AcceptedAt = Now });
        await Queue.HoldAsync(new QueueFilter { Id = held.Id }, "held", default);
        var lease = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(lease, [Result(entry, 2, RecipientState.Delivered)], Now, [], default);
        (await Queue.CountAsync(default)).Should().BeEquivalentTo([
            new QueueCount(QueueRoute.Local, RecipientState.Queued, "x.test", 2, Now - Minute),
            new QueueCount(QueueRoute.Local, RecipientState.Held, "x.test", 1, Now),
            new QueueCount(QueueRoute.Relay, RecipientState.Queued, "x.test", 1, Now)]);
    }

    [Fact]
    public async Task Referenced_contents_are_those_of_entries()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var gone = await EnqueueAsync(Entry(["a@x.test"]));
        await Queue.DiscardAsync(new QueueFilter { Id = gone.Id }, "gone", default);
        (await Queue.FindReferencedAsync([entry.Content, gone.Content, ContentId.New(Time)], default)).Should().BeEquivalentTo([entry.Content]);
        (await Queue.FindReferencedAsync([], default)).Should().BeEmpty();
    }
}
