using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.Envelopes;
using Merpati.OutboundRelay.Queue;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.TestKit.Smtp;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>One attempt against a mail host on loopback: what the host says becomes the state of the recipient, and its words stay.</summary>
public sealed class RelayAttemptTests
{
    private const string Bob = "bob@remote.test";

    [Fact]
    public async Task A_message_goes_out_byte_for_byte_and_is_closed_with_the_words_of_the_server()
    {
        await using var f = RelayFixture.With(command => command.Is(ScriptedSmtpServer.EndOfText) ? "250 2.0.0 Ok: queued as 4711" : null);
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        var message = f.Server.Messages.Single();
        Encoding.UTF8.GetString(message.Octets).Should().Be(RelayFixture.Received + RelayFixture.Message);
        message.MailFrom.Should().StartWith("MAIL FROM:<ann@example.test>");
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(1);
        f.Timeline(entry, TimelineStep.Relayed).Should().Equal("mx.remote.test: 250 2.0.0 Ok: queued as 4711");
        f.Timeline(entry, TimelineStep.Attempted).Should().ContainSingle().Which.Should().Be("mx.remote.test [127.0.0.1], no TLS: <bob@remote.test>: 250 2.0.0 Ok: queued as 4711");
        f.Reports().Should().BeEmpty();
    }

