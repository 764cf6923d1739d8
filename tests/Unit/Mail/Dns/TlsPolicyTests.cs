using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>How the connection to a host has to be protected: overrides, DANE, MTA-STS, REQUIRETLS.</summary>
public sealed class TlsPolicyTests
{
    private const string Sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private const string Sha512 = Sha256 + Sha256;

    private const string Plain = """
        example.org MX 10 mx.example.org
        mx.example.org A 192.0.2.1
        """;

    private const string Signed = "$SECURE example.org\n" + Plain + "\n";
    private const string Announced = Plain + "\n" + """_mta-sts.example.org TXT "v=STSv1; id=1" """ + "\n";

    [Fact]
    public async Task Nobody_says_anything_TLS_is_taken_where_it_is_offered()
    {
        var connect = await ConnectAsync(Plain);
        connect.Policy.Should().BeOfType<TlsPolicy.Opportunistic>();
        connect.Source.Should().Be(TlsPolicySource.Default);
        connect.Report.Type.Should().Be(ReportedPolicyType.NoPolicyFound);
    }

    [Fact]
    public async Task Records_of_a_signed_host_bind()
    {
        var connect = await ConnectAsync(Signed + $"_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}");
        var dane = connect.Policy.Should().BeOfType<TlsPolicy.Dane>().Subject;
        dane.Records.Should().ContainSingle().Which.ToString().Should().Be($"3 1 1 {Sha256}");
        dane.Names.Should().Equal("mx.example.org", "example.org");
        connect.Source.Should().Be(TlsPolicySource.Dane);
        connect.Report.Should().Be(new ReportedPolicy(ReportedPolicyType.Tlsa, "mx.example.org", [$"3 1 1 {Sha256}"], []));
    }

    [Fact]
    public async Task Unusable_records_are_left_out_and_of_digests_the_strongest_counts()
    {
        var connect = await ConnectAsync(Signed + $"""
            _25._tcp.mx.example.org TLSA 3 1 1 {Sha256}
            _25._tcp.mx.example.org TLSA 3 1 2 {Sha512}
            _25._tcp.mx.example.org TLSA 2 0 1 {Sha256}
            _25._tcp.mx.example.org TLSA 2 0 0 3082
            _25._tcp.mx.example.org TLSA 1 1 1 {Sha256}
            _25._tcp.mx.example.org TLSA 0 0 1 {Sha256}
            _25._tcp.mx.example.org TLSA 3 2 1 {Sha256}
            _25._tcp.mx.example.org TLSA 3 1 3 {Sha256}
            _25._tcp.mx.example.org TLSA 3 0 2 {Sha256}
            """);
        connect.Policy.Should().BeOfType<TlsPolicy.Dane>().Which.Records.Select(record => record.ToString()).Should().BeEquivalentTo($"3 1 2 {Sha512}", $"2 0 1 {Sha256}", "2 0 0 3082");
        connect.Report.Text.Should().HaveCount(9);
    }

    [Fact]
    public async Task Records_of_which_none_is_usable_still_ask_for_TLS()
    {
        var connect = await ConnectAsync(Signed + $"_25._tcp.mx.example.org TLSA 1 1 1 {Sha256}");
        connect.Policy.Should().BeOfType<TlsPolicy.Encrypt>();
        connect.KnownFailures.Should().ContainSingle().Which.Type.Should().Be(TlsFailure.TlsaInvalid);
    }

    [Theory]
    [InlineData("_25._tcp.mx.example.org !SERVFAIL")]
    [InlineData("_25._tcp.mx.example.org CNAME _25._tcp.mx.example.org")]
    public async Task Records_that_may_be_there_keep_the_mail(string tlsa)
    {
        var skip = (await DecideAsync(Signed + tlsa)).Should().BeOfType<TlsDecision.Skip>().Subject;
        skip.Permanent.Should().BeFalse();
        skip.Status.Should().Be("4.7.5");
        skip.Failure!.Type.Should().Be(TlsFailure.DnssecInvalid);
    }

    [Theory]
    [InlineData("$SECURE mx.example.org\n$SECURE _25._tcp.mx.example.org\n", "the MX record is not signed")]
    [InlineData("$SECURE nothing.example\n", "nothing is signed")]
    public async Task Records_of_what_is_not_signed_are_not_even_asked_for(string secure, string why)
    {
        await using var dns = DnsFixture.With(secure + Plain + $"\n_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}\n_25._tcp.mx.example.org !SERVFAIL");
        var connect = (await DecideAsync(dns)).Should().BeOfType<TlsDecision.Connect>(why).Subject;
        connect.Policy.Should().BeOfType<TlsPolicy.Opportunistic>(why);
        dns.Server.Questions.Should().NotContain(question => question.Type == "TLSA");
    }

