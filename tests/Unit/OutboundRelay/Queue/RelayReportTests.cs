using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Storage;
using Merpati.TestKit.Smtp;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>What senders hear of mail that leaves (RFC 3461, RFC 2852).</summary>
public sealed class RelayReportTests
{
    private static readonly string[] WithoutDsn = ["PIPELINING", "8BITMIME"];

    [Theory]
    [InlineData(DsnNotify.Unspecified, true)]
    [InlineData(DsnNotify.Delay, true)]
    [InlineData(DsnNotify.Failure, false)]
    [InlineData(DsnNotify.Never, false)]
    public async Task After_four_hours_the_sender_is_told_once(DsnNotify notify, bool told)
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "450 4.2.0 Come back later" : null);
        var entry = await f.EnqueueAsync([To(notify)]);
        await f.AttemptAsync();
        f.Reports().Should().BeEmpty();
        for (var i = 0; i < 2; i++)
        {
            f.Time.Advance(TimeSpan.FromHours(4));
            await f.AttemptAsync();
        }
        f.Reports().Should().HaveCount(told ? 1 : 0);
        if (told) f.Reports()[0].Should().Contain("Action: delayed").And.Contain("Diagnostic-Code: smtp; 450 4.2.0 Come back later").And.Contain("Will-Retry-Until: Wed, 06 Jan 2027");
        (await f.FindAsync(entry))!.Recipients[0].State.Should().Be(RecipientState.Queued);
    }

    [Theory]
    [InlineData(BodyType.EightBitMime, "message/rfc822")]
    [InlineData(BodyType.BinaryMime, "text/rfc822-headers")]
    public async Task What_came_as_BINARYMIME_is_not_returned_whole_in_a_report_of_lines(BodyType body, string returned)
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "550 5.1.1 No such user" : null);
        await f.EnqueueAsync([To(DsnNotify.Failure)], entry => entry with { Body = body, Return = DsnReturn.Full });
        await f.AttemptAsync();
        f.Reports().Single().Should().Contain($"Content-Type: {returned}\r\n");
    }

    [Fact]
    public async Task After_five_days_it_bounces_with_the_last_word_of_the_server()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "450 4.2.0 Come back later" : null);
        var entry = await f.EnqueueAsync([To(DsnNotify.Failure)]);
        for (var day = 0; day <= 5; day++)
        {
            await f.AttemptAsync();
            f.Time.Advance(TimeSpan.FromDays(1));
        }
        f.Timeline(entry, TimelineStep.Bounced).Single().Should().Contain("5.4.7").And.Contain("450 4.2.0 Come back later");
        f.Reports().Single().Should().Contain("Action: failed").And.Contain("Status: 5.4.7").And.Contain("450 4.2.0 Come back later");
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_bounces_nothing()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "450 4.2.0 Come back later" : null);
        var entry = await f.EnqueueAsync([To(DsnNotify.Failure)]);
        await f.AttemptAsync();
        f.Time.Advance(TimeSpan.FromDays(3650));
        await f.AttemptAsync();
        (await f.FindAsync(entry))!.Recipients[0].State.Should().Be(RecipientState.Queued);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Success_is_reported_by_us_only_if_the_next_hop_does_not(bool dsn, int reports)
    {
        await using var f = RelayFixture.With();
        if (!dsn) f.Server.Keywords = WithoutDsn;
        await f.EnqueueAsync([To(DsnNotify.Success)], entry => entry with { EnvelopeId = "QQ314159", Return = DsnReturn.Full });
        await f.AttemptAsync();
        f.Reports().Should().HaveCount(reports);
        if (dsn) f.Server.Commands.Should().Contain(command => command.Is("RCPT") && command.Line.Contains("NOTIFY=SUCCESS", StringComparison.OrdinalIgnoreCase));
        else f.Reports()[0].Should().Contain("Action: relayed").And.Contain("Original-Envelope-Id: QQ314159").And.Contain("text/rfc822-headers");
    }

    [Fact]
    public async Task The_null_reverse_path_never_gets_one()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "550 5.1.1 No such user" : null);
        await f.EnqueueAsync([To(DsnNotify.Failure)], entry => entry with { ReversePath = ReversePath.Null });
        await f.AttemptAsync();
        f.Queue.Entries.Should().BeEmpty();
        (await f.LedgerAsync()).Closed[RecipientState.Bounced].Should().Be(1);
    }

    [Fact]
    public async Task The_report_goes_where_the_sender_is()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "550 5.1.1 No such user" : null);
        await f.EnqueueAsync([To(DsnNotify.Failure)], entry => entry with { ReversePath = new ReversePath(EmailAddress.Parse("eve@bücher.test")) });
        await f.EnqueueAsync([To(DsnNotify.Failure)]);
        await f.AttemptAsync();
        f.Queue.Entries.Select(entry => (entry.Route, entry.Destination)).Should().BeEquivalentTo([(QueueRoute.Relay, "xn--bcher-kva.test"), (QueueRoute.Local, (string?)null)]);
    }

    [Fact]
    public async Task BY_with_mode_R_bounces_when_its_time_is_over_and_is_not_tried_again()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "450 4.2.0 Come back later" : null);
        f.Server.Keywords = ["DELIVERBY"];
        await f.EnqueueAsync([To(DsnNotify.Unspecified)], entry => entry with { DeliverBy = new DeliverBy(f.Time.GetUtcNow().AddMinutes(10), DeliverByMode.Return, Trace: false) });
        await f.AttemptAsync();
        var tried = f.Server.Commands.Count;
        f.Time.Advance(TimeSpan.FromMinutes(10));
        await f.AttemptAsync();
        f.Reports().Single().Should().Contain("Action: failed").And.Contain("Status: 5.4.7");
        f.Server.Commands.Count.Should().Be(tried);
    }

    [Fact]
    public async Task BY_with_mode_R_does_not_go_to_a_server_that_cannot_keep_the_time()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync([To(DsnNotify.Unspecified)], entry => entry with { DeliverBy = new DeliverBy(f.Time.GetUtcNow().AddMinutes(10), DeliverByMode.Return, Trace: false) });
        await f.AttemptAsync();
        f.Server.Messages.Should().BeEmpty();
        f.Timeline(entry, TimelineStep.Bounced).Single().Should().StartWith("550 5.4.7 The next server cannot keep the time");
    }

    [Fact]
    public async Task BY_with_mode_N_is_reported_late_and_goes_on()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "450 4.2.0 Come back later" : null);
        var entry = await f.EnqueueAsync([To(DsnNotify.Failure)], entry => entry with { DeliverBy = new DeliverBy(f.Time.GetUtcNow().AddMinutes(10), DeliverByMode.Notify, Trace: false) });
        await f.AttemptAsync();
        f.Time.Advance(TimeSpan.FromMinutes(10));
        await f.AttemptAsync();
        f.Reports().Single().Should().Contain("Action: delayed");
        (await f.FindAsync(entry))!.Recipients[0].State.Should().Be(RecipientState.Queued);
    }

    [Fact]
    public async Task No_recipient_bounces_whose_sender_cannot_be_told()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? "550 5.1.1 No such user" : null);
        var entry = await f.EnqueueAsync([To(DsnNotify.Failure)]);
        f.Contents.FailCreate = new StoreFullException("content");
        await f.AttemptAsync();
        (await f.FindAsync(entry))!.Recipients[0].State.Should().Be(RecipientState.Queued);
        f.Contents.FailCreate = null;
        f.Time.Advance(TimeSpan.FromMinutes(10));
        await f.AttemptAsync();
        f.Reports().Should().ContainSingle();
    }

    private static EnvelopeRecipient To(DsnNotify notify) => new(EmailAddress.Parse("bob@remote.test"), notify);
}
