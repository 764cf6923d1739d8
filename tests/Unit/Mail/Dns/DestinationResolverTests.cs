using System.Net;
using AwesomeAssertions;
using Merpati.Mail.Dns;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>Which hosts take the mail of a domain (RFC 5321 §5.1), in zones of all kinds.</summary>
public sealed class DestinationResolverTests
{
    private const string Plain = """
        example.org MX 20 mx3.example.org
        example.org MX 10 mx1.example.org
        example.org MX 10 mx2.example.org
        mx1.example.org A 192.0.2.1
        mx1.example.org AAAA 2001:db8::1
        mx2.example.org A 192.0.2.2
        mx3.example.org A 192.0.2.3
        """;

    [Fact]
    public async Task Hosts_come_by_preference_and_in_random_order_where_it_is_equal()
    {
        await using var dns = DnsFixture.With(Plain);
        var firsts = new HashSet<string>();
        for (var seed = 0; seed < 30; seed++)
        {
            var hosts = (await dns.ResolveAsync("example.org", seed: seed)).Should().BeOfType<Destination.Hosts>().Subject;
            hosts.Candidates.Select(host => host.Preference).Should().Equal(10, 10, 20);
            hosts.Candidates[2].Name.Should().Be("mx3.example.org");
            firsts.Add(hosts.Candidates[0].Name);
        }
        firsts.Should().BeEquivalentTo("mx1.example.org", "mx2.example.org");
    }

    [Theory]
    [InlineData(AddressOrder.Ipv6First, "2001:db8::1", "192.0.2.1")]
    [InlineData(AddressOrder.Ipv4First, "192.0.2.1", "2001:db8::1")]
    [InlineData(AddressOrder.Ipv6Only, "2001:db8::1")]
    [InlineData(AddressOrder.Ipv4Only, "192.0.2.1")]
    public async Task Both_families_come_in_the_configured_order(AddressOrder order, params string[] expected)
    {
        await using var dns = DnsFixture.With(Plain);
        dns.Destinations.AddressOrder = order;
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.Candidates.Single(host => host.Name == "mx1.example.org").Addresses.Should().Equal(DnsFixture.Addresses(expected));
    }

    [Fact]
    public async Task Without_MX_records_the_domain_is_its_own_host()
    {
        await using var dns = DnsFixture.With("example.org A 192.0.2.1");
        var host = (await dns.HostsOfAsync("Example.ORG.")).Candidates.Should().ContainSingle().Subject;
        host.Name.Should().Be("example.org");
        host.Addresses.Should().Equal(DnsFixture.Addresses("192.0.2.1"));
    }

    [Fact]
    public async Task A_domain_that_is_an_alias_goes_where_the_alias_leads()
    {
        await using var dns = DnsFixture.With(Plain + "\nalias.example CNAME example.org\nwww.example CNAME mx1.example.org");
        (await dns.HostsOfAsync("alias.example")).Candidates.Should().HaveCount(3);
        (await dns.HostsOfAsync("www.example")).Candidates.Should().ContainSingle().Which.Canonical.Should().Be("mx1.example.org");
    }

    [Fact]
    public async Task An_MX_host_that_is_an_alias_is_tolerated()
    {
        await using var dns = DnsFixture.With("""
            example.org MX 10 mail.example.org
            mail.example.org CNAME mx.provider.example
            mx.provider.example A 192.0.2.1
            """);
        var host = (await dns.HostsOfAsync("example.org")).Candidates.Should().ContainSingle().Subject;
        host.Name.Should().Be("mail.example.org");
        host.Canonical.Should().Be("mx.provider.example");
    }

    [Fact]
    public async Task A_domain_in_U_labels_is_found()
    {
        await using var dns = DnsFixture.With("""
            xn--bcher-kva.example MX 10 mx.xn--bcher-kva.example
            mx.xn--bcher-kva.example A 192.0.2.1
            """);
        var hosts = await dns.HostsOfAsync("bücher.example");
        hosts.Domain.Should().Be("xn--bcher-kva.example");
        hosts.Candidates.Should().ContainSingle().Which.Name.Should().Be("mx.xn--bcher-kva.example");
    }

