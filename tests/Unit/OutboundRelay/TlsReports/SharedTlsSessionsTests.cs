using System.Net;
using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.TlsReports;
using Merpati.Platform.Sharing;
using Merpati.Relaying;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.TlsReports;

/// <summary>What several relays counted becomes one report for a domain and a day (RFC 8460 §4).</summary>
public sealed class SharedTlsSessionsTests
{
    private static readonly ReportedPolicy Sts = new(ReportedPolicyType.Sts, "remote.test", ["version: STSv1", "mode: enforce"], ["mx.remote.test"]);
    private static readonly TlsSessionFailure Expired = new(TlsFailure.CertificateExpired, "mx.remote.test", ReceivingIp: IPAddress.Parse("192.0.2.1"), SendingIp: IPAddress.IPv6Loopback, Detail: "since yesterday");
    private static readonly DateOnly Day = new(2027, 1, 1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 23, 0, 0, TimeSpan.Zero));
    private readonly InMemorySharedRecords _records;

    public SharedTlsSessionsTests() => _records = new InMemorySharedRecords(_time);

    [Fact]
    public async Task The_sessions_of_a_relay_that_died_are_in_the_report_with_those_of_the_others()
    {
        var (first, dead) = Relay("one");
        first.Success("remote.test", Sts);
        first.Failure("remote.test", Sts, Expired);
        await dead.SaveAsync(default);

        var (second, alive) = Relay("two");
        second.Failure("remote.test", Sts, Expired);
        second.Success("remote.test", ReportedPolicy.Nothing("remote.test"));
        second.Success("other.test", ReportedPolicy.Nothing("other.test"));
        await alive.SaveAsync(default);
        (await alive.Daily.DueAsync(default)).Should().BeEmpty("the day is not over");

        _time.Advance(TimeSpan.FromHours(2));
        (await alive.Daily.DueAsync(default)).Should().Equal((Day, "other.test"), (Day, "remote.test"));
        var report = SharedTlsSessions.Together(Day, "remote.test", (await alive.Daily.ClaimAsync(Day, "remote.test", default))!);
        report.Policies.Should().BeEquivalentTo([
            new PolicySessions(Sts, 1, 2, [new CountedFailure(Expired, 2)]),
            new PolicySessions(ReportedPolicy.Nothing("remote.test"), 1, 0, []),
        ]);
    }

    [Fact]
    public async Task One_relay_reports_and_another_takes_over_when_it_dies_over_it()
    {
        var (collector, one) = Relay("one");
        collector.Success("remote.test", Sts);
        await one.SaveAsync(default);
        var (_, other) = Relay("two");
        _time.Advance(TimeSpan.FromHours(2));
        (await one.Daily.ClaimAsync(Day, "remote.test", default)).Should().NotBeNull();
        (await other.Daily.ClaimAsync(Day, "remote.test", default)).Should().BeNull();
        _time.Advance(TimeSpan.FromHours(1));
        (await other.Daily.ClaimAsync(Day, "remote.test", default)).Should().NotBeNull();
        await other.Daily.ForgetAsync(Day, "remote.test", default);
        (await one.Daily.DueAsync(default)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_saved_again_counts_once_and_what_could_not_be_saved_is_saved_later()
    {
        var (collector, relay) = Relay("one");
        collector.Success("remote.test", Sts);
        await relay.SaveAsync(default);
        collector.Success("remote.test", Sts);
        collector.GiveBack(collector.TakeChanged());
        await relay.SaveAsync(default);
        await relay.SaveAsync(default);
        _time.Advance(TimeSpan.FromHours(2));
        SharedTlsSessions.Together(Day, "remote.test", (await relay.Daily.ClaimAsync(Day, "remote.test", default))!).Policies.Single().Successes.Should().Be(2);
    }

    [Fact]
    public async Task A_domain_whose_name_begins_like_another_one_is_another_one()
    {
        var (collector, relay) = Relay("one");
        collector.Success("remote.test", Sts);
        collector.Success("remote.test2", Sts);
        await relay.SaveAsync(default);
        _time.Advance(TimeSpan.FromHours(2));
        SharedTlsSessions.Together(Day, "remote.test", (await relay.Daily.ClaimAsync(Day, "remote.test", default))!).Policies.Single().Successes.Should().Be(1);
        await relay.Daily.ForgetAsync(Day, "remote.test", default);
        (await relay.Daily.DueAsync(default)).Should().Equal((Day, "remote.test2"));
    }

    private (TlsReportCollector Collector, SharedTlsSessions Sessions) Relay(string name)
    {
        var collector = new TlsReportCollector(_time);
        return (collector, new SharedTlsSessions(collector, new DailyRecords(_records, SharedTlsSessions.Kind, name, _time), Options.Create(new TlsReportOptions())));
    }
}
