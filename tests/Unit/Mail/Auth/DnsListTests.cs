using System.Net;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Lists in DNS (RFC 5782): what is a listing, and what only looks like one.</summary>
public class DnsListTests
{
    private const string Zone = """
        7.2.0.192.bl.example A 127.0.0.2
        8.2.0.192.bl.example A 127.0.0.4
        9.2.0.192.bl.example A 127.255.255.254
        10.2.0.192.bl.example A 203.0.113.1
        11.2.0.192.bl.example !TIMEOUT
        1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example A 127.0.0.2
        bad.example.dbl.example A 127.0.1.2
        xn--bcher-kva.example.dbl.example A 127.0.1.2
        """;

    private static readonly DnsList Addresses = new("bl.example", DnsListKind.Addresses, 6, []);
    private static readonly DnsList Domains = new("dbl.example", DnsListKind.Domains, 3, []);

    [Theory]
    [InlineData("192.0.2.7", true, false)]
    [InlineData("::ffff:192.0.2.7", true, false)]
    [InlineData("2001:db8::1", true, false)]
    [InlineData("192.0.2.1", false, false)]
    [InlineData("192.0.2.9", false, true)]
    [InlineData("192.0.2.10", false, true)]
    [InlineData("192.0.2.11", false, true)]
    public async Task An_address_is_listed_by_an_answer_in_127_and_an_error_of_the_list_is_none(string client, bool listed, bool unanswered)
    {
        var result = await DnsListLookup.OfClientAsync(IPAddress.Parse(client), [Addresses, Domains], Dns, default);
        result.Listings.Should().HaveCount(listed ? 1 : 0);
        result.Score.Should().Be(listed ? 6 : 0);
        result.Unanswered.Should().HaveCount(unanswered ? 1 : 0);
    }

    [Theory]
    [InlineData("192.0.2.7", true)]
    [InlineData("192.0.2.8", false)]
    public async Task Only_the_answers_that_are_named_count(string client, bool listed)
        => (await DnsListLookup.OfClientAsync(IPAddress.Parse(client), [Addresses with { Answers = [IPNetwork.Parse("127.0.0.2/31")] }], Dns, default)).Listings.Should().HaveCount(listed ? 1 : 0);

    [Fact]
    public async Task Domains_are_asked_once_each_in_A_labels_and_a_list_counts_once()
    {
        var result = await DnsListLookup.OfDomainsAsync(["bad.example", "BAD.example", "good.example", "bücher.example", "localhost", "192.0.2.7", "[192.0.2.7]", ""], [Addresses, Domains], Dns, default);
        result.Listings.Select(listing => listing.Subject).Should().Equal("bad.example", "xn--bcher-kva.example");
        result.Score.Should().Be(3);
    }

    private static ZoneFileDns Dns => new(ZoneFile.Parse(Zone));
}