    [Theory]
    [InlineData("null.example", NoDestination.NullMx, true, "556 5.1.10")]
    [InlineData("none.example", NoDestination.NoSuchDomain, true, "550 5.1.2")]
    [InlineData("not a domain", NoDestination.NotADomain, true, "550 5.1.2")]
    [InlineData("text.example", NoDestination.NoAddress, true, "550 5.4.4")]
    [InlineData("deadmx.example", NoDestination.NoAddress, true, "550 5.4.4")]
    [InlineData("servfail.example", NoDestination.NoAnswer, false, "451 4.4.3")]
    [InlineData("halfdead.example", NoDestination.NoAnswer, false, "451 4.4.3")]
    [InlineData("circle.example", NoDestination.NoAnswer, false, "451 4.4.3")]
    [InlineData("literalmx.example", NoDestination.NoAddress, true, "550 5.4.4")]
    [InlineData("oddmx.example", NoDestination.NoAddress, true, "550 5.4.4")]
    [InlineData("longmx.example", NoDestination.NoAddress, true, "550 5.4.4")]
    public async Task A_domain_without_hosts_has_its_own_status(string domain, NoDestination why, bool permanent, string code)
    {
        var label = new string('a', 60);
        await using var dns = DnsFixture.With($"""
            null.example MX 0 .
            text.example TXT "no mail here"
            deadmx.example MX 10 none.example
            deadmx.example MX 20 text.example
            servfail.example !SERVFAIL
            halfdead.example MX 10 none.example
            halfdead.example MX 20 servfail.example
            circle.example CNAME circle2.example
            circle2.example CNAME circle.example
            literalmx.example MX 10 192.0.2.1
            oddmx.example MX 10 a\046b\000\032c.example
            longmx.example MX 10 {label}.{label}.{label}.{label}.{label}.example
            """);
        var none = await dns.NoHostsOfAsync(domain);
        none.Why.Should().Be(why);
        none.Permanent.Should().Be(permanent);
        none.ToString().Should().StartWith(code + " ");
        none.Text.Should().NotContainAny("\0", "\r", "\n");
    }

    [Fact]
    public async Task A_null_MX_beside_others_is_left_out()
    {
        await using var dns = DnsFixture.With(Plain + "\nexample.org MX 0 .");
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.Candidates.Should().HaveCount(3);
        hosts.Notes.Should().ContainSingle();
    }

    [Fact]
    public async Task A_host_that_cannot_be_found_now_is_left_out_while_there_are_others()
    {
        await using var dns = DnsFixture.With(Plain + "\nmx1.example.org !SERVFAIL");
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.Candidates.Select(host => host.Name).Should().Equal("mx2.example.org", "mx3.example.org");
        hosts.Notes.Should().ContainSingle().Which.Should().Contain("mx1.example.org").And.Contain("SERVFAIL");
    }

    [Fact]
    public async Task One_family_that_cannot_be_found_now_does_not_keep_the_other()
    {
        await using var dns = DnsFixture.With(Plain + "\nmx1.example.org !SERVFAIL AAAA");
        (await dns.HostsOfAsync("example.org")).Candidates.Single(host => host.Name == "mx1.example.org").Addresses.Should().Equal(DnsFixture.Addresses("192.0.2.1"));
    }

    [Theory]
    [InlineData("mx2.EXAMPLE.org", "", "")]
    [InlineData("", "192.0.2.2", "")]
    [InlineData("mx3.example.org", "", "mx1.example.org mx2.example.org")]
    [InlineData("", "192.0.2.3", "mx1.example.org mx2.example.org")]
    [InlineData("mx3.example.org", "2001:db8::1", "")]
    [InlineData("other.example.org", "192.0.2.9", "mx1.example.org mx2.example.org mx3.example.org")]
    public async Task Hosts_that_are_no_better_than_we_are_are_left_out(string ourName, string ourAddress, string expected)
    {
        await using var dns = DnsFixture.With(Plain);
        var ourselves = Ourselves.Of(ourName.Length > 0 ? [ourName] : [], ourAddress.Length > 0 ? [IPAddress.Parse(ourAddress)] : []);
        var destination = await dns.ResolveAsync("example.org", ourselves);
        if (expected.Length > 0)
        {
            destination.Should().BeOfType<Destination.Hosts>().Which.Candidates.Select(host => host.Name).Should().BeEquivalentTo(expected.Split(' '));
        }
        else
        {
            destination.Should().BeOfType<Destination.None>().Which.Should().Match<Destination.None>(none => none.Why == NoDestination.Loop && none.Permanent && none.Status == "5.4.6");
        }
    }

    [Fact]
    public async Task A_better_host_that_cannot_be_found_now_is_no_loop()
    {
        await using var dns = DnsFixture.With(Plain + "\nmx1.example.org !SERVFAIL\nmx2.example.org !SERVFAIL");
        (await dns.NoHostsOfAsync("example.org", Ourselves.Of(["mx3.example.org"], []))).Why.Should().Be(NoDestination.NoAnswer);
    }

