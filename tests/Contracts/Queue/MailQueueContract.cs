using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>What every mail queue promises. After each test the ledger must balance. More of the contract is in the other parts of this class.</summary>
public abstract partial class MailQueueContract : IAsyncLifetime
{
    protected static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected IMailQueue Queue { get; set; } = null!;

    private DateTimeOffset Now => Time.GetUtcNow();

    public async Task InitializeAsync() => Queue = await StartAsync();

    public async Task DisposeAsync()
    {
        (await Queue.LedgerAsync(default)).Unaccounted.Should().Be(0);
        await StopAsync();
    }

    protected abstract Task<IMailQueue> StartAsync();

    protected abstract Task StopAsync();

    /// <summary>The queue as it is found after the process was killed.</summary>
    protected abstract Task<IMailQueue> CrashAsync();

    protected abstract Task SetFullAsync(bool full);

    [Fact]
    public async Task An_entry_comes_back_as_it_went_in()
    {
        var entry = Entry(["\"odd \\\" local\"@Example.TEST", "bücher@bücher.example"]) with
        {
            Route = QueueRoute.Relay,
            Size = 5_000_000_000,
            TraceHeaders = "Received: from a by b; Sun, 1 Mar 2026\r\n"u8.ToArray(),
            ReversePath = new ReversePath(EmailAddress.Parse("Ann@example.org")),
            Body = BodyType.EightBitMime,
            SmtpUtf8 = true,
            Return = DsnReturn.Headers,
            EnvelopeId = "QQ+2B314159",
            Submitter = AccountId.New(Time),
            Attempts = 3,
            NextAttemptAt = Now + Minute,
            TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            Destination = "xn--bcher-kva.example",
            RequireTls = true,
            TlsOptional = true,
            Priority = -9,
            DeliverBy = new DeliverBy(Now + (3 * Minute), DeliverByMode.Return, Trace: true),
        };
        entry = entry with
        {
            Recipients =
            [
                entry.Recipients[0] with { Recipient = entry.Recipients[0].Recipient with { Notify = DsnNotify.Success | DsnNotify.Delay, OriginalRecipient = "rfc822;b@x" } },
                entry.Recipients[1] with { State = RecipientState.Held, Detail = "because", BounceRequested = "enough", DelayReported = true },
            ],
        };
        var bare = Entry(["bob@example.org"]) with { TraceHeaders = default, ReversePath = ReversePath.Null };
        await Queue.EnqueueAsync([entry, bare], default);
        Text((await Queue.FindAsync(entry.Id, default))!).Should().Be(Text(entry));
        Text((await Queue.FindAsync(bare.Id, default))!).Should().Be(Text(bare));
        (await Queue.FindAsync(QueueId.New(Time), default)).Should().BeNull();
    }

