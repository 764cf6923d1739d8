using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>MTA-STS: the record, the policy, and how long it holds (RFC 8461).</summary>
public sealed class MtaStsTests
{
    private const string Record = """_mta-sts.example.org TXT "v=STSv1; id=20260301;" """;
    private const string Policy = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmx: *.backup.example.org\r\nmax_age: 604800\r\n";

    [Theory]
    [InlineData("20160831085700Z", "v=STSv1; id=20160831085700Z;")]
    [InlineData("1", "v=STSv1;id=1")]
    [InlineData("1", "v=STSv1 ; id=1 ; x-y.z=a ;")]
    [InlineData("1", "v=STSv1; id=1; id=2")]
    [InlineData("1", "v=spf1 -all", "v=STSv1; id=1", "v=STSv2; id=9")]
    [InlineData(null, "v=STSv1; id=1", "v=STSv1; id=1")]
    [InlineData(null, "v=STSv1")]
    [InlineData(null, "v=STSv1;")]
    [InlineData(null, "v=STSv1; id=")]
    [InlineData(null, "v=STSv1; id=1-2")]
    [InlineData(null, "v=STSv1; id=123456789012345678901234567890123")]
    [InlineData(null, "v=STSv1; id=1; novalue")]
    [InlineData(null, "v=STSv1; id=1; ;x=y")]
    [InlineData(null, "id=1; v=STSv1")]
    [InlineData(null, "V=STSv1; id=1")]
    public void A_record_counts_if_it_is_the_only_one_and_well_formed(string? id, params string[] texts)
        => MtaStsRecord.Find(texts)?.Id.Should().Be(id);

    [Fact]
    public void A_policy_is_read_as_it_is_written()
    {
        var policy = MtaStsPolicy.Parse(Policy, out _)!;
        policy.Mode.Should().Be(MtaStsMode.Enforce);
        policy.Mx.Should().Equal("mx.example.org", "*.backup.example.org");
        policy.MaxAge.Should().Be(TimeSpan.FromDays(7));
        policy.Lines.Should().Equal("version: STSv1", "mode: enforce", "mx: mx.example.org", "mx: *.backup.example.org", "max_age: 604800");
    }

    [Theory]
    [InlineData("version: STSv1\nmode: testing\nmx: a.example\nmax_age: 0")]
    [InlineData("max_age:86400\nmx:a.example\nmode:enforce\nversion:STSv1\n")]
    [InlineData("version: STSv1\nmode: none\nmax_age: 31557600\n")]
    [InlineData("version: STSv1\nversion: STSv9\nmode: enforce\nmode: none\nmx: a.example\nmax_age: 1\nmax_age: x\nnew_key: something : else")]
    [InlineData("version: STSv1  \r\nmode: enforce\t\r\nmx: bücher.example\r\nmax_age: 1\r\n\r\n")]
    public void What_may_be_otherwise_is_tolerated(string text) => MtaStsPolicy.Parse(text, out _).Should().NotBeNull();

