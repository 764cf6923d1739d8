using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Delivery.Local;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

public sealed class DeliverToMailboxTests
{
    private const string Bob = "bob@remote.test";
    private readonly DeliveryFixture _f = new();

    [Fact]
    public async Task Delivers_with_return_path_delivered_to_and_the_trace_of_acceptance()
    {
        var ann = _f.Account("ann@example.test");
        var entry = await _f.EnqueueAsync(Bob, "Ann@Example.TEST");
        await _f.AttemptAsync();

        var (account, mailbox, message) = _f.Mailboxes.Messages.Should().ContainSingle().Subject;
        account.Should().Be(ann.Id);
        mailbox.IsInbox.Should().BeTrue();
        message.Content.Should().Be(entry.Content);
        Encoding.ASCII.GetString(message.TracePrefix.Span).Should().Be($"Return-Path: <{Bob}>\r\nDelivered-To: Ann@example.test\r\n{DeliveryFixture.Received}");
        message.Size.Should().Be(message.TracePrefix.Length + entry.Size);
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(1);
        _f.Queue.Entries.Should().BeEmpty();
        _f.Journal.Events.Should().ContainSingle().Which.Should().BeEquivalentTo(new { QueueId = entry.Id, Step = TimelineStep.Delivered, Detail = "INBOX of Ann@example.test, UID 1" });
    }