    [Fact]
    public async Task At_the_end_of_an_alias_records_count_before_those_at_the_alias()
    {
        const string Zone = """
            $SECURE example.org
            $SECURE example.net
            example.org MX 10 mx.example.org
            mx.example.org CNAME host.example.net
            host.example.net A 192.0.2.1

            """;
        var atBoth = await ConnectAsync(Zone + $"_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}\n_25._tcp.host.example.net TLSA 2 1 1 {Sha256}");
        atBoth.Policy.Should().BeOfType<TlsPolicy.Dane>().Which.Names.Should().Equal("host.example.net", "mx.example.org", "example.org");
        var atAlias = await ConnectAsync(Zone + $"_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}");
        atAlias.Policy.Should().BeOfType<TlsPolicy.Dane>().Which.Names.Should().Equal("mx.example.org", "example.org");
    }

    [Fact]
    public async Task An_enforced_policy_asks_for_a_certificate_of_the_host()
    {
        var connect = await ConnectAsync(Announced, Policy("enforce", "mx.example.org"));
        connect.Policy.Should().BeOfType<TlsPolicy.Verified>().Which.Names.Should().Equal("mx.example.org");
        connect.Source.Should().Be(TlsPolicySource.Sts);
        connect.Report.Type.Should().Be(ReportedPolicyType.Sts);
        connect.Report.Mx.Should().Equal("mx.example.org");
    }

    [Fact]
    public async Task A_host_that_an_enforced_policy_does_not_name_is_left_alone()
    {
        var skip = (await DecideAsync(Announced, Policy("enforce", "other.example.org"))).Should().BeOfType<TlsDecision.Skip>().Subject;
        skip.Permanent.Should().BeFalse();
        skip.Status.Should().Be("4.7.5");
        skip.Reason.Should().Contain("mx.example.org");
        skip.Failure!.Type.Should().Be(TlsFailure.ValidationFailure);
    }

    [Theory]
    [InlineData("mx.example.org", 0)]
    [InlineData("other.example.org", 1)]
    public async Task A_policy_under_test_is_reported_only(string mx, int failures)
    {
        var connect = await ConnectAsync(Announced, Policy("testing", mx));
        connect.Policy.Should().BeOfType<TlsPolicy.Opportunistic>();
        connect.Tested.Should().BeOfType<TlsPolicy.Verified>();
        connect.KnownFailures.Should().HaveCount(failures);
    }

    [Fact]
    public async Task A_policy_that_says_none_is_none()
        => (await ConnectAsync(Announced, Policy("none", "mx.example.org"))).Should().Match<TlsDecision.Connect>(connect => connect.Policy is TlsPolicy.Opportunistic && connect.Tested == null);

    [Fact]
    public async Task A_policy_that_cannot_be_had_is_reported_and_the_mail_goes()
    {
        var connect = await ConnectAsync(Announced);
        connect.Policy.Should().BeOfType<TlsPolicy.Opportunistic>();
        connect.KnownFailures.Should().ContainSingle().Which.Type.Should().Be(TlsFailure.StsPolicyFetchError);
        connect.Report.Type.Should().Be(ReportedPolicyType.Sts);
    }

    [Fact]
    public async Task DANE_counts_before_MTA_STS()
    {
        var connect = await ConnectAsync("$SECURE example.org\n" + Announced + $"_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}", Policy("enforce", "other.example.org"));
        connect.Source.Should().Be(TlsPolicySource.Dane);
    }

    [Theory]
    [InlineData("example.org", TlsPolicyLevel.None, typeof(TlsPolicy.None))]
    [InlineData(".org", TlsPolicyLevel.May, typeof(TlsPolicy.Opportunistic))]
    [InlineData("EXAMPLE.org.", TlsPolicyLevel.Encrypt, typeof(TlsPolicy.Encrypt))]
    [InlineData("example.org", TlsPolicyLevel.Verify, typeof(TlsPolicy.Verified))]
    [InlineData("example.org", TlsPolicyLevel.Dane, typeof(TlsPolicy.Dane))]
    public async Task What_the_administrator_says_counts_before_all(string key, TlsPolicyLevel level, Type policy)
    {
        var zone = "$SECURE example.org\n" + Announced + $"_25._tcp.mx.example.org TLSA 3 1 1 {Sha256}";
        var decision = await DecideAsync(zone, Policy("enforce", "other.example.org"), overrides: new TlsPolicyOverrides([KeyValuePair.Create(key, new TlsPolicyOverride(level))]));
        decision.Should().BeOfType<TlsDecision.Connect>().Which.Policy.Should().BeOfType(policy);
    }

