using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Relaying;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Suppressions;

/// <summary><see cref="ISuppressionList"/>: who is sent no mail.</summary>
public abstract class SuppressionListContract : IAsyncLifetime
{
    private static readonly EmailAddress Ann = EmailAddress.Parse("Ann@Example.org");
    private static readonly EmailAddress Bob = EmailAddress.Parse("bob@example.org");

    private ISuppressionList _list = null!;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public async Task InitializeAsync() => _list = await StartAsync();

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<ISuppressionList> StartAsync();

    protected abstract Task StopAsync();

    [Fact]
    public async Task An_address_is_found_in_any_case_and_its_neighbours_are_not()
    {
        await _list.PutAsync(Of("ann@example.org"), default);
        var found = await _list.FindAsync([Ann, Bob], null, default);
        found.Should().ContainSingle().Which.Should().BeEquivalentTo(KeyValuePair.Create(Ann, Of("ann@example.org")));
    }

    [Fact]
    public async Task A_domain_counts_for_all_in_it_but_not_below_it()
    {
        await _list.PutAsync(Of("example.org"), default);
        var below = EmailAddress.Parse("ann@sub.example.org");
        (await _list.FindAsync([Ann, Bob, below], null, default)).Keys.Should().BeEquivalentTo([Ann, Bob]);
    }

    [Fact]
    public async Task The_address_itself_goes_before_its_domain()
    {
        await _list.PutAsync(Of("example.org") with { Reason = "the domain" }, default);
        await _list.PutAsync(Of("ann@example.org") with { Reason = "the address" }, default);
        (await _list.FindAsync([Ann], null, default))[Ann].Reason.Should().Be("the address");
    }

    [Fact]
    public async Task What_is_for_one_sender_counts_for_no_other()
    {
        await _list.PutAsync(Of("ann@example.org from bob@example.org"), default);
        (await _list.FindAsync([Ann, Bob], Bob, default)).Keys.Should().BeEquivalentTo([Ann]);
        (await _list.FindAsync([Ann], Ann, default)).Should().BeEmpty();
        (await _list.FindAsync([Ann], null, default)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_has_ended_counts_no_more_and_is_still_listed()
    {
        await _list.PutAsync(Of("ann@example.org") with { Until = Time.GetUtcNow().AddDays(1) }, default);
        await _list.PutAsync(Of("example.org") with { Reason = "the domain", Until = Time.GetUtcNow().AddDays(2) }, default);
        Time.Advance(TimeSpan.FromDays(1));
        (await _list.FindAsync([Ann], null, default))[Ann].Reason.Should().Be("the domain");
        Time.Advance(TimeSpan.FromDays(1));
        (await _list.FindAsync([Ann], null, default)).Should().BeEmpty();
        (await _list.ListAsync(null, null, 10, default)).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_second_one_of_the_same_pattern_replaces_the_first()
    {
        await _list.PutAsync(Of("ann@example.org"), default);
        var second = Of("ann@example.org") with { Source = SuppressionSource.Complaint, Reason = "complained", Until = Time.GetUtcNow().AddDays(1) };
        await _list.PutAsync(second, default);
        (await _list.ListAsync(null, null, 10, default)).Should().Equal(second);
    }

    [Fact]
    public async Task What_is_removed_is_sent_to_again()
    {
        await _list.PutAsync(Of("ann@example.org"), default);
        (await _list.RemoveAsync("ann@example.org", default)).Should().BeTrue();
        (await _list.RemoveAsync("ann@example.org", default)).Should().BeFalse();
        (await _list.FindAsync([Ann], null, default)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_list_is_read_in_order_page_by_page_and_by_a_part_of_the_pattern()
    {
        foreach (var pattern in (string[])["c@example.org", "a@example.org", "b.b@example.net", "example.com"]) await _list.PutAsync(Of(pattern), default);
        (await PatternsAsync(null, null, 2)).Should().Equal("a@example.org", "b.b@example.net");
        (await PatternsAsync(null, "b.b@example.net", 10)).Should().Equal("c@example.org", "example.com");
        (await PatternsAsync("EXAMPLE.ORG", null, 10)).Should().Equal("a@example.org", "c@example.org");
        (await PatternsAsync("b?b", null, 10)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("Ann@Example.ORG", "ann@example.org")]
    [InlineData(" Example.ORG ", "example.org")]
    [InlineData("\"odd one\"@example.org", "\"odd one\"@example.org")]
    [InlineData("Ann@Example.org  From Bob@example.NET", "ann@example.org from bob@example.net")]
    [InlineData("ann@example.org from", "")]
    [InlineData("", "")]
    [InlineData("two words", "")]
    [InlineData("@example.org", "")]
    public void A_pattern_is_an_address_or_a_domain(string text, string pattern)
    {
        Suppression.TryParse(text, out var parsed).Should().Be(pattern.Length > 0);
        parsed.Should().Be(pattern);
    }

    private async Task<IEnumerable<string>> PatternsAsync(string? contains, string? after, int limit) => (await _list.ListAsync(contains, after, limit, default)).Select(one => one.Pattern);

    private Suppression Of(string pattern) => new(pattern, SuppressionSource.Person, "asked to be left alone", Time.GetUtcNow(), null);
}