    [Theory]
    [InlineData("[192.0.2.1]", "192.0.2.1")]
    [InlineData("[IPv6:2001:db8::1]", "2001:db8::1")]
    [InlineData("[ipv6:2001:db8::1]", "2001:db8::1")]
    [InlineData("[IPv6:::ffff:192.0.2.1]", "192.0.2.1")]
    public async Task An_address_literal_is_its_own_host(string literal, string address)
    {
        await using var dns = DnsFixture.With("");
        (await dns.HostsOfAsync(literal)).Candidates.Should().ContainSingle().Which.Addresses.Should().Equal(DnsFixture.Addresses(address));
        (await dns.NoHostsOfAsync(literal, Ourselves.Of([], [IPAddress.Parse(address)]))).Why.Should().Be(NoDestination.Loop);
        dns.Server.Questions.Should().BeEmpty();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[192.0.2.1")]
    [InlineData("[192.0.2]")]
    [InlineData("[0xc0.0.2.1]")]
    [InlineData("[0300.0.2.1]")]
    [InlineData("[192.0.2.256]")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[IPv6:fe80::1%eth0]")]
    [InlineData("[IPv6:192.0.2.1]")]
    [InlineData("[x:y]")]
    public async Task Other_things_in_brackets_are_no_domain(string literal)
    {
        await using var dns = DnsFixture.With("");
        (await dns.NoHostsOfAsync(literal)).Why.Should().Be(NoDestination.NotADomain);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("192.0.2.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("ff02::1")]
    [InlineData("2001:db8::1")]
    public async Task No_mail_goes_to_addresses_that_are_not_of_the_public_internet(string address)
    {
        var type = address.Contains(':', StringComparison.Ordinal) ? "AAAA" : "A";
        await using var dns = DnsFixture.With($"""
            example.org MX 10 localhost.example.org
            localhost.example.org {type} {address}
            """);
        dns.Destinations.AllowPrivateAddresses = false;
        var none = await dns.NoHostsOfAsync("example.org");
        none.Why.Should().Be(NoDestination.AddressRefused);
        none.ToString().Should().StartWith("550 5.4.4 localhost.example.org has ").And.Contain("no mail is sent");
        (await dns.NoHostsOfAsync(type == "A" ? $"[{address}]" : $"[IPv6:{address}]")).Why.Should().Be(NoDestination.AddressRefused);
    }

    [Fact]
    public async Task Public_addresses_and_allowed_networks_take_mail()
    {
        await using var dns = DnsFixture.With("""
            example.org A 198.41.0.4
            example.org A 10.0.0.5
            example.org A 10.0.1.5
            example.org AAAA 2001:503:ba3e::2:30
            """);
        dns.Destinations.AllowPrivateAddresses = false;
        dns.Destinations.AllowedNetworks.Add("10.0.1.0/24");
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.Candidates.Should().ContainSingle().Which.Addresses.Should().BeEquivalentTo(DnsFixture.Addresses("2001:503:ba3e::2:30", "198.41.0.4", "10.0.1.5"));
        hosts.Notes.Should().ContainSingle().Which.Should().Contain("10.0.0.5");
    }

    [Fact]
    public async Task A_thousand_MX_records_and_addresses_are_bounded()
    {
        var zone = string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"example.org MX {i} h{i}.example.org"))
            + "\n" + string.Join('\n', Enumerable.Range(0, 200).SelectMany(i => new[] { $"h0.example.org A 192.0.2.{i}", $"h0.example.org AAAA 2001:db8::{i:x}" }))
            + "\n*.example.org A 192.0.2.1";
        await using var dns = DnsFixture.With(zone);
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.Candidates.Select(host => host.Name).Should().Equal(Enumerable.Range(0, 20).Select(i => $"h{i}.example.org"));
        hosts.Candidates[0].Addresses.Should().HaveCount(16);
        hosts.Candidates[0].Addresses.Select(address => address.AddressFamily).Distinct().Should().HaveCount(2);
        dns.Server.Questions.Select(question => question.Name).Distinct().Should().HaveCount(21);
    }

    [Fact]
    public async Task Security_of_names_and_of_addresses_is_told()
    {
        await using var dns = DnsFixture.With("""
            $SECURE example.org
            example.org MX 10 mx.example.org
            example.org MX 20 mx.example.net
            implicit.example.org A 192.0.2.3
            mx.example.org A 192.0.2.1
            mx.example.net A 192.0.2.2
            """);
        var hosts = await dns.HostsOfAsync("example.org");
        hosts.MxSecure.Should().BeTrue();
        hosts.Candidates.Select(host => host.AddressesSecure).Should().Equal(true, false);
        (await dns.HostsOfAsync("implicit.example.org")).MxSecure.Should().BeTrue("it is proven that there is no MX");
    }

    [Fact]
    public async Task A_host_that_an_administrator_names_is_taken_as_it_is()
    {
        await using var dns = DnsFixture.With("smart.example.org A 10.0.0.1\nsmart.example.org MX 1 other.example.org");
        dns.Destinations.AllowPrivateAddresses = false;
        var resolver = new DestinationResolver(dns.Dns, dns.Destinations, new Random(1));
        (await resolver.ResolveHostAsync("smart.example.org", CancellationToken.None)).Should().BeOfType<Destination.Hosts>().Which.Candidates.Should().ContainSingle().Which.Addresses.Should().Equal(DnsFixture.Addresses("10.0.0.1"));
        (await resolver.ResolveHostAsync("127.0.0.1", CancellationToken.None)).Should().BeOfType<Destination.Hosts>().Which.Candidates.Should().ContainSingle().Which.Addresses.Should().Equal(DnsFixture.Addresses("127.0.0.1"));
    }
}