    [Fact]
    public async Task DANE_or_nothing_is_nothing_without_records()
    {
        var decision = await DecideAsync(Plain, overrides: new TlsPolicyOverrides([KeyValuePair.Create("example.org", new TlsPolicyOverride(TlsPolicyLevel.Dane))]));
        decision.Should().BeOfType<TlsDecision.Skip>().Which.Failure!.Type.Should().Be(TlsFailure.DaneRequired);
    }

    [Fact]
    public void The_longest_key_that_fits_counts()
    {
        var overrides = new TlsPolicyOverrides(
        [
            KeyValuePair.Create(".example.org", new TlsPolicyOverride(TlsPolicyLevel.Encrypt)),
            KeyValuePair.Create(".deep.example.org", new TlsPolicyOverride(TlsPolicyLevel.Verify)),
            KeyValuePair.Create("a.deep.example.org", new TlsPolicyOverride(TlsPolicyLevel.None)),
            KeyValuePair.Create("bücher.example", new TlsPolicyOverride(TlsPolicyLevel.May)),
        ]);
        Level("a.deep.example.org").Should().Be(TlsPolicyLevel.None);
        Level("b.deep.example.org").Should().Be(TlsPolicyLevel.Verify);
        Level("x.example.org").Should().Be(TlsPolicyLevel.Encrypt);
        Level("example.org").Should().BeNull();
        Level("xn--bcher-kva.example").Should().Be(TlsPolicyLevel.May);

        TlsPolicyLevel? Level(string domain) => overrides.TryFind(domain, out var found) ? found.Level : null;
    }

    [Theory]
    [InlineData(Plain, null, false)]
    [InlineData(Signed, null, true)]
    [InlineData(Announced, "enforce", true)]
    [InlineData(Announced, "testing", true)]
    [InlineData(Announced, "none", false)]
    public async Task REQUIRETLS_wants_a_host_that_is_known_for_sure(string zone, string? mode, bool sure)
    {
        var decision = await DecideAsync(zone, mode is null ? null : Policy(mode, "mx.example.org"), requireTls: true);
        if (sure)
        {
            var connect = decision.Should().BeOfType<TlsDecision.Connect>().Subject;
            connect.RequireTls.Should().BeTrue();
            connect.Policy.Should().BeOfType<TlsPolicy.Verified>();
        }
        else
        {
            decision.Should().BeOfType<TlsDecision.Skip>().Which.Should().Match<TlsDecision.Skip>(skip => skip.Permanent && skip.Status == "5.7.30");
        }
    }

    private static string Policy(string mode, string mx) => $"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 86400\n";

    private static async Task<TlsDecision.Connect> ConnectAsync(string zone, string? policy = null)
        => (await DecideAsync(zone, policy)).Should().BeOfType<TlsDecision.Connect>().Subject;

    private static async Task<TlsDecision> DecideAsync(string zone, string? policy = null, TlsPolicyOverrides? overrides = null, bool requireTls = false)
    {
        await using var dns = DnsFixture.With(zone);
        return await DecideAsync(dns, policy, overrides, requireTls);
    }

    private static async Task<TlsDecision> DecideAsync(DnsFixture dns, string? policy = null, TlsPolicyOverrides? overrides = null, bool requireTls = false)
    {
        var sts = new MtaStsPolicies(dns.Dns, new OnePolicy(policy), new MemoryMtaStsCache(dns.Time), dns.Time, NullLogger<MtaStsPolicies>.Instance);
        var policies = new TlsPolicies(new DaneLookup(dns.Dns), sts, overrides ?? TlsPolicyOverrides.Empty);
        var destination = await dns.HostsOfAsync("example.org");
        return await policies.DecideAsync(destination, destination.Candidates[0], 25, requireTls, CancellationToken.None);
    }

    private sealed class OnePolicy(string? text) : IPolicyFetcher
    {
        public Task<PolicyFetch> FetchAsync(string domain, CancellationToken cancellationToken)
            => Task.FromResult<PolicyFetch>(text is null ? new PolicyFetch.Failed(TlsFailure.StsPolicyFetchError, "the web server is down") : new PolicyFetch.Fetched(text));
    }
}
