using AwesomeAssertions;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Journal;

/// <summary>What every journal promises.</summary>
public abstract class JournalContract : IAsyncLifetime
{
    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected IJournal Journal { get; set; } = null!;

    private DateTimeOffset Now => Time.GetUtcNow();

    public async Task InitializeAsync() => Journal = await StartAsync();

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<IJournal> StartAsync();

    protected abstract Task StopAsync();

    /// <summary>The journal as it is found after the process was killed.</summary>
    protected abstract Task<IJournal> CrashAsync();

    [Fact]
    public async Task Events_come_back_in_order_of_time_then_of_arrival()
    {
        var id = QueueId.New(Time);
        var late = Event(id, TimelineStep.Delivered, "a@x.test", "INBOX 1") with { At = Now.AddSeconds(5) };
        TimelineEvent[] first = [Event(id, TimelineStep.Accepted, null, "ESMTPSA from 192.0.2.1"), Event(id, TimelineStep.Queued, null, "")];
        await Journal.AppendAsync(null, [late], default);
        await Journal.AppendAsync(Subject(id), first, default);
        await Journal.AppendAsync(null, [Event(id, TimelineStep.Leased, "ä@x.test", "by me")], default);
        (await Journal.ReadAsync(id, default)).Should().Equal(first[0], first[1], Event(id, TimelineStep.Leased, "ä@x.test", "by me"), late);
        (await Journal.ReadAsync(QueueId.New(Time), default)).Should().BeEmpty();
    }

    [Fact]
    public async Task One_append_may_tell_of_several_messages()
    {
        QueueId[] ids = [QueueId.New(Time), QueueId.New(Time)];
        await Journal.AppendAsync(null, [Event(ids[0], TimelineStep.Leased), Event(ids[1], TimelineStep.Leased), Event(ids[0], TimelineStep.Deferred)], default);
        (await Journal.ReadAsync(ids[0], default)).Select(e => e.Step).Should().Equal(TimelineStep.Leased, TimelineStep.Deferred);
        (await Journal.ReadAsync(ids[1], default)).Should().ContainSingle();
        await Journal.AppendAsync(null, [], default);
    }

    [Fact]
    public async Task Announced_and_first_fetched_are_kept_once_per_recipient()
    {
        var id = QueueId.New(Time);
        var first = Event(id, TimelineStep.Announced, "a@x.test", "first");
        for (var i = 0; i < 3; i++)
        {
            await Journal.AppendAsync(null, [first with { Detail = i == 0 ? "first" : "again" }, Event(id, TimelineStep.Announced, "b@x.test"), Event(id, TimelineStep.FirstFetched, "A@x.test"), Event(id, TimelineStep.FirstFetched)], default);
            await Journal.AppendAsync(null, [Event(id, TimelineStep.Deferred, "a@x.test")], default);
        }
        var events = await Journal.ReadAsync(id, default);
        events.Count(e => e.Step == TimelineStep.Deferred).Should().Be(3);
        events.Where(e => e.Step != TimelineStep.Deferred).Should().Equal(
            first, Event(id, TimelineStep.Announced, "b@x.test"), Event(id, TimelineStep.FirstFetched, "A@x.test"), Event(id, TimelineStep.FirstFetched));
    }

    [Fact]
    public async Task The_first_subject_stays()
    {
        var id = QueueId.New(Time);
        (await Journal.FindAsync(id, default)).Should().BeNull();
        await Journal.AppendAsync(null, [Event(id, TimelineStep.Queued)], default);
        (await Journal.FindAsync(id, default)).Should().BeNull();
        var subject = Subject(id);
        await Journal.AppendAsync(subject, [], default);
        await Journal.AppendAsync(subject with { MessageId = "<other@x>" }, [], default);
        (await Journal.FindAsync(id, default)).Should().BeEquivalentTo(subject);
        var bare = new TimelineSubject(QueueId.New(Time), Now, null, "<>", [], 0, null);
        await Journal.AppendAsync(bare, [], default);
        (await Journal.FindAsync(bare.QueueId, default)).Should().BeEquivalentTo(bare);
    }

    [Fact]
    public async Task Search_finds_by_message_id_sender_and_recipient_newest_first()
    {
        var subjects = new List<TimelineSubject>();
        for (var i = 0; i < 5; i++)
        {
            subjects.Add(Subject(QueueId.New(Time)) with { MessageId = $"<Id{i}@x>", Recipients = [$"r{i}@x.test", "Everyone@x.test", "everyone@x.test"] });
            await Journal.AppendAsync(subjects[^1], [], default);
            Time.Advance(TimeSpan.FromSeconds(1));
        }
        await FindsAsync("<id3@X>", 10, 3);
        await FindsAsync("Id3@x", 10, 3);
        await FindsAsync(" r2@X.TEST ", 10, 2);
        await FindsAsync("<SENDER@x.test>", 10, 4, 3, 2, 1, 0);
        await FindsAsync("everyone@x.test", 2, 4, 3);
        await FindsAsync("x.test", 10);
        await FindsAsync("", 10);
        await FindsAsync("%", 10);

        async Task FindsAsync(string text, int limit, params int[] expected)
            => (await Journal.SearchAsync(text, limit, default)).Select(s => s.QueueId).Should().Equal(expected.Select(i => subjects[i].QueueId), text);
    }

