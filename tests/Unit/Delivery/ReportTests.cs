using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Storage;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>Who gets a delivery report, and what it says (RFC 3461).</summary>
public sealed class ReportTests
{
    private const string Ann = "ann@example.test";
    private readonly DeliveryFixture _f = new();

    public ReportTests() => _f.Account(Ann);

    [Theory]
    [InlineData(DsnNotify.Unspecified, "ghost@example.test", true)]
    [InlineData(DsnNotify.Failure, "ghost@example.test", true)]
    [InlineData(DsnNotify.Failure | DsnNotify.Success, "ghost@example.test", true)]
    [InlineData(DsnNotify.Success, "ghost@example.test", false)]
    [InlineData(DsnNotify.Delay, "ghost@example.test", false)]
    [InlineData(DsnNotify.Never, "ghost@example.test", false)]
    [InlineData(DsnNotify.Unspecified, Ann, false)]
    [InlineData(DsnNotify.Failure, Ann, false)]
    [InlineData(DsnNotify.Success, Ann, true)]
    public async Task Notify_decides(DsnNotify notify, string recipient, bool reported)
    {
        await _f.EnqueueAsync(Ann, [new EnvelopeRecipient(EmailAddress.Parse(recipient), notify)]);
        await _f.AttemptAsync();
        _f.Queue.Entries.Should().HaveCount(reported ? 1 : 0);
        _f.Journal.Events.Count(e => e.Step == TimelineStep.Reported).Should().Be(reported ? 1 : 0);
        (await _f.LedgerAsync()).Closed.Values.Sum().Should().Be(1);
    }

    [Fact]
    public async Task BY_with_mode_R_is_returned_when_its_time_is_over()
    {
        _f.Directory.Failures[EmailAddress.Parse(Ann)] = new TimeoutException();
        await EnqueueByAsync(DeliverByMode.Return);
        await _f.AttemptAsync();
        _f.Queue.Entries.Single().NextAttemptAt.Should().BeOnOrBefore(_f.Time.GetUtcNow().AddSeconds(5));
        _f.Directory.Failures.Clear();
        _f.Time.Advance(TimeSpan.FromSeconds(5));
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().BeEmpty();
        _f.Text(_f.Queue.Entries.Single().Content).Should().Contain("Action: failed").And.Contain("Status: 5.4.7");
    }

    [Fact]
    public async Task BY_with_mode_N_is_told_once_when_its_time_is_over_and_goes_on()
    {
        _f.Directory.Failures[EmailAddress.Parse(Ann)] = new TimeoutException();
        await EnqueueByAsync(DeliverByMode.Notify);
        for (var i = 0; i < 3; i++)
        {
            await _f.AttemptAsync();
            _f.Time.Advance(TimeSpan.FromHours(1));
        }
        var report = _f.Queue.Entries.Single(entry => entry.ReversePath.IsNull);
        _f.Text(report.Content).Should().Contain("Action: delayed").And.Contain("Will-Retry-Until:");
        _f.Directory.Failures.Clear();
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().ContainSingle();
    }

    [Fact]
    public async Task A_report_on_REQUIRETLS_has_the_header_alone_and_asks_for_the_same()
    {
        await _f.EnqueueAsync(Ann, [new EnvelopeRecipient(EmailAddress.Parse("ghost@example.test"))], ret: DsnReturn.Full, change: entry => entry with { RequireTls = true, Priority = 3 });
        await _f.AttemptAsync();
        var report = _f.Queue.Entries.Single();
        (report.RequireTls, report.Priority).Should().Be((true, 3));
        _f.Text(report.Content).Should().Contain("Subject: hello").And.NotContain("Hello.");
    }

    private Task<QueueEntry> EnqueueByAsync(DeliverByMode mode)
        => _f.EnqueueAsync("bob@remote.test", [new EnvelopeRecipient(EmailAddress.Parse(Ann))], change: entry => entry with { DeliverBy = new DeliverBy(_f.Time.GetUtcNow().AddSeconds(5), mode, Trace: false) });

