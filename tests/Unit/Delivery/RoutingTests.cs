using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Delivery.Local;
using Merpati.Delivery.Routing;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

public sealed class RoutingTests
{
    private readonly FakeDirectory _directory = new();

    [Fact]
    public async Task A_chain_of_twenty_aliases_is_followed_and_one_of_twenty_one_is_not()
    {
        _directory.AddAccount("end@example.test");
        for (var i = 0; i < 20; i++) _directory.Alias($"a{i}@example.test", i == 19 ? "end@example.test" : $"a{i + 1}@example.test");
        _directory.Alias("first@example.test", "a0@example.test");

        (await ExpandAsync("a0@example.test")).Targets.Should().ContainSingle();
        var tooDeep = await ExpandAsync("first@example.test");
        tooDeep.Targets.Should().BeEmpty();
        tooDeep.DeadEnds.Should().ContainSingle().Which.Outcome.Should().BeOfType<TargetOutcome.Refused>().Which.Status.Should().Be("5.4.6");
    }

    [Fact]
    public async Task Every_address_is_asked_for_once_however_the_lists_are_tangled()
    {
        for (var i = 0; i < 10; i++)
        {
            _directory.AddAccount($"u{i}@example.test");
            _directory.Alias($"l{i}@example.test", [.. Enumerable.Range(0, 10).SelectMany(n => new[] { $"l{n}@example.test", $"U{n}@example.test" })]);
        }
        var expansion = await ExpandAsync("l0@example.test");
        expansion.Targets.Should().HaveCount(10);
        expansion.DeadEnds.Should().BeEmpty();
        _directory.Lookups.Should().Be(20);
    }

    [Fact]
    public async Task A_list_over_the_limit_reaches_nobody()
    {
        var members = Enumerable.Range(0, 1001).Select(i => $"u{i}@example.test").ToArray();
        foreach (var member in members) _directory.AddAccount(member);
        _directory.Alias("all@example.test", members);
        var expansion = await ExpandAsync("all@example.test");
        expansion.Targets.Should().BeEmpty();
        expansion.DeadEnds.Should().ContainSingle().Which.Outcome.Should().BeOfType<TargetOutcome.Refused>().Which.Status.Should().Be("5.5.3");

        _directory.Alias("most@example.test", members[..1000]);
        (await ExpandAsync("most@example.test")).Targets.Should().HaveCount(1000);
    }

    [Fact]
    public async Task An_alias_that_leads_back_to_itself_alone_is_a_loop()
    {
        _directory.Alias("a@example.test", "b@example.test");
        _directory.Alias("b@example.test", "A@example.test");
        (await ExpandAsync("a@example.test")).DeadEnds.Should().ContainSingle().Which.Outcome.Should().BeOfType<TargetOutcome.Refused>().Which.Status.Should().Be("5.4.6");
    }

    [Fact]
    public async Task A_subaddress_keeps_its_detail_through_an_alias()
    {
        _directory.AddAccount("ann@example.test");
        _directory.Alias("news@example.test", "ann+News@example.test");
        var target = (await ExpandAsync("news@example.test")).Targets.Should().ContainSingle().Subject;
        target.Detail.Should().Be("News");
        target.Address.ToString().Should().Be("ann+News@example.test");
    }

    private ValueTask<RecipientExpansion> ExpandAsync(string address) => new RecipientExpander(_directory, 20, 1000).ExpandAsync(EmailAddress.Parse(address), default);
}
