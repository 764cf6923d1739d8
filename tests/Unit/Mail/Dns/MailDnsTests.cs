using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Merpati.TestKit.Dns;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>DnsClient against a real server, in good order and in bad.</summary>
public sealed class MailDnsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Every_kind_of_record_is_read()
    {
        await using var dns = DnsFixture.With("""
            example.org MX 10 MX1.Example.org.
            example.org MX 20 xn--bcher-kva.example.
            mx1.example.org 300 A 192.0.2.1
            mx1.example.org AAAA 2001:db8::1
            example.org TXT "v=spf1 " "-all"
            example.org TXT "with = ; and \\ in it"
            _25._tcp.mx1.example.org TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
            1.2.0.192.in-addr.arpa PTR mx1.example.org.
            """);

        (await dns.Dns.MailExchangersAsync("example.org.", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>()
            .Which.Records.Should().BeEquivalentTo([new MailExchange(10, "mx1.example.org"), new MailExchange(20, "xn--bcher-kva.example")]);
        var found = (await dns.Dns.AddressesAsync("MX1.example.ORG", AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.Found>().Subject;
        found.Records.Should().Equal(IPAddress.Parse("192.0.2.1"));
        found.Name.Should().Be("mx1.example.org");
        found.Expires.Should().Be(dns.Time.GetUtcNow() + TimeSpan.FromSeconds(300));
        (await dns.Dns.AddressesAsync("mx1.example.org", AddressFamily.InterNetworkV6, None)).Should().BeOfType<DnsAnswer<IPAddress>.Found>()
            .Which.Records.Should().Equal(IPAddress.Parse("2001:db8::1"));
        (await dns.Dns.TextsAsync("example.org", None)).Should().BeOfType<DnsAnswer<string>.Found>()
            .Which.Records.Should().BeEquivalentTo("v=spf1 -all", @"with = ; and \\ in it");
        (await dns.Dns.TlsaAsync("_25._tcp.mx1.example.org", None)).Should().BeOfType<DnsAnswer<TlsaRecord>.Found>()
            .Which.Records.Should().ContainSingle().Which.ToString().Should().Be("3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
        (await dns.Dns.PointersAsync(IPAddress.Parse("192.0.2.1"), None)).Should().BeOfType<DnsAnswer<string>.Found>()
            .Which.Records.Should().Equal("mx1.example.org");
    }

    [Fact]
    public async Task Nothing_and_no_such_name_are_told_apart_and_kept_for_the_time_of_the_SOA()
    {
        await using var dns = DnsFixture.With("""
            example.org A 192.0.2.1
            deep.below.example.org A 192.0.2.2
            """);

        (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.NoData>()
            .Which.Expires.Should().Be(dns.Time.GetUtcNow() + TimeSpan.FromSeconds(30));
        (await dns.Dns.MailExchangersAsync("below.example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.NoData>();
        (await dns.Dns.MailExchangersAsync("none.example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.NoSuchName>();

        await dns.Dns.MailExchangersAsync("none.example.org", None);
        dns.Server.Asked("none.example.org", "MX").Should().Be(1);
        dns.Time.Advance(TimeSpan.FromSeconds(31));
        await dns.Dns.MailExchangersAsync("none.example.org", None);
        dns.Server.Asked("none.example.org", "MX").Should().Be(2);
    }

    [Fact]
    public async Task Without_an_SOA_nothing_is_not_kept()
    {
        await using var dns = DnsFixture.With("""
            example.org A 192.0.2.1
            example.org !NOSOA
            """);
        for (var i = 0; i < 2; i++) (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.NoData>();
        dns.Server.Asked("example.org", "MX").Should().Be(2);
    }

    [Fact]
    public async Task An_answer_lives_as_long_as_its_shortest_part_and_no_longer_than_allowed()
    {
        await using var dns = DnsFixture.With("""
            www.example.org 20 CNAME host.example.org
            host.example.org 3000 A 192.0.2.1
            long.example.org 4294967295 A 192.0.2.1
            day.example.org 86400 A 192.0.2.1
            zero.example.org 0 A 192.0.2.1
            """);
        var now = dns.Time.GetUtcNow();

        (await FoundAsync("www.example.org")).Expires.Should().Be(now + TimeSpan.FromSeconds(20));
        (await FoundAsync("www.example.org")).Name.Should().Be("host.example.org");
        (await FoundAsync("long.example.org")).Expires.Should().Be(now, "the highest bit makes it nothing (RFC 2181 §8)");
        (await FoundAsync("day.example.org")).Expires.Should().Be(now + dns.Options.LongestTtl);
        await FoundAsync("zero.example.org");
        await FoundAsync("zero.example.org");
        dns.Server.Asked("zero.example.org", "A").Should().Be(2);

        async Task<DnsAnswer<IPAddress>.Found> FoundAsync(string name)
            => (await dns.Dns.AddressesAsync(name, AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.Found>().Subject;
    }

    [Fact]
    public async Task Those_who_ask_the_same_at_once_share_one_question()
    {
        await using var dns = DnsFixture.With("""
            example.org MX 10 mx.example.org
            example.org !DELAY 300
            silent.example.org !SILENT
            """);
        var asked = Enumerable.Range(0, 50).Select(_ => dns.Dns.MailExchangersAsync("example.org", None).AsTask()).ToArray();
        using var impatient = new CancellationTokenSource();
        var left = dns.Dns.MailExchangersAsync("silent.example.org", impatient.Token).AsTask();
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        (await Task.WhenAll(asked)).Should().AllBeOfType<DnsAnswer<MailExchange>.Found>();
        dns.Server.Asked("example.org", "MX").Should().Be(1);
    }

    [Theory]
    [InlineData("!SERVFAIL", "answered SERVFAIL")]
    [InlineData("!REFUSED", "answered REFUSED")]
    [InlineData("!STRAY", "does not resolve for us")]
    [InlineData("!WRONGQUESTION", "answered another question")]
    [InlineData("!WRONGID", "cannot be asked")]
    [InlineData("!GARBAGE", "cannot be")]
    public async Task What_is_no_answer_is_temporary(string misbehaviour, string reason)
    {
        await using var dns = DnsFixture.With($"""
            example.org MX 10 mx.example.org
            example.org {misbehaviour}
            """);
        (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Temporary>().Which.Reason.Should().Contain(reason);
    }

    [Fact]
    public async Task Silence_is_temporary_and_remembered_for_a_moment()
    {
        await using var dns = DnsFixture.With("example.org !SILENT", options =>
        {
            options.Timeout = TimeSpan.FromMilliseconds(50);
            options.Retries = 2;
        });
        for (var i = 0; i < 2; i++)
            (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Temporary>().Which.Reason.Should().Contain("does not answer");
        dns.Server.Asked("example.org", "MX").Should().BeLessThanOrEqualTo(3);

    }

    [Fact]
    public async Task A_question_has_an_end_however_many_tries_it_has()
    {
        await using var server = DnsTestServer.Start("example.org !SILENT");
        var options = new DnsOptions { Servers = { server.Address }, Timeout = TimeSpan.FromSeconds(30), QuestionTimeout = TimeSpan.FromMilliseconds(200), Retries = 10 };
        var dns = new MailDns(options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<MailDns>.Instance);
        (await dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Temporary>();
        server.Asked("example.org", "MX").Should().BeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task The_next_resolver_is_asked_when_one_fails_and_stays_the_first()
    {
        await using var good = DnsTestServer.Start("""
            example.org MX 10 mx.example.org
            example.net MX 10 mx.example.net
            """);
        await using var dns = DnsFixture.With("* !SERVFAIL", options => options.Servers.Add(good.Address));

        (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>();
        (await dns.Dns.MailExchangersAsync("example.net", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>();
        dns.Server.Questions.Should().HaveCount(1);
    }

    [Fact]
    public async Task What_is_cut_off_is_asked_for_over_TCP()
    {
        await using var dns = DnsFixture.With($"""
            small.example.org MX 10 mx.example.org
            small.example.org !TRUNCATE
            big.example.org TXT {string.Join(' ', Enumerable.Repeat('"' + new string('x', 250) + '"', 200))}
            """);
        (await dns.Dns.MailExchangersAsync("small.example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>();
        (await dns.Dns.TextsAsync("big.example.org", None)).Should().BeOfType<DnsAnswer<string>.Found>().Which.Records.Should().ContainSingle().Which.Should().HaveLength(50_000);
        dns.Server.Questions.Should().Contain(question => question.Tcp && question.Name == "small.example.org");
    }

    [Fact]
    public async Task A_resolver_can_be_asked_over_TCP_alone()
    {
        await using var dns = DnsFixture.With("example.org MX 10 mx.example.org", options => options.TcpOnly = true);
        (await dns.Dns.MailExchangersAsync("example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>();
        dns.Server.Questions.Should().ContainSingle().Which.Tcp.Should().BeTrue();
    }

    [Fact]
    public async Task AD_is_believed_of_a_trusted_resolver_and_asked_for_with_DO()
    {
        const string Zone = """
            $SECURE example.org
            example.org MX 10 mx.example.org
            example.net MX 10 mx.example.net
            alias.example.org CNAME example.net
            """;
        await using var trusted = DnsFixture.With(Zone);
        (await Secure(trusted, "example.org")).Should().BeTrue();
        (await Secure(trusted, "example.net")).Should().BeFalse();
        (await Secure(trusted, "alias.example.org")).Should().BeFalse("it leads to what is not signed");
        (await trusted.Dns.TextsAsync("example.org", None)).Should().BeOfType<DnsAnswer<string>.NoData>().Which.Secure.Should().BeTrue();
        (await trusted.Dns.TextsAsync("none.example.org", None)).Should().BeOfType<DnsAnswer<string>.NoSuchName>().Which.Secure.Should().BeTrue();
        trusted.Server.Questions.Should().OnlyContain(question => question.DnssecOk);

        await using var stranger = DnsFixture.With(Zone, options => options.TrustedResolvers.Add("192.0.2.53/32"));
        (await Secure(stranger, "example.org")).Should().BeFalse();

        await using var mixed = DnsFixture.With(Zone, options => options.Servers.Add("192.0.2.53"));
        (await Secure(mixed, "example.org")).Should().BeFalse("a resolver that may lie is asked when the trusted one fails");

        static async Task<bool> Secure(DnsFixture dns, string name)
            => (await dns.Dns.MailExchangersAsync(name, None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>().Subject.Secure;
    }

    [Fact]
    public async Task Aliases_that_do_not_end_are_temporary()
    {
        var chain = string.Join('\n', Enumerable.Range(0, 15).Select(i => $"a{i}.example.org CNAME a{i + 1}.example.org"));
        await using var dns = DnsFixture.With($"""
            loop.example.org CNAME pool.example.org
            pool.example.org CNAME loop.example.org
            self.example.org CNAME self.example.org
            {chain}
            a15.example.org A 192.0.2.1
            nowhere.example.org CNAME none.example.org
            empty.example.org CNAME a15.example.org
            """);
        (await AskAsync("loop.example.org")).Should().BeOfType<DnsAnswer<IPAddress>.Temporary>().Which.Reason.Should().Contain("circle");
        (await AskAsync("self.example.org")).Should().BeOfType<DnsAnswer<IPAddress>.Temporary>();
        (await AskAsync("a0.example.org")).Should().BeOfType<DnsAnswer<IPAddress>.Temporary>().Which.Reason.Should().Contain("more than 10");
        (await AskAsync("a6.example.org")).Should().BeOfType<DnsAnswer<IPAddress>.Found>().Which.Name.Should().Be("a15.example.org");
        (await AskAsync("nowhere.example.org")).Should().BeOfType<DnsAnswer<IPAddress>.NoSuchName>();
        (await dns.Dns.MailExchangersAsync("empty.example.org", None)).Should().BeOfType<DnsAnswer<MailExchange>.NoData>().Which.Name.Should().Be("a15.example.org");

        async Task<DnsAnswer<IPAddress>> AskAsync(string name) => await dns.Dns.AddressesAsync(name, AddressFamily.InterNetwork, None);
    }

    [Fact]
    public async Task An_alias_that_the_resolver_did_not_follow_is_asked_for()
    {
        await using var dns = DnsFixture.With("""
            $SECURE example.org
            www.example.org CNAME host.example.org
            www.example.org !ALIASONLY
            host.example.org A 192.0.2.1
            gone.example.org CNAME none.example.org
            gone.example.org !ALIASONLY
            circle.example.org CNAME circle2.example.org
            circle2.example.org CNAME circle.example.org
            circle.example.org !ALIASONLY
            circle2.example.org !ALIASONLY
            """);
        var found = (await dns.Dns.AddressesAsync("www.example.org", AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.Found>().Subject;
        (found.Name, found.Secure).Should().Be(("host.example.org", true));
        (await dns.Dns.AddressesAsync("gone.example.org", AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.NoSuchName>();
        (await dns.Dns.AddressesAsync("circle.example.org", AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.Temporary>();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..example.org")]
    [InlineData(".example.org")]
    [InlineData("ex ample.org")]
    [InlineData("example.org\r\n")]
    [InlineData("exa\0mple.org")]
    [InlineData("*.example.org")]
    public async Task What_cannot_be_a_name_is_not_asked_for(string name)
    {
        await using var dns = DnsFixture.With("");
        (await dns.Dns.MailExchangersAsync(name, None)).Should().BeOfType<DnsAnswer<MailExchange>.NoSuchName>();
        dns.Server.Questions.Should().BeEmpty();
    }

    [Fact]
    public async Task Names_that_are_too_long_are_not_asked_for()
    {
        await using var dns = DnsFixture.With("");
        string[] names = [new string('a', 64) + ".org", string.Join('.', Enumerable.Repeat(new string('a', 63), 4)), new string('ü', 100_000)];
        foreach (var name in names) (await dns.Dns.MailExchangersAsync(name, None)).Should().BeOfType<DnsAnswer<MailExchange>.NoSuchName>();
        dns.Server.Questions.Should().BeEmpty();
    }

    [Fact]
    public async Task A_name_in_U_labels_is_asked_for_in_A_labels()
    {
        await using var dns = DnsFixture.With("""
            xn--bcher-kva.example MX 10 mx.xn--bcher-kva.example
            mx.xn--bcher-kva.example A 192.0.2.1
            """);
        (await dns.Dns.MailExchangersAsync("Bücher.example", None)).Should().BeOfType<DnsAnswer<MailExchange>.Found>().Which.Records.Should().ContainSingle().Which.Host.Should().Be("mx.xn--bcher-kva.example");
        (await dns.Dns.AddressesAsync("mx.xn--bcher-kva.example", AddressFamily.InterNetwork, None)).Should().BeOfType<DnsAnswer<IPAddress>.Found>();
    }

    [Fact]
    public async Task The_cache_forgets_what_was_not_used_when_it_is_full()
    {
        var zone = string.Join('\n', Enumerable.Range(0, 40).Select(i => $"h{i}.example.org 3600 A 192.0.2.{i}"));
        await using var dns = DnsFixture.With(zone, options => options.CacheEntries = 10);
        for (var i = 0; i < 40; i++)
        {
            await dns.Dns.AddressesAsync("h0.example.org", AddressFamily.InterNetwork, None);
            await dns.Dns.AddressesAsync($"h{i}.example.org", AddressFamily.InterNetwork, None);
        }
        dns.Server.Asked("h0.example.org", "A").Should().Be(1, "it is in use");
        await dns.Dns.AddressesAsync("h20.example.org", AddressFamily.InterNetwork, None);
        dns.Server.Asked("h20.example.org", "A").Should().Be(2);
    }
}
