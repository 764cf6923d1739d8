using AwesomeAssertions;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.Delivery.Mailboxes;

public sealed class MailboxesTests
{
    private const string Message = "Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nThe body.\r\n";

    [Fact]
    public async Task Appends_with_structure_and_ids_and_says_so()
    {
        await using var fixture = new MailboxesFixture();
        var date = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.FromHours(-5));
        var message = await fixture.AppendAsync(Message, new MessageFlags(SystemFlags.Draft, ["$label"]), date);

        message.Structure.Envelope.Subject.Should().Be("hello");
        message.InternalDate.Should().Be(date);
        message.InternalDate.Offset.Should().Be(date.Offset);
        message.Flags.Should().Be(new MessageFlags(SystemFlags.Draft, ["$label"]));
        message.EmailId.Should().Be("A" + message.Content);
        (await fixture.ReadAsync(message)).Should().Be(Message);
        fixture.Changes.Should().ContainSingle().Which.ModSeq.Should().Be(message.ModSeq);
    }

    [Fact]
    public async Task Keeps_nothing_of_a_message_that_breaks_off()
    {
        await using var fixture = new MailboxesFixture();
        var inbox = await fixture.InboxAsync();
        var append = async () => await fixture.Mailboxes.AppendAsync(fixture.Account.Id, inbox.Id, MessageFlags.None, null, 100, new MemoryStream(new byte[99]), default);
        await append.Should().ThrowAsync<EndOfStreamException>();
        (await fixture.InboxAsync()).Messages.Should().Be(0);
        (await StoredContentsAsync(fixture)).Should().Be(0);
    }

    [Fact]
    public async Task Refuses_what_is_too_large_before_it_is_read()
    {
        await using var fixture = new MailboxesFixture(maxMessageSize: 1000);
        var inbox = await fixture.InboxAsync();
        var outcome = await fixture.Mailboxes.AppendAsync(fixture.Account.Id, inbox.Id, MessageFlags.None, null, 1001, Stream.Null, default);
        outcome.Should().BeOfType<AppendOutcome.TooLarge>();
    }

    [Fact]
    public async Task Refuses_what_the_quota_has_no_room_for()
    {
        await using var fixture = new MailboxesFixture(quotaOctets: 100);
        await fixture.AppendAsync(new string('x', 80));
        var inbox = await fixture.InboxAsync();
        var outcome = await fixture.Mailboxes.AppendAsync(fixture.Account.Id, inbox.Id, MessageFlags.None, null, 21, new MemoryStream(new byte[21]), default);
        outcome.Should().BeOfType<AppendOutcome.OverQuota>();
        (await fixture.Mailboxes.QuotaAsync(fixture.Account.Id, default)).Should().Be(new QuotaUsage(80, 1, 100, null));
    }

    [Fact]
    public async Task Removes_the_content_of_an_append_that_the_store_refuses()
    {
        await using var fixture = new MailboxesFixture();
        var outcome = await fixture.Mailboxes.AppendAsync(fixture.Account.Id, new MailboxId(Guid.NewGuid()), MessageFlags.None, null, 5, new MemoryStream(new byte[5]), default);
        outcome.Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await StoredContentsAsync(fixture)).Should().Be(0);
    }

    [Fact]
    public async Task Reads_trace_and_content_as_one_from_any_octet()
    {
        await using var fixture = new MailboxesFixture();
        var outcome = (AppendOutcome.Done)await fixture.DeliverAsync(Message, "Return-Path: <>\r\n");
        var message = await fixture.MessageAsync(outcome.Messages[0]);
        var whole = "Return-Path: <>\r\n" + Message;
        message.Size.Should().Be(whole.Length);
        for (var offset = 0; offset <= whole.Length; offset++)
        {
            foreach (var length in (int[])[0, 1, 17, 20, whole.Length])
                (await fixture.ReadAsync(message, offset, length)).Should().Be(whole.Substring(offset, Math.Min(length, whole.Length - offset)));
        }
        (await fixture.ReadAsync(message, whole.Length + 10, 5)).Should().BeEmpty();
    }

    [Fact]
    public async Task Delivers_once_per_key_under_the_queue_id()
    {
        await using var fixture = new MailboxesFixture();
        var id = QueueId.New(fixture.Time);
        var first = (AppendOutcome.Done)await fixture.DeliverAsync(Message, "", id);
        (await fixture.DeliverAsync(Message, "", id)).Should().BeOfType<AppendOutcome.AlreadyDelivered>().Which.Message.Uid.Should().Be(first.Messages[0].Uid);
        var message = await fixture.MessageAsync(first.Messages[0]);
        message.EmailId.Should().Be("Q" + id);
        message.InternalDate.Should().Be(fixture.Time.GetUtcNow());
        fixture.Changes.Should().ContainSingle();
    }

    [Fact]
    public async Task Delivers_to_a_special_mailbox_and_makes_no_other_than_the_inbox()
    {
        await using var fixture = new MailboxesFixture();
        (await fixture.DeliverAsync(Message, "", target: new DeliveryTarget.Named(MailboxName.Parse("nowhere")))).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        await fixture.InboxAsync();
        (await fixture.DeliverAsync(Message, "", target: new DeliveryTarget.Special(SpecialUse.Junk))).Should().BeOfType<AppendOutcome.Done>();
    }

    [Fact]
    public async Task Puts_an_answer_into_the_thread_of_the_question()
    {
        await using var fixture = new MailboxesFixture();
        var question = await fixture.AppendAsync(Message);
        var answer = await fixture.AppendAsync("References: <0@example.org> <1@example.org>\r\nMessage-ID: <2@example.org>\r\n\r\nYes.\r\n");
        var other = await fixture.AppendAsync("Subject: hello\r\n\r\nNo relation.\r\n");
        answer.ThreadId.Should().Be(question.ThreadId);
        other.ThreadId.Should().NotBe(question.ThreadId);
    }

    [Fact]
    public async Task Announces_every_change_with_its_modseq()
    {
        await using var fixture = new MailboxesFixture();
        var (account, mailboxes) = (fixture.Account.Id, fixture.Mailboxes);
        var message = await fixture.AppendAsync(Message);
        var inbox = await fixture.InboxAsync();
        var all = UidSet.All;
        var archive = MailboxName.Parse("Projects");

        (await ChangesOf(() => mailboxes.CreateAsync(account, archive, SpecialUse.None, default).AsTask())).Should().Equal(new MailboxChanged(account, null, default));
        var target = (await mailboxes.FindAsync(account, archive, default))!;
        await ShouldAnnounce(() => mailboxes.StoreFlagsAsync(account, inbox.Id, all, FlagOperation.Add, new MessageFlags(SystemFlags.Deleted, []), null, default).AsTask(), inbox.Id);
        await ShouldAnnounce(() => mailboxes.CopyAsync(account, inbox.Id, all, target.Id, default).AsTask(), target.Id);
        await ShouldAnnounce(() => mailboxes.MoveAsync(account, target.Id, all, inbox.Id, default).AsTask(), target.Id, inbox.Id);
        await ShouldAnnounce(() => mailboxes.ExpungeAsync(account, inbox.Id, UidSet.Of(message.Uid), true, default).AsTask(), inbox.Id);
        (await ChangesOf(() => mailboxes.ExpungeAsync(account, inbox.Id, UidSet.Of(message.Uid), true, default).AsTask())).Should().BeEmpty();
        (await ChangesOf(() => mailboxes.RenameAsync(account, archive, MailboxName.Parse("Done"), default).AsTask())).Should().Equal(new MailboxChanged(account, null, default));
        (await ChangesOf(() => mailboxes.DeleteAsync(account, MailboxName.Parse("Done"), default).AsTask())).Select(change => change.Mailbox).Should().Equal(null, target.Id);

        async Task ShouldAnnounce(Func<Task> change, params MailboxId[] expected)
        {
            var announced = await ChangesOf(change);
            announced.Select(c => c.Mailbox).Should().Equal(expected.Select(id => (MailboxId?)id));
            foreach (var c in announced) c.ModSeq.Should().Be((await mailboxes.GetAsync(account, c.Mailbox!.Value, default))!.HighestModSeq);
        }

        async Task<List<MailboxChanged>> ChangesOf(Func<Task> change)
        {
            fixture.Changes.Clear();
            await change();
            return [.. fixture.Changes];
        }
    }

    [Fact]
    public async Task Writes_the_first_fetch_of_a_body_into_the_timeline_once()
    {
        await using var fixture = new MailboxesFixture();
        var id = QueueId.New(fixture.Time);
        var message = await fixture.MessageAsync(((AppendOutcome.Done)await fixture.DeliverAsync(Message, "X: y\r\n", id)).Messages[0]);
        var header = message.TracePrefix.Length + message.Structure.Root.BodyOffset;
        await fixture.FirstFetches.StartAsync(default);

        await fixture.ReadAsync(message, 0, header);
        for (var i = 0; i < 3; i++) await fixture.ReadAsync(message);
        // A second message as the mark that the first is through.
        var next = QueueId.New(fixture.Time);
        await fixture.ReadAsync(await fixture.MessageAsync(((AppendOutcome.Done)await fixture.DeliverAsync(Message, "", next)).Messages[0]));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await fixture.Journal.ReadAsync(next, limit.Token)).Count == 0)
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100)); // they are gathered for a moment
            await Task.Yield();
        }

        var written = await fixture.Journal.ReadAsync(id, limit.Token);
        written.Should().ContainSingle().Which.Step.Should().Be(TimelineStep.FirstFetched);
        written[0].Recipient.Should().Be("ann@example.test");
    }

    private static async Task<int> StoredContentsAsync(MailboxesFixture fixture)
        => (await fixture.Contents.ListAsync(DateTimeOffset.MaxValue, null, 10, default)).Count;
}