    [Fact]
    public async Task A_promise_is_recorded_without_waiting_for_the_timeline()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync(Bob);
        var hold = new TaskCompletionSource();
        f.Journal.HoldAppend = hold.Task;
        var attempt = f.AttemptAsync();
        while (await f.FindAsync(entry) is not null) await Task.Delay(5);
        attempt.IsCompleted.Should().BeFalse("the timeline is written before the attempt ends");
        f.Timeline(entry, TimelineStep.Relayed).Should().BeEmpty();
        hold.SetResult();
        await attempt;
        f.Timeline(entry, TimelineStep.Relayed).Should().ContainSingle();
    }

    [Fact]
    public async Task Each_recipient_has_a_fate_of_its_own()
    {
        await using var f = RelayFixture.With(command => command switch
        {
            _ when command.Is("RCPT TO:<ghost") => "550-5.1.1 No such user\r\n550 5.1.1 at all",
            _ when command.Is("RCPT TO:<full") => "452 4.2.2 Mailbox full",
            _ => null,
        });
        var entry = await f.EnqueueAsync([To("ghost@remote.test"), To(Bob), To("full@remote.test")]);
        await f.AttemptAsync();
        var left = (await f.FindAsync(entry))!;
        left.Recipients.Select(r => r.State).Should().Equal(RecipientState.Bounced, RecipientState.Relayed, RecipientState.Queued);
        left.Recipients[2].Detail.Should().Be("452 4.2.2 Mailbox full");
        left.NextAttemptAt.Should().BeCloseTo(f.Time.GetUtcNow().AddMinutes(5), TimeSpan.FromMinutes(1.1));
        f.Reports().Single().Should().Contain("Action: failed").And.Contain("Status: 5.1.1").And.Contain("Remote-MTA: dns; mx.remote.test")
            .And.Contain("Diagnostic-Code: smtp; 550 5.1.1 No such user at all").And.Contain("Final-Recipient: rfc822; ghost@remote.test").And.NotContain("full@remote.test");
    }

    [Theory]
    [InlineData("nobody@null.test", "556 5.1.10")]
    [InlineData("nobody@nowhere.test", "550 5.1.2")]
    [InlineData("nobody@loop.test", "550 5.4.6")]
    public async Task Where_there_is_nowhere_to_go_it_bounces(string recipient, string code)
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync(recipient);
        await f.AttemptAsync();
        f.Timeline(entry, TimelineStep.Bounced).Single().Should().StartWith(code);
        f.Reports().Single().Should().Contain($"Diagnostic-Code: smtp; {code}").And.NotContain("Remote-MTA");
        f.Server.Connections.Should().Be(0);
    }

    [Theory]
    [InlineData("destinations:allowPrivateAddresses", "false", "550 5.4.4", "127.0.0.1")]
    [InlineData("outboundRelay:ownAddresses:0", "127.0.0.1", "550 5.4.6", "5.4.6")]
    public async Task DNS_that_leads_behind_our_firewall_or_to_ourselves_gets_no_connection(string key, string value, string code, string named)
    {
        await using var f = RelayFixture.With(configure: keys => keys[key] = value);
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Timeline(entry, TimelineStep.Bounced).Single().Should().StartWith(code).And.Contain(named);
        f.Reports().Single().Should().Contain($"Diagnostic-Code: smtp; {code}");
        f.Server.Connections.Should().Be(0);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_a_day_holds_nothing_up_that_is_new_and_loses_nothing_that_is_old()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") && command.Line.Contains("carol", StringComparison.Ordinal) ? "450 4.2.0 Come back later" : null);
        var waits = await f.EnqueueAsync("carol@remote.test");
        await f.AttemptAsync();
        f.Time.AdjustTime(f.Time.GetUtcNow().AddDays(-1));
        var fresh = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        (await f.FindAsync(fresh)).Should().BeNull("it is relayed");
        (await f.FindAsync(waits))!.Recipients[0].State.Should().Be(RecipientState.Queued);
        f.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(10));
        await f.AttemptAsync();
        (await f.FindAsync(waits))!.Attempts.Should().Be(2);
    }

    [Fact]
    public async Task Without_an_answer_of_DNS_it_waits()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync("bob@silent.test");
        await f.AttemptAsync();
        (await f.DetailAsync(entry)).Should().StartWith("451 4.4.3 DNS gives no answer");
        f.Reports().Should().BeEmpty();
    }

    [Fact]
    public async Task A_host_that_is_away_is_passed_over_for_the_next_one()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync("bob@two.test");
        await f.AttemptAsync();
        f.Server.Messages.Should().ContainSingle();
        f.Timeline(entry, TimelineStep.Attempted)[0].Should().Contain("dead.two.test [127.0.0.77]").And.Contain("cannot be reached");
    }

    [Fact]
    public async Task A_dead_destination_is_left_alone_after_a_few_and_the_others_are_sent_back_with_its_words()
    {
        await using var f = RelayFixture.With();
        for (var i = 0; i < 30; i++) await f.EnqueueAsync("bob@dead.test");
        await f.AttemptAsync();
        f.Queue.Entries.Should().AllSatisfy(entry => entry.Recipients[0].Detail.Should().StartWith("450 4.4.1 mx.dead.test [127.0.0.77] cannot be reached"));
        f.Journal.Events.Count(e => e.Step == TimelineStep.Attempted && e.Detail.StartsWith("mx.dead.test", StringComparison.Ordinal)).Should().BeInRange(1, 6);
    }

    [Theory]
    [InlineData("(greeting)")]
    [InlineData("EHLO")]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    [InlineData("(end of text)")]
    public async Task A_421_anywhere_defers_with_the_words_of_the_server(string stage)
    {
        await using var f = RelayFixture.With(command => command.Is(stage) ? ScriptedAnswer.SayAndClose("421 4.3.2 Going down for maintenance") : null);
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        (await f.DetailAsync(entry)).Should().Contain("421 4.3.2 Going down for maintenance");
        f.Reports().Should().BeEmpty();
        (await f.FindAsync(entry))!.Recipients[0].Intent.Should().BeNull();
    }

    [Theory]
    [InlineData("(greeting)")]
    [InlineData("MAIL")]
    [InlineData("DATA")]
    public async Task A_connection_that_is_lost_before_the_end_defers_and_nothing_is_in_doubt(string stage)
    {
        await using var f = RelayFixture.With(command => command.Is(stage) ? ScriptedAnswer.Close : null);
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        (await f.DetailAsync(entry)).Should().StartWith("450 4.4.2 The connection to mx.remote.test [127.0.0.1]");
        (await f.FindAsync(entry))!.Recipients[0].Intent.Should().BeNull();
    }

    [Fact]
    public async Task A_connection_that_is_lost_after_the_end_leaves_the_intent_and_the_next_attempt_says_so()
    {
        var answered = false;
        await using var f = RelayFixture.With(command =>
        {
            if (answered || !command.Is(ScriptedSmtpServer.EndOfText)) return null;
            answered = true;
            return ScriptedAnswer.Close;
        });
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        (await f.FindAsync(entry))!.Recipients[0].Intent!.Host.Should().Be("mx.remote.test");
        f.Timeline(entry, TimelineStep.Deferred).Single().Should().EndWith("the server may have it already");

        f.Time.Advance(TimeSpan.FromMinutes(10));
        await f.AttemptAsync();
        f.Timeline(entry, TimelineStep.Attempted).Should().Contain(step => step.StartsWith("<bob@remote.test>: may be a double: at 2027-01-01", StringComparison.Ordinal));
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(1);
    }

    [Fact]
    public async Task The_intent_is_durable_before_the_end_of_the_message()
    {
        RelayFixture? fixture = null;
        RelayIntent? seen = null;
        await using var f = RelayFixture.With(command =>
        {
            if (command.Is(ScriptedSmtpServer.EndOfText)) seen = fixture!.Queue.Entries.Single().Recipients[0].Intent;
            return null;
        });
        fixture = f;
        await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        seen!.Host.Should().Be("mx.remote.test");
    }

    [Fact]
    public async Task Who_has_lost_the_lease_does_not_send()
    {
        await using var f = RelayFixture.With();
        await f.EnqueueAsync(Bob);
        var lease = (await f.Queue.LeaseAsync(QueueRoute.Relay, "one", LeaseWish.UpTo(1), TimeSpan.FromSeconds(1), default)).Single();
        f.Time.Advance(TimeSpan.FromMinutes(5));
        await f.Queue.LeaseAsync(QueueRoute.Relay, "other", LeaseWish.UpTo(1), TimeSpan.FromMinutes(5), default);
        await f.Get<RelayAttempt>().RunAsync(new LeaseHolder(lease), default);
        f.Server.Messages.Should().BeEmpty();
        f.Server.Commands.Should().NotContain(command => command.Is(ScriptedSmtpServer.EndOfText));
    }

    [Fact]
    public async Task What_the_next_hop_has_is_written_down_even_if_the_queue_is_away_for_a_while()
    {
        await using var f = RelayFixture.With();
        await f.EnqueueAsync(Bob);
        var failures = 3;
        f.Queue.BeforeComplete = _ => { if (failures-- > 0) throw new StoreUnavailableException("queue", "away"); };
        var attempt = f.AttemptAsync();
        while (!attempt.IsCompleted)
        {
            f.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5);
        }
        await attempt;
        f.Server.Messages.Should().ContainSingle();
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(1);
    }

    [Fact]
    public async Task A_connection_carries_the_next_message_too()
    {
        await using var f = RelayFixture.With();
        for (var i = 0; i < 10; i++) await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Server.Messages.Should().HaveCount(10);
        f.Server.Connections.Should().Be(1);
    }

    [Fact]
    public async Task After_so_many_messages_the_connection_is_a_new_one()
    {
        await using var f = RelayFixture.With(configure: keys => keys["outboundRelay:pool:maxMessages"] = "4");
        for (var i = 0; i < 10; i++) await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Server.Connections.Should().Be(3);
    }

    [Fact]
    public async Task A_server_that_closed_the_idle_connection_is_dialed_anew()
    {
        await using var f = RelayFixture.With(command => command.Is("MAIL") && command.Transaction == 2 ? ScriptedAnswer.Close : null);
        await f.EnqueueAsync(Bob);
        await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Server.Messages.Should().HaveCount(2);
        f.Server.Connections.Should().Be(2);
    }

    [Fact]
    public async Task A_provider_that_says_too_many_is_left_alone_for_all_its_domains()
    {
        await using var f = RelayFixture.With(command => command.Is("MAIL") ? "421 4.7.0 Too many messages from you" : null);
        var one = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        var sister = await f.EnqueueAsync("eve@sister.test");
        await f.AttemptAsync();
        f.Server.Connections.Should().Be(1);
        (await f.DetailAsync(one)).Should().Be("421 4.7.0 Too many messages from you");
        (await f.DetailAsync(sister)).Should().StartWith("450 4.4.5 Left alone until").And.EndWith("since it said: 421 4.7.0 Too many messages from you");
        (await f.FindAsync(sister))!.NextAttemptAt.Should().BeBefore(f.Time.GetUtcNow().AddMinutes(2));
    }

    [Fact]
    public async Task Too_many_recipients_at_once_go_in_the_next_transaction()
    {
        await using var f = RelayFixture.With(configure: keys => keys["outboundRelay:maxRecipients"] = "3");
        await f.EnqueueAsync([.. Enumerable.Range(0, 8).Select(i => To($"r{i}@remote.test"))]);
        await f.AttemptAsync();
        f.Server.Messages.Select(message => message.RcptTo.Count).Should().Equal(3, 3, 2);
        f.Server.Connections.Should().Be(1);
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(8);
    }

    [Fact]
    public async Task A_rate_spreads_messages_and_loses_none()
    {
        await using var f = RelayFixture.With(configure: keys => keys["outboundRelay:gates:messagesPerMinute"] = "60");
        for (var i = 0; i < 20; i++) await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Server.Messages.Count.Should().BeLessThan(3);
        f.Queue.Entries.Select(entry => entry.NextAttemptAt).Should().OnlyHaveUniqueItems();
        for (var i = 0; i < 120 && f.Queue.Entries.Count > 0; i++)
        {
            f.Time.Advance(TimeSpan.FromSeconds(1));
            await f.AttemptAsync();
        }
        f.Server.Messages.Should().HaveCount(20);
    }

    [Fact]
    public async Task What_a_person_wants_back_goes_back_without_an_attempt()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync(Bob);
        await f.Queue.BounceAsync(new QueueFilter { Id = entry.Id }, "Not to be sent", default);
        await f.AttemptAsync();
        f.Server.Connections.Should().Be(0);
        f.Reports().Single().Should().Contain("Not to be sent").And.Contain("Action: failed");
    }

    [Fact]
    public async Task A_damaged_message_is_held_and_not_sent()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync(Bob);
        f.Contents.Damaged.Add(entry.Content);
        await f.AttemptAsync();
        f.Server.Messages.Should().BeEmpty();
        (await f.FindAsync(entry))!.Recipients[0].State.Should().Be(RecipientState.Held);
    }

    [Fact]
    public async Task REQUIRETLS_goes_nowhere_where_nothing_proves_who_is_there()
    {
        await using var f = RelayFixture.With();
        var entry = await f.EnqueueAsync(Bob, entry => entry with { RequireTls = true });
        await f.AttemptAsync();
        f.Timeline(entry, TimelineStep.Bounced).Single().Should().StartWith("550 5.7.30");
        f.Server.Messages.Should().BeEmpty();
    }

    [Fact]
    public async Task A_report_on_a_message_with_REQUIRETLS_goes_on_without()
    {
        await using var f = RelayFixture.With();
        await f.EnqueueAsync(Bob, entry => entry with { RequireTls = true, ReversePath = ReversePath.Null });
        await f.AttemptAsync();
        f.Server.Messages.Should().ContainSingle();
        f.Server.Commands.Should().NotContain(command => command.Line.Contains("REQUIRETLS", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task TLS_Required_No_goes_where_the_policy_of_the_domain_forbids_it(bool tlsOptional, int relayed)
    {
        await using var f = RelayFixture.With();
        var policy = MtaStsPolicy.Parse("version: STSv1\nmode: enforce\nmx: elsewhere.test\nmax_age: 86400\n", out _)!;
        await f.Get<IMtaStsCache>().PutAsync(new KnownMtaStsPolicy("remote.test", "1", policy, f.Time.GetUtcNow()), default);
        await f.EnqueueAsync(Bob, entry => entry with { TlsOptional = tlsOptional });
        await f.AttemptAsync();
        f.Server.Messages.Should().HaveCount(relayed);
    }

    private static EnvelopeRecipient To(string address) => new(EmailAddress.Parse(address));
}