    [Fact]
    public async Task A_null_reverse_path_is_written_as_such()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(null, "ann@example.test");
        await _f.AttemptAsync();
        Encoding.ASCII.GetString(_f.Mailboxes.Messages[0].Message.TracePrefix.Span).Should().StartWith("Return-Path: <>\r\n");
    }

    [Fact]
    public async Task Two_recipients_that_lead_to_one_account_share_a_copy_and_both_are_delivered()
    {
        _f.Account("ann@example.test");
        _f.Directory.Alias("sales@example.test", "ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test", "sales@example.test", "ann+x@example.test");
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().ContainSingle();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(3);
    }

    [Fact]
    public async Task The_message_is_read_once_for_all_recipients()
    {
        var recipients = Enumerable.Range(0, 50).Select(i => $"u{i}@example.test").ToArray();
        foreach (var recipient in recipients) _f.Account(recipient);
        await _f.EnqueueAsync(Bob, recipients);
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().HaveCount(50);
        _f.Contents.Opened.Should().Be(1);
    }

    [Fact]
    public async Task A_crash_between_mailbox_and_queue_delivers_once()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        var lease = (await _f.Queue.LeaseAsync(QueueRoute.Local, "a", LeaseWish.UpTo(1), _f.Options.LeaseDuration, default))[0];
        _f.Queue.BeforeComplete = _ => throw new InvalidOperationException("killed");
        await Assert.ThrowsAsync<InvalidOperationException>(() => _f.UseCase().RunAsync(new LeaseHolder(lease), default).AsTask());
        _f.Queue.BeforeComplete = null;
        (await _f.LedgerAsync()).Open.Should().Be(1);

        _f.Time.Advance(_f.Options.LeaseDuration);
        await _f.AttemptAsync();

        _f.Mailboxes.Messages.Should().ContainSingle();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(1);
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_changes_nothing_in_the_queue()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test", "ghost@example.test");
        var late = (await _f.Queue.LeaseAsync(QueueRoute.Local, "a", LeaseWish.UpTo(1), _f.Options.LeaseDuration, default))[0];
        _f.Time.Advance(_f.Options.LeaseDuration);
        await _f.AttemptAsync();
        var after = await _f.LedgerAsync();

        await _f.UseCase().RunAsync(new LeaseHolder(late), default);

        (await _f.LedgerAsync()).Should().BeEquivalentTo(after);
        _f.Mailboxes.Messages.Should().ContainSingle();
        _f.Queue.Entries.Should().ContainSingle("one report and no second one");
    }

    [Fact]
    public async Task One_recipient_in_trouble_does_not_hold_the_others()
    {
        var ann = _f.Account("ann@example.test");
        var max = _f.Account("max@example.test");
        _f.Mailboxes.BeforeAppend = account => account == max.Id ? throw new StoreUnavailableException("mailbox", "away") : null;
        _f.Directory.Failures[EmailAddress.Parse("tom@example.test")] = new TimeoutException();
        var entry = await _f.EnqueueAsync(Bob, "max@example.test", "tom@example.test", "ann@example.test", "ghost@example.test");
        await _f.AttemptAsync();

        _f.Mailboxes.Messages.Should().ContainSingle().Which.Account.Should().Be(ann.Id);
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients.Select(r => r.State).Should()
            .Equal(RecipientState.Queued, RecipientState.Queued, RecipientState.Delivered, RecipientState.Bounced);

        _f.Mailboxes.BeforeAppend = null;
        _f.Directory.Failures.Clear();
        _f.Account("tom@example.test");
        _f.Time.Advance(TimeSpan.FromMinutes(1));
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(3);
        _f.Mailboxes.Messages.Should().HaveCount(3);
    }

    [Theory]
    [InlineData("ghost@example.test", "5.1.1")]
    [InlineData("off@example.test", "5.2.1")]
    [InlineData("loop@example.test", "5.4.6")]
    public async Task Permanent_failures_bounce(string recipient, string status)
    {
        _f.Account("off@example.test");
        _f.Directory.Disable("off@example.test");
        _f.Directory.Alias("loop@example.test", "pool@example.test");
        _f.Directory.Alias("pool@example.test", "loop@example.test");
        await _f.EnqueueAsync("ann@example.test", recipient);
        await _f.AttemptAsync();

        (await _f.LedgerAsync()).Closed[RecipientState.Bounced].Should().Be(1);
        var report = _f.Queue.Entries.Should().ContainSingle().Subject;
        report.Route.Should().Be(QueueRoute.Local);
        report.ReversePath.IsNull.Should().BeTrue();
        _f.Text(report.Content).Should().Contain($"Status: {status}").And.Contain($"Final-Recipient: rfc822; {recipient}");
        _f.Journal.Events.Should().Contain(e => e.Step == TimelineStep.Bounced && e.Detail.StartsWith(status));
    }

    [Fact]
    public async Task A_message_that_was_delivered_here_before_is_in_a_loop()
    {
        _f.Account("ann@example.test");
        _f.Account("max@example.test");
        var looped = "Received: x\r\nDELIVERED-TO:\r\n <Ann@Example.test>\r\n" + DeliveryFixture.Message;
        var entry = await _f.EnqueueAsync("ann@example.test", [new(EmailAddress.Parse("ann@example.test")), new(EmailAddress.Parse("max@example.test"))], looped);
        await _f.AttemptAsync();
        _f.Journal.Events.Should().Contain(e => e.QueueId == entry.Id && e.Step == TimelineStep.Bounced && e.Detail.StartsWith("5.4.6"));
        _f.Mailboxes.Messages.Should().ContainSingle();
    }

    [Fact]
    public async Task Delivered_to_in_the_body_is_no_loop()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, [new(EmailAddress.Parse("ann@example.test"))], DeliveryFixture.Message + "Delivered-To: ann@example.test\r\n");
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().ContainSingle();
    }

    [Fact]
    public async Task A_full_mailbox_is_tried_again_for_a_day_and_then_bounces()
    {
        _f.Account("ann@example.test");
        _f.Mailboxes.BeforeAppend = _ => new AppendOutcome.OverQuota();
        var entry = await _f.EnqueueAsync("ann@example.test", "ann@example.test");
        await _f.AttemptAsync();
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0].Detail.Should().StartWith("4.2.2");
        _f.Time.Advance(TimeSpan.FromHours(23));
        await _f.AttemptAsync();
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Queued);
        _f.Time.Advance(TimeSpan.FromHours(2));
        await _f.AttemptAsync();
        (await _f.Queue.FindAsync(entry.Id, default)).Should().BeNull();
        _f.Journal.Events.Should().Contain(e => e.Step == TimelineStep.Bounced && e.Detail.StartsWith("5.2.2"));
    }

    [Fact]
    public async Task A_trouble_that_does_not_end_bounces_after_five_days()
    {
        _f.Directory.Failures[EmailAddress.Parse("ann@example.test")] = new StoreUnavailableException("directory", "away");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        var attempts = 0;
        while ((await _f.LedgerAsync()).Closed.Count == 0)
        {
            await _f.AttemptAsync();
            attempts++;
            if (await _f.Queue.NextDueAsync(QueueRoute.Local, default) is { } due && due > _f.Time.GetUtcNow()) _f.Time.SetUtcNow(due);
        }
        _f.Time.GetUtcNow().Should().Be(new DateTimeOffset(2027, 1, 6, 0, 0, 0, TimeSpan.Zero));
        attempts.Should().BeInRange(200, 400);
        _f.Journal.Events.Should().Contain(e => e.Step == TimelineStep.Bounced && e.Detail.StartsWith("5.4.7"));
        _f.Queue.Entries.Should().ContainSingle().Which.Route.Should().Be(QueueRoute.Relay, "the sender is elsewhere");
    }

    [Fact]
    public async Task A_damaged_content_holds_the_recipients_and_names_the_damage()
    {
        _f.Account("ann@example.test");
        var entry = await _f.EnqueueAsync(Bob, "ann@example.test");
        _f.Contents.Damaged.Add(entry.Content);
        await _f.AttemptAsync();
        var recipient = (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0];
        recipient.State.Should().Be(RecipientState.Held);
        recipient.Detail.Should().Contain(entry.Content.ToString());
        _f.Journal.Events.Should().Contain(e => e.Step == TimelineStep.Held);
        (await _f.LedgerAsync()).Open.Should().Be(1);
    }

    [Fact]
    public async Task An_unforeseen_fault_is_retried_and_then_held()
    {
        _f.Account("ann@example.test");
        _f.Options.HoldAfterFaults = 3;
        _f.Mailboxes.BeforeAppend = _ => throw new InvalidOperationException("bug");
        var entry = await _f.EnqueueAsync(Bob, "ann@example.test");
        for (var i = 0; i < 3; i++)
        {
            (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Queued);
            await _f.AttemptAsync();
            _f.Time.Advance(TimeSpan.FromHours(1));
        }
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Held);

        _f.Mailboxes.BeforeAppend = null;
        await _f.Queue.ReleaseAsync(new QueueFilter { Id = entry.Id }, default);
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(1);
    }

    [Fact]
    public async Task A_list_delivers_to_its_members_and_bounces_for_those_it_cannot_reach_without_naming_them()
    {
        _f.Account("ann@example.test");
        _f.Account("max@example.test");
        _f.Directory.Alias("all@example.test", "all@example.test", "ann@example.test", "max@example.test", "gone@example.test");
        var entry = await _f.EnqueueAsync("ann@example.test", "all@example.test");
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().HaveCount(2);
        (await _f.LedgerAsync()).Closed[RecipientState.Bounced].Should().Be(1);
        var report = _f.Text(_f.Queue.Entries.Single().Content);
        report.Should().Contain("Final-Recipient: rfc822; all@example.test").And.NotContain("gone@");
        _f.Journal.Events.Should().Contain(e => e.QueueId == entry.Id && e.Step == TimelineStep.Expanded && e.Detail.StartsWith("all@example.test to "));
    }

    [Fact]
    public async Task A_list_with_a_member_in_trouble_is_not_delivered_twice_to_the_others()
    {
        var ann = _f.Account("ann@example.test");
        var max = _f.Account("max@example.test");
        _f.Directory.Alias("all@example.test", "ann@example.test", "max@example.test");
        _f.Mailboxes.BeforeAppend = account => account == max.Id ? new AppendOutcome.OverQuota() : null;
        await _f.EnqueueAsync(Bob, "all@example.test");
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Open.Should().Be(1);
        _f.Mailboxes.BeforeAppend = null;
        _f.Time.Advance(TimeSpan.FromMinutes(1));
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(1);
        _f.Mailboxes.Messages.Select(m => m.Account).Should().Equal(ann.Id, max.Id);
    }

    [Theory]
    [InlineData(false, true, "INBOX")]
    [InlineData(true, true, "Lists")]
    [InlineData(true, false, "INBOX")]
    public async Task A_subaddress_goes_to_inbox_or_where_the_options_say(bool detailToMailbox, bool exists, string mailbox)
    {
        var ann = _f.Account("ann@example.test");
        _f.Options.DetailToMailbox = detailToMailbox;
        if (exists) _f.Mailboxes.Add(ann.Id, "Lists");
        await _f.EnqueueAsync(Bob, "ann+Lists@example.test");
        await _f.AttemptAsync();
        var message = _f.Mailboxes.Messages.Single();
        message.Mailbox.Value.Should().Be(mailbox);
        Encoding.ASCII.GetString(message.Message.TracePrefix.Span).Should().Contain("Delivered-To: ann+Lists@example.test\r\n");
    }

    [Theory]
    [InlineData("X-Merpati-Verdict: junk; rule=r; score=0; policy=p\r\n", true, "", "Spam")]
    [InlineData("X-Merpati-Verdict: junk; rule=r; score=0; policy=p\r\n", false, "", "INBOX")]
    [InlineData("X-Merpati-Verdict: accept; rule=r; score=0; policy=p\r\n", true, "", "INBOX")]
    [InlineData("", true, "X-Merpati-Verdict: junk; rule=r; score=0; policy=p\r\n", "INBOX")]
    public async Task What_we_judged_to_be_junk_goes_into_the_mailbox_for_it_whatever_the_message_says_itself(string ours, bool hasJunk, string theirs, string mailbox)
    {
        var ann = _f.Account("ann@example.test");
        if (hasJunk) _f.Mailboxes.Add(ann.Id, "Spam");
        await _f.EnqueueAsync(Bob, [new EnvelopeRecipient(EmailAddress.Parse("ann@example.test"))], theirs + DeliveryFixture.Message, verdict: ours);
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Single().Mailbox.Value.Should().Be(mailbox);
        _f.Journal.Events.Last(e => e.Step == TimelineStep.Delivered).Detail.Should().StartWith(mailbox == "Spam" ? "the mailbox for junk of" : "INBOX of");
    }

    [Fact]
    public async Task Without_a_timeline_mail_is_delivered_all_the_same()
    {
        _f.Account("ann@example.test");
        _f.Journal.FailAppend = new StoreFullException("journal");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        await _f.AttemptAsync();
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(1);
    }

    [Fact]
    public void A_trace_prefix_cannot_be_made_to_hold_a_header_of_the_senders_choice()
    {
        var entry = new QueueEntry
        {
            Id = default, Route = QueueRoute.Local, Content = default, Size = 0, TraceHeaders = default, AcceptedAt = default, Recipients = [],
            ReversePath = new ReversePath(new EmailAddress("a\r\nX-Evil: yes", "remote.test")),
        };
        var text = Encoding.UTF8.GetString(TracePrefix.Write(entry, new EmailAddress(new string('x', 5000) + "\n", "example.test")));
        text.Split("\r\n").Should().HaveCount(3).And.OnlyContain(line => Encoding.UTF8.GetByteCount(line) <= 998);
        text.Replace("\r\n", "").Should().NotContainAny("\r", "\n");
    }
}