    [Fact]
    public async Task Forget_takes_whole_messages_by_their_newest_event()
    {
        var (old, busy, young) = (QueueId.New(Time), QueueId.New(Time), QueueId.New(Time));
        await Journal.AppendAsync(Subject(old), [Event(old, TimelineStep.Accepted)], default);
        await Journal.AppendAsync(Subject(busy), [Event(busy, TimelineStep.Accepted)], default);
        Time.Advance(TimeSpan.FromDays(10));
        await Journal.AppendAsync(null, [Event(busy, TimelineStep.Bounced)], default);
        await Journal.AppendAsync(Subject(young), [Event(young, TimelineStep.Accepted)], default);
        (await Journal.ForgetAsync(Now.AddDays(-5), default)).Should().Be(1);
        (await Journal.ForgetAsync(Now.AddDays(-5), default)).Should().Be(0);
        (await Journal.ReadAsync(old, default)).Should().BeEmpty();
        (await Journal.FindAsync(old, default)).Should().BeNull();
        (await Journal.ReadAsync(busy, default)).Should().HaveCount(2);
        (await Journal.SearchAsync("sender@x.test", 10, default)).Select(s => s.QueueId).Should().BeEquivalentTo([busy, young]);
    }

    [Fact]
    public async Task Decisions_come_in_order_of_time_and_page_by_page()
    {
        var first = Now;
        var ids = new List<QueueId>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(QueueId.New(Time));
            await Journal.AppendAsync(Subject(ids[i]) with { Decision = i == 3 ? null : $$"""{"n":{{i}}}""" }, [], default);
            // Two of each time.
            if (i % 2 == 1) Time.Advance(TimeSpan.FromSeconds(1));
        }
        (await Journal.FindAsync(ids[2], default))!.Decision.Should().Be("""{"n":2}""");
        var paged = new List<TimelineDecision>();
        var page = await Journal.DecisionsAsync(first, null, 2, default);
        while (page.Count > 0)
        {
            page.Count.Should().BeLessThanOrEqualTo(2);
            paged.AddRange(page);
            page = await Journal.DecisionsAsync(page[^1].At, page[^1].QueueId, 2, default);
        }
        paged.Select(d => d.Decision).Order(StringComparer.Ordinal).Should().Equal(new[] { 0, 1, 2, 4, 5, 6 }.Select(i => $$"""{"n":{{i}}}"""));
        paged.Select(d => d.At).Should().BeInAscendingOrder();
        paged.Select(d => d.QueueId).Should().OnlyHaveUniqueItems();
        (await Journal.DecisionsAsync(first, null, 100, default)).Should().Equal(paged);
        (await Journal.DecisionsAsync(first.AddSeconds(2), null, 100, default)).Should().HaveCount(3);
        (await Journal.DecisionsAsync(Now.AddSeconds(1), null, 100, default)).Should().BeEmpty();
    }

    [Fact]
    public async Task Forget_takes_any_number()
    {
        await Task.WhenAll(Enumerable.Range(0, 600).Select(async _ =>
        {
            var id = QueueId.New(Time);
            await Journal.AppendAsync(Subject(id), [Event(id, TimelineStep.Accepted)], default);
        }));
        (await Journal.SearchAsync("sender@x.test", 1_000, default)).Should().HaveCount(600);
        (await Journal.ForgetAsync(Now.AddSeconds(1), default)).Should().Be(600);
        (await Journal.SearchAsync("sender@x.test", 1_000, default)).Should().BeEmpty();
    }

    [Fact]
    public async Task Many_at_once_and_a_crash_lose_nothing()
    {
        var id = QueueId.New(Time);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Journal.AppendAsync(null, [Event(id, TimelineStep.Deferred, null, $"{i}")], default).AsTask()));
        Journal = await CrashAsync();
        (await Journal.ReadAsync(id, default)).Select(e => e.Detail).Should().BeEquivalentTo(Enumerable.Range(0, 500).Select(i => $"{i}"));
    }

    private TimelineEvent Event(QueueId id, TimelineStep step, string? recipient = null, string detail = "") => new(id, Now, step, recipient, detail);

    private TimelineSubject Subject(QueueId id) => new(id, Now, "<Message.1@x>", "sender@x.test", ["ann@x.test", "\"odd,\nbob\"@x.test"], 1234, "192.0.2.1");
}
