using System.Collections.Concurrent;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress.Scanners;
using Merpati.TestKit.Scanners;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>A scanner that fails one time after the other rests, and its chosen answer happens at once.</summary>
public sealed class ScannerBreakerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_rests_after_as_many_failures_in_a_row_as_are_configured()
    {
        var breaker = Breaker();
        Fail(breaker);
        Fail(breaker);
        Answer(breaker);
        Fail(breaker);
        Fail(breaker);
        breaker.State.Should().Be(ScannerState.InUse);
        Fail(breaker);
        breaker.State.Should().Be(ScannerState.Rests);
        breaker.Begin().Should().BeNull();
    }

    [Fact]
    public void After_its_rest_one_message_at_a_time_tries_it()
    {
        var breaker = Resting();
        _time.Advance(TimeSpan.FromSeconds(30));
        using var trial = breaker.Begin()!;
        breaker.State.Should().Be(ScannerState.Tried);
        breaker.Begin().Should().BeNull();
        trial.Failed();
        breaker.State.Should().Be(ScannerState.Rests);
        breaker.Begin().Should().BeNull();
        _time.Advance(TimeSpan.FromSeconds(30));
        Answer(breaker);
        breaker.State.Should().Be(ScannerState.InUse);
        Fail(breaker);
        breaker.State.Should().Be(ScannerState.InUse, "it counts from the beginning");
    }

    [Fact]
    public void A_trial_that_nobody_ends_does_not_keep_it_resting()
    {
        var breaker = Resting();
        _time.Advance(TimeSpan.FromSeconds(30));
        using var endless = breaker.Begin();
        _time.Advance(TimeSpan.FromSeconds(30));
        Answer(breaker);
        breaker.State.Should().Be(ScannerState.InUse);
    }

    [Fact]
    public void A_trial_whose_client_went_away_says_nothing_and_the_next_message_tries_it()
    {
        var breaker = Resting();
        _time.Advance(TimeSpan.FromSeconds(30));
        breaker.Begin()!.Dispose();
        breaker.State.Should().Be(ScannerState.Rests);
        breaker.Begin().Should().NotBeNull();
    }

    [Fact]
    public void What_began_before_the_rest_says_nothing_new()
    {
        var breaker = Breaker();
        using var slow = breaker.Begin()!;
        for (var number = 0; number < 3; number++) Fail(breaker);
        slow.Answered();
        breaker.State.Should().Be(ScannerState.Rests);
    }

    [Fact]
    public void With_zero_it_never_rests()
    {
        var breaker = Breaker(after: 0);
        for (var number = 0; number < 100; number++) Fail(breaker);
        breaker.State.Should().Be(ScannerState.InUse);
    }

    [Fact]
    public async Task A_message_does_not_wait_for_a_scanner_that_rests_and_says_that_it_was_not_asked()
    {
        var requests = new ConcurrentQueue<string>();
        await using var rspamd = ScriptedServer.Http("", requests);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url, 0, ("WhenAway", "Quarantine"), ("BreakAfter", "2"), ("BreakFor", "00:01:00")));
        await fixture.SendAsync();
        await fixture.SendAsync();
        var asked = requests.Count;

        await fixture.SendAsync();

        requests.Should().HaveCount(asked);
        Encoding.UTF8.GetString(fixture.Queue.Entries[^1].TraceHeaders.Span).Should().StartWith("X-Merpati-Verdict: quarantine;").And.Contain("X-Merpati-Scan: rspamd=away (resting)\r\n");
        var subject = fixture.Journal.Subjects[^1];
        var facts = DecisionCapsule.FromJson(subject.QueueId, subject.At, subject.Decision!).Facts;
        facts.List(MailFact.ScanResults).Should().Equal("rspamd=away");
        facts.List(MailFact.ScanResting).Should().Equal("rspamd");
        fixture.Journal.Events.Should().Contain(one => one.QueueId == subject.QueueId && one.Detail.Contains("; rspamd=away (resting);", StringComparison.Ordinal));

        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.SendAsync();
        requests.Count.Should().BeGreaterThan(asked, "one message tries it again");
    }

    [Fact]
    public async Task A_filter_that_closes_is_not_called_for_the_next_message_and_is_back_when_it_answers()
    {
        var isBack = false;
        await using var filter = new ScriptedFilter().On('O', _ => [isBack ? ScriptedFilter.Packet('O', [.. ScriptedFilter.Number(6), .. ScriptedFilter.Number(0x1ff), .. ScriptedFilter.Number(0)]) : []]);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address, 0, ("WhenAway", "Accept"), ("BreakAfter", "2"), ("BreakFor", "00:01:00")));
        await fixture.SendAsync();
        await fixture.SendAsync();
        await fixture.SendAsync();
        fixture.Queue.Entries.Select(entry => Encoding.UTF8.GetString(entry.TraceHeaders.Span).Split("\r\n")[0]).Should().Equal("X-Merpati-Scan: milter=away", "X-Merpati-Scan: milter=away", "X-Merpati-Scan: milter=away (resting)");
        fixture.Log.Lines.Should().Contain(line => line.Contains("failed 2 times in a row and rests", StringComparison.Ordinal));

        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        isBack = true;
        await fixture.SendAsync();
        Encoding.UTF8.GetString(fixture.Queue.Entries[^1].TraceHeaders.Span).Should().StartWith("X-Merpati-Scan: milter=accept\r\n");
        filter.HeardOf('O').Should().HaveCount(3, "it was not called while it rested");
        fixture.Log.Lines.Should().Contain(line => line.Contains("answers again and is in use", StringComparison.Ordinal));
    }

    private static void Fail(ScannerBreaker breaker)
    {
        using var attempt = breaker.Begin()!;
        attempt.Failed();
    }

    private static void Answer(ScannerBreaker breaker)
    {
        using var attempt = breaker.Begin()!;
        attempt.Answered();
    }

    private ScannerBreaker Resting()
    {
        var breaker = Breaker();
        for (var number = 0; number < 3; number++) Fail(breaker);
        return breaker;
    }

    private ScannerBreaker Breaker(int after = 3) => new(new ScannerOptions { Name = "one", BreakAfter = after, BreakFor = TimeSpan.FromSeconds(30) }, _time, NullLogger.Instance);
}