    [Fact]
    public async Task The_null_reverse_path_never_gets_one()
    {
        await _f.EnqueueAsync(null, [new EnvelopeRecipient(EmailAddress.Parse("ghost@example.test"), DsnNotify.Failure), new EnvelopeRecipient(EmailAddress.Parse(Ann), DsnNotify.Success)]);
        await _f.AttemptAsync();
        _f.Queue.Entries.Should().BeEmpty();
        (await _f.LedgerAsync()).Closed.Should().Contain(RecipientState.Bounced, 1);
    }

    [Fact]
    public async Task One_report_speaks_of_all_recipients_and_reaches_the_sender()
    {
        var entry = await _f.EnqueueAsync(Ann, "ghost@example.test", "spook@example.test", Ann);
        await _f.AttemptAsync();
        var report = _f.Queue.Entries.Single();
        _f.Text(report.Content).Should().Contain("ghost@example.test").And.Contain("spook@example.test").And.Contain("Subject: hello").And.Contain("Received: from remote.test")
            .And.NotContain("Hello.");
        (await _f.Journal.FindAsync(report.Id, default))!.Recipients.Should().Equal(Ann);
        _f.Journal.Events.Should().Contain(e => e.QueueId == entry.Id && e.Step == TimelineStep.Reported && e.Detail == report.Id.ToString());

        await _f.AttemptAsync();
        _f.Queue.Entries.Should().BeEmpty();
        _f.Mailboxes.Messages.Should().HaveCount(2);
        var ledger = await _f.LedgerAsync();
        ledger.Accepted.Should().Be(4);
        ledger.Open.Should().Be(0);
    }

    [Fact]
    public async Task The_whole_message_comes_back_when_asked_for()
    {
        await _f.EnqueueAsync(Ann, [new EnvelopeRecipient(EmailAddress.Parse("ghost@example.test"))], ret: DsnReturn.Full);
        await _f.AttemptAsync();
        _f.Text(_f.Queue.Entries.Single().Content).Should().Contain(DeliveryFixture.Received + DeliveryFixture.Message);
    }

    [Fact]
    public async Task A_damaged_message_is_reported_without_it()
    {
        var entry = await _f.EnqueueAsync(Ann, [new EnvelopeRecipient(EmailAddress.Parse("ghost@example.test"))], ret: DsnReturn.Full);
        _f.Contents.Damaged.Add(entry.Content);
        await _f.AttemptAsync();
        _f.Text(_f.Queue.Entries.Single().Content).Should().Contain("Status: 5.1.1").And.Contain("Received: from remote.test");
    }

    [Fact]
    public async Task A_recipient_stays_open_until_its_report_can_be_written()
    {
        _f.Contents.FailCreate = new StoreFullException("content");
        var entry = await _f.EnqueueAsync(Ann, "ghost@example.test", Ann);
        await _f.AttemptAsync();
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients.Select(r => r.State).Should().Equal(RecipientState.Queued, RecipientState.Delivered);

        _f.Contents.FailCreate = null;
        _f.Time.Advance(TimeSpan.FromMinutes(1));
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Closed[RecipientState.Bounced].Should().Be(1);
        _f.Mailboxes.Messages.Should().ContainSingle();
    }

    [Fact]
    public async Task A_replay_makes_the_same_report_again_and_not_a_second_one()
    {
        var entry = await _f.EnqueueAsync(Ann, "ghost@example.test");
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            _f.Queue.BeforeComplete = _ => throw new StoreUnavailableException("queue", "away");
            try { await _f.AttemptAsync(); }
            catch (StoreUnavailableException) { }
            _f.Time.Advance(_f.Options.LeaseDuration);
        }
        _f.Queue.BeforeComplete = null;
        await _f.AttemptAsync();
        ids.AddRange(_f.Journal.Events.Where(e => e.QueueId == entry.Id && e.Step == TimelineStep.Reported).Select(e => e.Detail));
        ids.Should().HaveCount(3);
        ids.Distinct().Should().ContainSingle().Which.Should().Be(_f.Queue.Entries.Single().Id.ToString());
    }
}