    [Theory]
    [InlineData("", "version")]
    [InlineData("version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1", "version")]
    [InlineData("version: STSv1\nmode: on\nmx: a.example\nmax_age: 1", "mode")]
    [InlineData("version: STSv1\nmode: enforce\nmax_age: 1", "mx")]
    [InlineData("version: STSv1\nmode: enforce\nmx: *\nmax_age: 1", "mx")]
    [InlineData("version: STSv1\nmode: enforce\nmx: mx.*.example\nmax_age: 1", "mx")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.example", "max_age")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601", "max_age")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1", "max_age")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 99999999999999999999", "max_age")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\n<html>", "line")]
    public void What_is_no_policy_is_refused_with_a_reason(string text, string reason)
    {
        MtaStsPolicy.Parse(text, out var why).Should().BeNull();
        why.Should().Contain(reason);
    }

    [Theory]
    [InlineData("mx.example.org", true)]
    [InlineData("MX.Example.ORG.", true)]
    [InlineData("a.backup.example.org", true)]
    [InlineData("a.b.backup.example.org", false)]
    [InlineData("backup.example.org", false)]
    [InlineData("xmx.example.org", false)]
    [InlineData("example.org", false)]
    public void A_wildcard_stands_for_one_label(string host, bool matches) => MtaStsPolicy.Parse(Policy, out _)!.Matches(host).Should().Be(matches);

    [Fact]
    public async Task A_policy_is_fetched_once_and_again_when_its_id_changes()
    {
        await using var sts = new Fixture(Record);
        sts.Serve(Policy);
        for (var i = 0; i < 3; i++) (await sts.FindAsync()).Policy!.Mode.Should().Be(MtaStsMode.Enforce);
        sts.Fetches.Should().Be(1);

        sts.Dns.Server.Load("""_mta-sts.example.org TXT "v=STSv1; id=2" """);
        sts.Serve(Policy.Replace("enforce", "testing", StringComparison.Ordinal));
        (await sts.FindAsync()).Policy!.Mode.Should().Be(MtaStsMode.Enforce, "the record is still in the cache");
        sts.Dns.Time.Advance(TimeSpan.FromMinutes(2));
        (await sts.FindAsync()).Policy!.Mode.Should().Be(MtaStsMode.Testing);
        sts.Fetches.Should().Be(2);
    }

    [Fact]
    public async Task Without_a_record_nothing_is_fetched()
    {
        await using var sts = new Fixture("""_mta-sts.example.org TXT "v=STSv1" """);
        (await sts.FindAsync()).Should().Be(MtaStsLookup.Nothing);
        (await sts.Policies.FindAsync("[192.0.2.1]", CancellationToken.None)).Should().Be(MtaStsLookup.Nothing);
        sts.Fetches.Should().Be(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_mta-sts.example.org !SERVFAIL")]
    [InlineData("""_mta-sts.example.org TXT "v=STSv1; id=!" """)]
    [InlineData("""_mta-sts.example.org TXT "v=STSv1; id=other" """)]
    public async Task A_policy_that_is_known_holds_until_it_expires_whatever_becomes_of_its_record(string zone)
    {
        await using var sts = new Fixture(Record);
        sts.Serve(Policy);
        await sts.FindAsync();
        sts.Dns.Server.Load(zone);
        sts.Fail();

        sts.Dns.Time.Advance(TimeSpan.FromDays(6));
        (await sts.FindAsync()).Policy.Should().NotBeNull();
        sts.Dns.Time.Advance(TimeSpan.FromDays(2));
        (await sts.FindAsync()).Policy.Should().BeNull();
    }

    [Fact]
    public async Task A_policy_that_cannot_be_fetched_is_no_policy_and_not_tried_again_at_once()
    {
        await using var sts = new Fixture(Record);
        sts.Fail();
        for (var i = 0; i < 3; i++)
        {
            var lookup = await sts.FindAsync();
            lookup.Policy.Should().BeNull();
            lookup.Failure!.Failure.Should().Be(TlsFailure.StsPolicyFetchError);
        }
        sts.Fetches.Should().Be(1);

        sts.Serve("<html>");
        sts.Dns.Time.Advance(TimeSpan.FromMinutes(6));
        (await sts.FindAsync()).Failure!.Failure.Should().Be(TlsFailure.StsPolicyInvalid);
        sts.Serve(Policy);
        sts.Dns.Time.Advance(TimeSpan.FromMinutes(6));
        (await sts.FindAsync()).Policy.Should().NotBeNull();
    }

    [Fact]
    public async Task A_policy_is_renewed_before_it_expires()
    {
        await using var sts = new Fixture(Record);
        sts.Serve(Policy);
        await sts.FindAsync();
        sts.Dns.Time.Advance(TimeSpan.FromHours(23));
        await sts.Policies.RefreshAsync(CancellationToken.None);
        sts.Fetches.Should().Be(1);

        sts.Fail();
        sts.Dns.Time.Advance(TimeSpan.FromHours(2));
        await sts.Policies.RefreshAsync(CancellationToken.None);
        sts.Fetches.Should().Be(2);
        sts.Serve(Policy);
        sts.Dns.Time.Advance(TimeSpan.FromDays(5));
        await sts.Policies.RefreshAsync(CancellationToken.None);
        sts.Dns.Server.Load("");
        sts.Dns.Time.Advance(TimeSpan.FromDays(6));
        (await sts.FindAsync()).Policy.Should().NotBeNull("it was renewed five days ago");
    }

    private sealed class Fixture : IPolicyFetcher, IAsyncDisposable
    {
        private PolicyFetch _answer = new PolicyFetch.Fetched("");
        private int _fetches;

        public Fixture(string zone)
        {
            Dns = DnsFixture.With(zone);
            Policies = new MtaStsPolicies(Dns.Dns, this, new MemoryMtaStsCache(Dns.Time), Dns.Time, NullLogger<MtaStsPolicies>.Instance);
        }

        public DnsFixture Dns { get; }

        public MtaStsPolicies Policies { get; }

        public int Fetches => _fetches;

        public void Serve(string policy) => _answer = new PolicyFetch.Fetched(policy);

        public void Fail() => _answer = new PolicyFetch.Failed(TlsFailure.StsPolicyFetchError, "the web server is down");

        public ValueTask<MtaStsLookup> FindAsync() => Policies.FindAsync("example.org", CancellationToken.None);

        public Task<PolicyFetch> FetchAsync(string domain, CancellationToken cancellationToken)
        {
            domain.Should().Be("example.org");
            Interlocked.Increment(ref _fetches);
            return Task.FromResult(_answer);
        }

        public ValueTask DisposeAsync() => Dns.DisposeAsync();
    }
}
