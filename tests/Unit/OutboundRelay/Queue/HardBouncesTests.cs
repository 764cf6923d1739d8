using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Relaying;
using Merpati.TestKit.Smtp;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>Addresses that get on the suppression list by themselves.</summary>
public sealed class HardBouncesTests
{
    private const string Bob = "Bob@remote.test";

    [Fact]
    public async Task An_address_that_does_not_exist_on_three_days_is_sent_no_more_for_a_month()
    {
        await using var f = RelayFixture.With(Unknown);
        for (var day = 0; day < 3; day++)
        {
            (await SuppressionAsync(f)).Should().BeNull();
            await SendAsync(f);
            f.Time.Advance(TimeSpan.FromDays(1));
        }
        var suppression = (await SuppressionAsync(f))!;
        suppression.Source.Should().Be(SuppressionSource.Bounce);
        suppression.Reason.Should().Contain("mx.remote.test").And.Contain("550 5.1.1 No such user").And.Contain("3 days");
        var tried = f.Server.Commands.Count;
        await SendAsync(f);
        f.Server.Commands.Count.Should().Be(tried);
        f.Reports()[^1].Should().Contain("5.7.1").And.Contain("No such user");

        f.Time.Advance(TimeSpan.FromDays(30));
        await SendAsync(f);
        f.Server.Commands.Count.Should().BeGreaterThan(tried);
    }

    [Fact]
    public async Task Many_bounces_on_one_day_count_once()
    {
        await using var f = RelayFixture.With(Unknown);
        for (var i = 0; i < 10; i++) await SendAsync(f);
        (await SuppressionAsync(f)).Should().BeNull();
    }

    [Fact]
    public async Task Days_that_are_long_ago_count_no_more()
    {
        await using var f = RelayFixture.With(Unknown);
        for (var i = 0; i < 5; i++)
        {
            await SendAsync(f);
            f.Time.Advance(TimeSpan.FromDays(8));
        }
        (await SuppressionAsync(f)).Should().BeNull();
    }

    [Theory]
    [InlineData("550 5.7.1 Not from you", "3")]
    [InlineData("550 No", "3")]
    [InlineData("450 4.1.1 Try again", "3")]
    [InlineData("550 5.1.1 No such user", "0")]
    public async Task Nothing_else_counts_and_it_can_be_switched_off(string reply, string afterDays)
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT") ? reply : null, keys => keys["outboundRelay:suppress:afterDays"] = afterDays);
        for (var day = 0; day < 4; day++)
        {
            await SendAsync(f);
            f.Time.Advance(TimeSpan.FromDays(1));
        }
        (await SuppressionAsync(f)).Should().BeNull();
    }

    private static ScriptedAnswer? Unknown(ScriptedCommand command) => command.Is("RCPT") ? "550 5.1.1 No such user" : null;

    private static async Task SendAsync(RelayFixture f)
    {
        await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
    }

    private static async Task<Suppression?> SuppressionAsync(RelayFixture f)
        => (await f.Suppressions.FindAsync([EmailAddress.Parse(Bob)], null, default)).Values.SingleOrDefault();
}
