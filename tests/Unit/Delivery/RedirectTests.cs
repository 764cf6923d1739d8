using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>Aliases that lead to other servers.</summary>
public sealed class RedirectTests
{
    private const string Bob = "bob@remote.test";
    private readonly DeliveryFixture _f = new();

    private IReadOnlyList<QueueEntry> Relayed => [.. _f.Queue.Entries.Where(entry => entry.Route == QueueRoute.Relay)];

    [Fact]
    public async Task An_alias_that_leads_elsewhere_goes_on_with_the_senders_wishes_and_a_reverse_path_of_ours()
    {
        _f.Directory.Alias("out@example.test", "someone@Bücher.test");
        var entry = await _f.EnqueueAsync(Bob, [new(EmailAddress.Parse("Out@example.test"), DsnNotify.Success | DsnNotify.Failure)], ret: DsnReturn.Full);
        await _f.AttemptAsync();

        var relayed = Relayed.Should().ContainSingle().Subject;
        _f.Queue.Entries.Should().ContainSingle("nobody is told yet: the report comes from where the message goes (RFC 3461 §5.2.7.2)");
        relayed.Destination.Should().Be("xn--bcher-kva.test");
        relayed.ReversePath.ToString().Should().Be("<SRS0=hash=remote.test=bob@example.test>");
        relayed.Recipients.Should().ContainSingle().Which.Recipient.Should().Be(new EnvelopeRecipient(EmailAddress.Parse("someone@bücher.test"), DsnNotify.Success | DsnNotify.Failure, "rfc822;Out@example.test"));
        (relayed.Content, relayed.Size, relayed.Return, relayed.Attempts).Should().Be((entry.Content, entry.Size, DsnReturn.Full, 0));
        Encoding.ASCII.GetString(relayed.TraceHeaders.Span).Should().Be("Delivered-To: Out@example.test\r\n" + DeliveryFixture.Received);
        var ledger = await _f.LedgerAsync();
        (ledger.Accepted, ledger.Closed[RecipientState.Relayed], ledger.Open).Should().Be((2, 1, 1));
        _f.Journal.Events.Where(e => e.QueueId == entry.Id).Select(e => (e.Step, e.Detail)).Should()
            .Contain((TimelineStep.Queued, $"for relay to xn--bcher-kva.test as {relayed.Id}, to someone@bücher.test"));
        _f.Journal.Events.Where(e => e.QueueId == relayed.Id).Select(e => (e.Step, e.Detail)).Should()
            .Equal((TimelineStep.Accepted, $"redirected by Out@example.test, a recipient of {entry.Id}"), (TimelineStep.Queued, "for relay to xn--bcher-kva.test"));
    }

    [Fact]
    public async Task What_a_user_of_ours_sent_elsewhere_and_was_held_goes_on_as_it_would_have_gone_at_once()
    {
        var entry = await _f.EnqueueAsync("ann@example.test", [new(EmailAddress.Parse("someone@elsewhere.test"), DsnNotify.Success)], ret: DsnReturn.Headers);
        await _f.AttemptAsync();

        var relayed = Relayed.Should().ContainSingle().Subject;
        relayed.ReversePath.ToString().Should().Be("<ann@example.test>");
        relayed.Recipients.Should().ContainSingle().Which.Recipient.Should().Be(new EnvelopeRecipient(EmailAddress.Parse("someone@elsewhere.test"), DsnNotify.Success));
        (relayed.Submitter, relayed.Return, relayed.Destination).Should().Be((entry.Submitter, DsnReturn.Headers, "elsewhere.test"));
        Encoding.ASCII.GetString(relayed.TraceHeaders.Span).Should().Be(DeliveryFixture.Received, "a Delivered-To of the recipient would look like a loop to its server");
        _f.Journal.Events.Where(e => e.QueueId == relayed.Id).Select(e => (e.Step, e.Detail)).Should()
            .Equal((TimelineStep.Accepted, $"goes on as a part of {entry.Id}"), (TimelineStep.Queued, "for relay to elsewhere.test"));
        (await _f.Journal.FindAsync(relayed.Id, default))!.At.Should().Be(entry.AcceptedAt, "reports on a message find its parts by that");
    }

