using System.Net;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.TestKit.Stores;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Credentials;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class LoginThrottleTests
{
    private static readonly IPAddress Stranger = IPAddress.Parse("198.51.100.1");
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Delays_begin_after_some_failures_and_double()
    {
        var throttle = Throttle();
        for (var i = 0; i < 9; i++) throttle.Failed("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.Zero);
        throttle.Failed("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.FromSeconds(1));
        throttle.Failed("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.FromSeconds(2));
        throttle.Failed("ANN", Stranger);
        throttle.Delay("Ann", Stranger).Should().Be(TimeSpan.FromSeconds(4), "a login has no case");
        _time.Advance(TimeSpan.FromSeconds(4));
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void Delays_have_an_end_and_failures_fade()
    {
        var throttle = Throttle();
        for (var i = 0; i < 40; i++) throttle.Failed("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.FromMinutes(15));
        _time.Advance(TimeSpan.FromHours(2));
        throttle.Failed("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_stranger_does_not_lock_the_owner_out()
    {
        var throttle = Throttle();
        for (var i = 0; i < 20; i++) throttle.Failed("ann", Stranger);
        throttle.Delay("ann", IPAddress.Parse("198.51.100.2")).Should().Be(TimeSpan.Zero);
        throttle.Delay("bob", Stranger).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_right_password_forgives_the_login_and_not_the_network()
    {
        var throttle = Throttle();
        for (var i = 0; i < 60; i++) throttle.Failed($"guess{i}", Stranger);
        throttle.Delay("ann", Stranger).Should().BePositive();
        throttle.Succeeded("ann", Stranger);
        throttle.Delay("ann", Stranger).Should().BePositive();
        throttle.Delay("ann", IPAddress.Parse("198.51.100.2")).Should().Be(TimeSpan.Zero);

        for (var i = 0; i < 12; i++) throttle.Failed("bob", IPAddress.Loopback);
        throttle.Delay("bob", IPAddress.Loopback).Should().BePositive();
        throttle.Succeeded("bob", IPAddress.Loopback);
        throttle.Delay("bob", IPAddress.Loopback).Should().Be(TimeSpan.Zero);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("::ffff:10.1.2.3")]
    [InlineData("fd00::7")]
    public void Trusted_networks_are_never_shut_out_as_a_whole(string address)
    {
        var throttle = Throttle(options =>
        {
            options.TrustedNetworks.Add("10.0.0.0/8");
            options.TrustedNetworks.Add("fd00::/8");
        });
        var client = IPAddress.Parse(address);
        for (var i = 0; i < 200; i++) throttle.Failed($"guess{i}", client);
        throttle.Delay("ann", client).Should().Be(TimeSpan.Zero);
        for (var i = 0; i < 12; i++) throttle.Failed("ann", client);
        throttle.Delay("ann", client).Should().BePositive("each login is still throttled by itself");
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)] // one customer's /64
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("198.51.100.1", "::ffff:198.51.100.1", true)]
    [InlineData("198.51.100.1", "198.51.100.2", false)]
    public void A_network_is_a_host_of_version_4_or_half_an_address_of_version_6(string one, string other, bool same)
    {
        var throttle = Throttle();
        for (var i = 0; i < 60; i++) throttle.Failed($"guess{i}", IPAddress.Parse(one));
        (throttle.Delay("ann", IPAddress.Parse(other)) > TimeSpan.Zero).Should().Be(same);
    }

    [Fact]
    public async Task A_throttled_client_is_told_so_and_costs_nothing()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.AddAccountAsync("ann@example.test", "right");
        for (var i = 0; i < 10; i++) await LoginAsync(directory, "wrong");
        (await LoginAsync(directory, "right")).Should().BeOfType<LoginOutcome.Throttled>().Which.RetryAfter.Should().BePositive();
        (await directory.Directory.GetScramCredentialAsync("ann@example.test", Stranger, DirectoryUnderTest.None)).Should().BeNull();
        (await directory.Directory.CompleteScramAsync("ann@example.test", true, LoginProtocol.Imap, Stranger, DirectoryUnderTest.None)).Should().BeOfType<LoginOutcome.Throttled>();
        directory.Time.Advance(TimeSpan.FromSeconds(2));
        (await LoginAsync(directory, "right")).Should().BeOfType<LoginOutcome.Granted>();

        static Task<LoginOutcome> LoginAsync(DirectoryUnderTest directory, string password)
            => directory.Directory.LoginAsync("ann@example.test", password, LoginProtocol.Pop3, Stranger, DirectoryUnderTest.None).AsTask();
    }

    [Fact]
    public async Task Failures_at_one_process_are_known_to_all_that_see_the_guesser()
    {
        var records = new InMemorySharedRecords(_time);
        var (one, other) = (Throttle(), Throttle());
        for (var i = 0; i < 9; i++) one.Failed("ann", Stranger);
        other.Failed("ann", Stranger);
        await one.ShareAsync(records, default);
        await other.ShareAsync(records, default);
        other.Delay("ann", Stranger).Should().Be(TimeSpan.FromSeconds(1), "it is the tenth");
        one.Delay("ann", Stranger).Should().Be(TimeSpan.Zero, "it has not looked since");
        one.Failed("ann", Stranger);
        await one.ShareAsync(records, default);
        one.Delay("ann", Stranger).Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_right_password_is_known_to_all()
    {
        var records = new InMemorySharedRecords(_time);
        var (one, other) = (Throttle(), Throttle());
        for (var i = 0; i < 9; i++) one.Failed("ann", Stranger);
        await one.ShareAsync(records, default);
        one.Succeeded("ann", Stranger);
        await one.ShareAsync(records, default);
        other.Failed("ann", Stranger);
        await other.ShareAsync(records, default);
        other.Delay("ann", Stranger).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public async Task What_a_later_version_wrote_counts_for_nothing()
    {
        var records = new InMemorySharedRecords(_time);
        var throttle = Throttle();
        throttle.Failed("ann", Stranger);
        await throttle.ShareAsync(records, default);
        foreach (var record in await records.ListAsync(LoginThrottle.Kind, null, 10, default)) await records.PutAsync([record with { Value = "{\"count\":NaN}"u8.ToArray() }], default);
        throttle.Failed("ann", Stranger);
        await throttle.ShareAsync(records, default);
        throttle.Delay("ann", Stranger).Should().Be(TimeSpan.Zero);
    }

    private LoginThrottle Throttle(Action<UserDirectoryOptions>? configure = null)
    {
        var options = new UserDirectoryOptions();
        configure?.Invoke(options);
        return new LoginThrottle(Options.Create(options), _time);
    }
}