    [Fact]
    public async Task Enqueue_again_is_no_second_message()
    {
        var entry = Entry(["a@x.test", "b@x.test"]);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Queue.EnqueueAsync(entry, default).AsTask()));
        await Queue.EnqueueAsync(entry with { Recipients = Entry(["c@x.test"]).Recipients }, default);
        Text((await Queue.FindAsync(entry.Id, default))!).Should().Be(Text(entry));
        await LedgerIsAsync(accepted: 2, open: 2);
    }

    [Fact]
    public async Task An_entry_without_an_open_recipient_is_refused()
    {
        await FluentActions.Awaiting(() => Queue.EnqueueAsync(Entry([]), default).AsTask()).Should().ThrowAsync<ArgumentException>();
        var closed = Entry(["a@x.test"]);
        closed = closed with { Recipients = [closed.Recipients[0] with { State = RecipientState.Delivered }] };
        await FluentActions.Awaiting(() => Queue.EnqueueAsync(closed, default).AsTask()).Should().ThrowAsync<ArgumentException>();
        await LedgerIsAsync(accepted: 0, open: 0);
    }

    [Fact]
    public async Task A_lease_takes_what_is_due_on_its_route_the_longest_due_first()
    {
        var later = await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now - Minute });
        var first = await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now - (2 * Minute) });
        await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now + Minute });
        await EnqueueAsync(Entry(["a@x.test"]) with { Route = QueueRoute.Relay });
        var leases = await LeaseAsync(10);
        leases.Select(lease => lease.Entry.Id).Should().Equal(first.Id, later.Id);
        leases.Should().OnlyContain(lease => lease.Worker == "worker" && lease.ExpiresAt == Now + Minute && lease.Entry.Attempts == 1);
        Text(leases[0].Entry with { Attempts = 0 }).Should().Be(Text(first));
        (await LeaseAsync(10)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_lease_takes_no_more_than_its_limit()
    {
        for (var i = 0; i < 5; i++) await EnqueueAsync(Entry(["a@x.test"]));
        (await LeaseAsync(2)).Should().HaveCount(2);
        (await LeaseAsync(10)).Should().HaveCount(3);
    }

    [Fact]
    public async Task A_lease_that_expires_is_lost_to_the_next_and_the_late_write_is_refused()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var dead = (await LeaseAsync(1)).Single();
        Time.Advance(Minute - TimeSpan.FromMilliseconds(1));
        (await LeaseAsync(1)).Should().BeEmpty();
        Time.Advance(TimeSpan.FromMilliseconds(1));
        var alive = (await LeaseAsync(1)).Single();
        alive.Token.Should().BeGreaterThan(dead.Token);
        alive.Entry.Attempts.Should().Be(2);

        var successor = Entry(["dsn@x.test"]);
        (await Queue.CompleteAsync(dead, [Result(entry, 0, RecipientState.Bounced)], Now, [successor], default)).Should().BeFalse();
        (await Queue.ExtendAsync(dead, Minute, default)).Should().BeNull();
        (await Queue.FindAsync(successor.Id, default)).Should().BeNull();
        (await Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Queued);
        (await Queue.CompleteAsync(alive, [Result(entry, 0, RecipientState.Delivered)], Now, [], default)).Should().BeTrue();
        (await Queue.CompleteAsync(alive, [Result(entry, 0, RecipientState.Delivered)], Now, [], default)).Should().BeFalse();
        await LedgerIsAsync(accepted: 1, open: 0, (RecipientState.Delivered, 1));
    }

    [Fact]
    public async Task A_token_is_never_given_twice_not_even_to_an_entry_that_comes_back()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var first = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(first, [Result(entry, 0, RecipientState.Delivered)], Now, [], default);
        await EnqueueAsync(entry);
        var second = (await LeaseAsync(1)).Single();
        second.Token.Should().BeGreaterThan(first.Token);
        (await Queue.CompleteAsync(first, [], Now, [], default)).Should().BeFalse();
    }

    [Fact]
    public async Task An_extended_lease_lasts_longer()
    {
        await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        Time.Advance(Minute / 2);
        var extended = (await Queue.ExtendAsync(lease, Minute, default))!;
        extended.ExpiresAt.Should().Be(Now + Minute);
        extended.Token.Should().Be(lease.Token);
        Time.Advance(Minute / 2);
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().Be(extended.ExpiresAt);
        Time.Advance(Minute / 2);
        (await Queue.CompleteAsync(extended, [], Now, [], default)).Should().BeTrue("an expired lease that nobody took is still good");
    }

    [Fact]
    public async Task Complete_records_results_and_comes_back_for_the_rest()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test", "c@x.test", "A@X.test"]));
        var lease = (await LeaseAsync(1)).Single();
        RecipientResult[] results =
        [
            Result(entry, 0, RecipientState.Delivered, "250 2.0.0"), Result(entry, 1, RecipientState.Queued, "451 4.2.1 busy"),
            new(EmailAddress.Parse("stranger@x.test"), RecipientState.Bounced, "?"),
        ];
        (await Queue.CompleteAsync(lease, results, Now + Minute, [], default)).Should().BeTrue();
        var left = (await Queue.FindAsync(entry.Id, default))!;
        left.Recipients.Select(r => (r.State, r.Detail)).Should().Equal(
            (RecipientState.Delivered, "250 2.0.0"), (RecipientState.Queued, "451 4.2.1 busy"), (RecipientState.Queued, null), (RecipientState.Delivered, "250 2.0.0"));
        left.NextAttemptAt.Should().Be(Now + Minute);
        await LedgerIsAsync(accepted: 4, open: 2, (RecipientState.Delivered, 2));
        (await LeaseAsync(1)).Should().BeEmpty();

        Time.Advance(Minute);
        lease = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Bounced), Result(entry, 1, RecipientState.Relayed), Result(entry, 2, RecipientState.Quarantined)], Now, [], default);
        (await Queue.FindAsync(entry.Id, default)).Should().BeNull();
        await LedgerIsAsync(accepted: 4, open: 0, (RecipientState.Delivered, 2), (RecipientState.Relayed, 1), (RecipientState.Quarantined, 1));
    }

    [Fact]
    public async Task Successors_come_with_the_completion_and_count()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        QueueEntry[] successors = [Entry(["dsn@x.test"]), Entry(["b@y.test", "c@y.test"]) with { Route = QueueRoute.Relay }];
        await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Bounced)], Now, successors, default);
        (await LeaseAsync(10)).Should().ContainSingle().Which.Entry.Id.Should().Be(successors[0].Id);
        (await LeaseAsync(10, QueueRoute.Relay)).Should().ContainSingle().Which.Entry.Id.Should().Be(successors[1].Id);
        await LedgerIsAsync(accepted: 4, open: 3, (RecipientState.Bounced, 1));
    }

    [Fact]
    public async Task A_completion_that_holds_waits_for_a_person()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(lease, [Result(entry, 0, RecipientState.Held, "virus?")], Now, [], default);
        Time.Advance(TimeSpan.FromDays(10));
        (await LeaseAsync(1)).Should().BeEmpty();
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().BeNull();
        await LedgerIsAsync(accepted: 1, open: 1);
    }

    [Fact]
    public async Task Next_due_is_the_earliest_attempt_or_end_of_a_lease()
    {
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().BeNull();
        await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now + (5 * Minute) });
        await EnqueueAsync(Entry(["a@x.test"]) with { Route = QueueRoute.Relay });
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().Be(Now + (5 * Minute));
        await EnqueueAsync(Entry(["a@x.test"]));
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().Be(Now);
        var lease = (await LeaseAsync(1)).Single();
        (await Queue.NextDueAsync(QueueRoute.Local, default)).Should().Be(lease.ExpiresAt);
    }

    [Fact]
    public async Task A_crash_loses_nothing()
    {
        var entries = new List<QueueEntry>();
        for (var i = 0; i < 30; i++) entries.Add(await EnqueueAsync(Entry(["a@x.test"])));
        var leases = await LeaseAsync(20);
        foreach (var lease in leases.Take(10)) await Queue.CompleteAsync(lease, [Result(lease.Entry, 0, RecipientState.Delivered)], Now, [], default);

        Queue = await CrashAsync();

        await LedgerIsAsync(accepted: 30, open: 20, (RecipientState.Delivered, 10));
        (await LeaseAsync(100)).Should().HaveCount(10, "ten are leased still");
        Time.Advance(Minute);
        var again = await LeaseAsync(100);
        again.Should().HaveCount(20);
        again.Min(lease => lease.Token).Should().BeGreaterThan(leases.Max(lease => lease.Token));
        (await Queue.CompleteAsync(leases[15], [], Now, [], default)).Should().BeFalse();
    }

    [Fact]
    public async Task Entries_that_come_together_are_all_there_or_none()
    {
        var one = Entry(["a@x.test"]);
        var two = Entry(["b@y.test", "c@y.test"]) with { Route = QueueRoute.Relay };
        await FluentActions.Awaiting(() => Queue.EnqueueAsync([one, two with { Recipients = [] }], default).AsTask()).Should().ThrowAsync<ArgumentException>();
        await SetFullAsync(true);
        await FluentActions.Awaiting(() => Queue.EnqueueAsync([one, two with { TraceHeaders = new byte[200_000] }], default).AsTask()).Should().ThrowAsync<StoreFullException>();
        (await Queue.FindAsync(one.Id, default)).Should().BeNull();
        await SetFullAsync(false);
        await Queue.EnqueueAsync([one], default);
        await Queue.EnqueueAsync([one, two], default);
        (await Queue.FindAsync(two.Id, default)).Should().NotBeNull();
        await LedgerIsAsync(accepted: 3, open: 3);
    }

    [Fact]
    public async Task A_full_store_refuses_and_recovers()
    {
        await EnqueueAsync(Entry(["a@x.test"]));
        await SetFullAsync(true);
        var large = Entry(["a@x.test"]) with { TraceHeaders = new byte[200_000] };
        await FluentActions.Awaiting(() => Queue.EnqueueAsync(large, default).AsTask()).Should().ThrowAsync<StoreFullException>();
        await LedgerIsAsync(accepted: 1, open: 1);
        await SetFullAsync(false);
        await EnqueueAsync(large);
        await LedgerIsAsync(accepted: 2, open: 2);
    }

    protected QueueEntry Entry(string[] recipients) => new()
    {
        Id = QueueId.New(Time),
        Route = QueueRoute.Local,
        Content = ContentId.New(Time),
        Size = 1000,
        TraceHeaders = "Received: by test\r\n"u8.ToArray(),
        ReversePath = new ReversePath(EmailAddress.Parse("sender@example.org")),
        Recipients = [.. recipients.Select(address => new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse(address)) })],
        AcceptedAt = Now,
        NextAttemptAt = Now,
    };

    protected async Task<QueueEntry> EnqueueAsync(QueueEntry entry)
    {
        await Queue.EnqueueAsync(entry, default);
        return entry;
    }

    protected async Task<IReadOnlyList<QueueLease>> LeaseAsync(int limit, QueueRoute route = QueueRoute.Local) => await Queue.LeaseAsync(route, "worker", LeaseWish.UpTo(limit), Minute, default);

    protected static RecipientResult Result(QueueEntry entry, int recipient, RecipientState state, string? detail = null) => new(entry.Recipients[recipient].Recipient.Address, state, detail);

    protected async Task LedgerIsAsync(long accepted, long open, params (RecipientState State, long Recipients)[] closed)
    {
        var ledger = await Queue.LedgerAsync(default);
        (ledger.Accepted, ledger.Open, ledger.Unaccounted).Should().Be((accepted, open, 0));
        ledger.Closed.Where(account => account.Value != 0).Select(account => (account.Key, account.Value)).Should().BeEquivalentTo(closed);
    }

    private static string Text(QueueEntry entry)
        => $"{entry with { TraceHeaders = default, Recipients = [] }} {Convert.ToHexString(entry.TraceHeaders.Span)} {string.Join(';', entry.Recipients)}";
}