    [Theory]
    [InlineData("ann@example.test", "<ann@example.test>")]
    [InlineData(null, "<>")]
    [InlineData("bounces+0123456789012345678901234567890123456789@remote.test", "<out@example.test>")]
    public async Task The_reverse_path_stays_when_it_is_ours_or_null_and_becomes_the_aliases_when_it_cannot_be_rewritten(string? sender, string expected)
    {
        _f.Directory.Alias("out@example.test", "someone@elsewhere.test");
        await _f.EnqueueAsync(sender, "out@example.test");
        await _f.AttemptAsync();
        Relayed.Should().ContainSingle().Which.ReversePath.ToString().Should().Be(expected);
    }

    [Fact]
    public async Task A_list_goes_on_by_destination_without_SUCCESS_and_its_sender_hears_that_it_was_expanded()
    {
        var ann = _f.Account("ann@example.test");
        _f.Directory.Alias("list@example.test", "a@one.test", "b@two.test", "c@one.test", "ann@example.test");
        await _f.EnqueueAsync("max@example.test", [new EnvelopeRecipient(EmailAddress.Parse("list@example.test"), DsnNotify.Success, "rfc822;old+2Bname@example.test")]);
        await _f.AttemptAsync();

        Relayed.Select(entry => (entry.Destination, string.Join(' ', entry.Recipients.Select(r => r.Recipient.Address)))).Should().BeEquivalentTo([("one.test", "a@one.test c@one.test"), ("two.test", "b@two.test")]);
        Relayed.SelectMany(entry => entry.Recipients).Should().OnlyContain(r => r.Recipient.Notify == DsnNotify.Never && r.Recipient.OriginalRecipient == "rfc822;old+2Bname@example.test");
        _f.Mailboxes.Messages.Should().ContainSingle().Which.Account.Should().Be(ann.Id);
        var report = _f.Queue.Entries.Should().ContainSingle(entry => entry.Route == QueueRoute.Local).Subject;
        _f.Text(report.Content).Should().Contain("Action: expanded");
    }

    [Fact]
    public async Task A_member_here_that_cannot_be_reached_yet_does_not_hold_up_the_others_and_gets_one_copy()
    {
        var ann = _f.Account("ann@example.test");
        var max = _f.Account("max@example.test");
        _f.Directory.Alias("list@example.test", "a@one.test", "ann@example.test", "max@example.test");
        _f.Mailboxes.BeforeAppend = account => account == max.Id ? throw new StoreUnavailableException("mailbox", "away") : null;
        var entry = await _f.EnqueueAsync(Bob, "list@example.test");
        await _f.AttemptAsync();

        (await _f.Queue.FindAsync(entry.Id, default)).Should().BeNull();
        Relayed.Should().ContainSingle();
        var later = _f.Queue.Entries.Should().ContainSingle(e => e.Route == QueueRoute.Local).Subject;
        later.Recipients.Should().ContainSingle().Which.Recipient.Address.Should().Be(max.Address);
        later.ReversePath.Address.Should().Be(EmailAddress.Parse(Bob));

        _f.Mailboxes.BeforeAppend = null;
        _f.Time.Advance(TimeSpan.FromMinutes(5));
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Select(m => m.Account).Should().Equal(ann.Id, max.Id);
        var ledger = await _f.LedgerAsync();
        (ledger.Accepted, ledger.Open, ledger.Closed[RecipientState.Relayed], ledger.Closed[RecipientState.Delivered]).Should().Be((3, 1, 1, 1));
    }

    [Fact]
    public async Task A_member_that_another_recipient_waits_for_is_left_to_it()
    {
        var max = _f.Account("max@example.test");
        _f.Directory.Alias("list@example.test", "a@one.test", "max@example.test");
        _f.Mailboxes.BeforeAppend = _ => throw new StoreUnavailableException("mailbox", "away");
        await _f.EnqueueAsync(Bob, "list@example.test", "max@example.test");
        await _f.AttemptAsync();
        _f.Mailboxes.BeforeAppend = null;
        _f.Time.Advance(TimeSpan.FromMinutes(5));
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().ContainSingle().Which.Account.Should().Be(max.Id);
    }

    [Fact]
    public async Task Recipients_that_lead_to_one_address_elsewhere_make_one_copy()
    {
        _f.Directory.Alias("one@example.test", "a@one.test");
        _f.Directory.Alias("two@example.test", "A@one.test", "b@one.test");
        await _f.EnqueueAsync(Bob, "one@example.test", "two@example.test");
        await _f.AttemptAsync();
        Relayed.SelectMany(entry => entry.Recipients).Select(r => r.Recipient.Address.ToString()).Should().BeEquivalentTo("a@one.test", "b@one.test");
    }

    [Fact]
    public async Task A_crash_before_the_end_makes_no_second_message()
    {
        _f.Directory.Alias("out@example.test", "someone@elsewhere.test");
        await _f.EnqueueAsync(Bob, "out@example.test");
        _f.Queue.BeforeComplete = _ => throw new InvalidOperationException("killed");
        await FluentActions.Awaiting(_f.AttemptAsync).Should().ThrowAsync<InvalidOperationException>();
        Relayed.Should().BeEmpty();
        var first = _f.Journal.Events.First(e => e.Step == TimelineStep.Accepted).QueueId;
        _f.Queue.BeforeComplete = null;
        _f.Time.Advance(_f.Options.LeaseDuration);
        await _f.AttemptAsync();
        Relayed.Should().ContainSingle().Which.Id.Should().Be(first);
    }

    [Fact]
    public async Task A_message_that_comes_back_to_the_alias_is_in_a_loop()
    {
        _f.Directory.Alias("out@example.test", "someone@elsewhere.test");
        var looped = "Delivered-To: out@example.test\r\n" + DeliveryFixture.Message;
        var entry = await _f.EnqueueAsync("ann@example.test", [new(EmailAddress.Parse("out@example.test"))], looped);
        await _f.AttemptAsync();
        Relayed.Should().BeEmpty();
        _f.Journal.Events.Should().Contain(e => e.QueueId == entry.Id && e.Step == TimelineStep.Bounced && e.Detail.StartsWith("5.4.6"));
    }

    [Fact]
    public async Task A_dead_end_among_the_members_bounces_and_the_others_get_the_message()
    {
        _f.Directory.Alias("list@example.test", "a@one.test", "ghost@example.test", "x@a_ä.test");
        await _f.EnqueueAsync(Bob, "list@example.test");
        await _f.AttemptAsync();
        Relayed.Select(entry => entry.Destination).Should().BeEquivalentTo("one.test", "remote.test");
        Relayed.Single(entry => entry.Destination == "remote.test").ReversePath.IsNull.Should().BeTrue("it is the report to the sender");
        (await _f.LedgerAsync()).Closed[RecipientState.Bounced].Should().Be(1);
    }

    [Fact]
    public async Task A_directory_that_goes_away_defers_the_redirect()
    {
        _f.Directory.Alias("out@example.test", "someone@elsewhere.test");
        _f.Directory.Failures[EmailAddress.Parse(Bob)] = new StoreUnavailableException("directory", "away");
        var entry = await _f.EnqueueAsync(Bob, "out@example.test");
        await _f.AttemptAsync();
        (await _f.Queue.FindAsync(entry.Id, default))!.Recipients[0].State.Should().Be(RecipientState.Queued);
        Relayed.Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_person_wants_back_with_the_sender_is_not_tried_and_reported()
    {
        _f.Account("ann@example.test");
        var entry = await _f.EnqueueAsync(Bob, "ann@example.test");
        await _f.Queue.BounceAsync(new QueueFilter { Id = entry.Id }, "wrong list", default);
        await _f.AttemptAsync();
        _f.Mailboxes.Messages.Should().BeEmpty();
        var report = Relayed.Should().ContainSingle().Subject;
        (report.Destination, report.ReversePath.IsNull).Should().Be(("remote.test", true));
        _f.Text(report.Content).Should().Contain("Status: 5.7.1").And.Contain("wrong list");
    }
}
