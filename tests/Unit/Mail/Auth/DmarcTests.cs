using System.Net;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>DMARC: records, alignment, and whose policy it is (RFC 9989, RFC 7489).</summary>
public sealed class DmarcTests
{
    private const string Records = """
        _dmarc.example.org TXT "v=DMARC1; p=reject; sp=quarantine; np=none"
        mail.example.org A 192.0.2.1
        _dmarc.strict.example TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
        _dmarc.example.co.uk TXT "v=DMARC1;p=quarantine;pct=20"
        _dmarc.testing.example TXT "v=DMARC1; p=reject; t=y"
        _dmarc.twice.example TXT "v=DMARC1; p=reject"
        _dmarc.twice.example TXT "v=DMARC1; p=none"
        _dmarc.silent.example !TIMEOUT
        _dmarc.unread.example.org TXT "v=DMARC1; p=nonsense"
        """;

    [Theory]
    [InlineData("example.org", "example.org", "", AuthResult.Pass, DmarcPolicy.Reject)]
    [InlineData("unread.example.org", "unread.example.org", "", AuthResult.None, DmarcPolicy.None)]
    [InlineData("example.org", "bounce.example.org", "", AuthResult.Pass, DmarcPolicy.Reject)]
    [InlineData("example.org", "", "mail.example.org", AuthResult.Pass, DmarcPolicy.Reject)]
    [InlineData("example.org", "example.net", "example.com", AuthResult.Fail, DmarcPolicy.Reject)]
    [InlineData("mail.example.org", "example.net", "", AuthResult.Fail, DmarcPolicy.Quarantine)]
    [InlineData("gone.example.org", "example.net", "", AuthResult.Fail, DmarcPolicy.None)]
    [InlineData("strict.example", "mail.strict.example", "", AuthResult.Fail, DmarcPolicy.Reject)]
    [InlineData("strict.example", "", "strict.example", AuthResult.Pass, DmarcPolicy.Reject)]
    [InlineData("a.b.example.co.uk", "other.co.uk", "", AuthResult.Fail, DmarcPolicy.Quarantine)]
    [InlineData("a.b.example.co.uk", "example.co.uk", "", AuthResult.Pass, DmarcPolicy.Quarantine)]
    [InlineData("testing.example", "", "", AuthResult.Fail, DmarcPolicy.Quarantine)]
    [InlineData("twice.example", "", "", AuthResult.None, DmarcPolicy.None)]
    [InlineData("nothing.example", "nothing.example", "", AuthResult.None, DmarcPolicy.None)]
    [InlineData("silent.example", "", "", AuthResult.TempError, DmarcPolicy.None)]
    public async Task A_message_is_its_authors_or_not(string author, string spf, string dkim, AuthResult result, DmarcPolicy policy)
    {
        foreach (var discovery in Enum.GetValues<DmarcDiscovery>())
            (await VerifyAsync([author], spf, dkim, discovery)).Should().Match<DmarcResult>(verdict => verdict.Result == result && verdict.Policy == policy && verdict.Domain == author, $"so it is by {discovery}");
    }

    [Fact]
    public async Task A_second_author_is_no_way_around_the_policy_of_the_first()
        => (await VerifyAsync(["nothing.example", "example.org"], "nothing.example", "")).Should().Match<DmarcResult>(verdict => verdict.Result == AuthResult.Fail && verdict.Domain == "example.org" && verdict.Policy == DmarcPolicy.Reject);

    [Fact]
    public async Task A_message_without_an_author_is_an_error() => (await VerifyAsync([], "example.org", "")).Result.Should().Be(AuthResult.PermError);

    [Fact]
    public async Task A_check_that_might_have_passed_leaves_it_open()
    {
        var spf = new SpfResult(AuthResult.TempError, "example.org", null, null, "silence");
        (await new DmarcVerifier(Zone.Of(Records), DmarcDiscovery.TreeWalk).VerifyAsync(["example.org"], spf, [], CancellationToken.None)).Result.Should().Be(AuthResult.TempError);
    }

    [Theory]
    [InlineData("v=DMARC1; p=none", DmarcPolicy.None)]
    [InlineData("v=DMARC1;p=REJECT;", DmarcPolicy.Reject)]
    [InlineData("v = DMARC1 ; p = quarantine ; unknown=x ; broken", DmarcPolicy.Quarantine)]
    [InlineData("v=DMARC1; p=nonsense; rua=mailto:a@example.org", DmarcPolicy.None)]
    [InlineData("v=DMARC1; p=reject; sp=nonsense; rua=mailto:a@example.org", DmarcPolicy.None)]
    [InlineData("v=DMARC1; p=reject; np=nonsense; rua=mailto:a@example.org", DmarcPolicy.None)]
    [InlineData("v=DMARC1; rua=mailto:a@example.org", DmarcPolicy.None)]
    [InlineData("v=DMARC1; p=nonsense", null)]
    [InlineData("v=DMARC1; rua=http://example.org", null)]
    [InlineData("p=reject; v=DMARC1", null)]
    [InlineData("v=DMARC2; p=reject", null)]
    [InlineData("v=dmarc1; p=reject", null)]
    public void A_record_is_read(string text, DmarcPolicy? policy) => DmarcRecord.Parse(text)?.Policy.Should().Be(policy);

    [Theory]
    [InlineData("example.org", "example.org")]
    [InlineData("A.B.Example.ORG.", "example.org")]
    [InlineData("a.example.co.uk", "example.co.uk")]
    [InlineData("co.uk", "co.uk")]
    [InlineData("a.b.c.kobe.jp", "b.c.kobe.jp")]
    [InlineData("a.city.kobe.jp", "city.kobe.jp")]
    [InlineData("a.b.unknown-tld", "b.unknown-tld")]
    [InlineData("xn--bcher-kva.example", "bücher.example")]
    public void The_organization_of_a_name_is_known(string name, string organization) => PublicSuffixes.OrganizationalDomain(name).Should().Be(organization);

    [Fact]
    public async Task An_address_has_a_name_that_leads_back()
    {
        var dns = Zone.Of("1.2.0.192.in-addr.arpa PTR a.example\n1.2.0.192.in-addr.arpa PTR b.example\nb.example A 192.0.2.1\n2.2.0.192.in-addr.arpa PTR a.example\n3.2.0.192.in-addr.arpa !TIMEOUT");
        (await IprevVerifier.VerifyAsync(IPAddress.Parse("::ffff:192.0.2.1"), dns, CancellationToken.None)).Should().Be(new IprevResult(AuthResult.Pass, "b.example", null));
        (await IprevVerifier.VerifyAsync(IPAddress.Parse("192.0.2.2"), dns, CancellationToken.None)).Result.Should().Be(AuthResult.Fail);
        (await IprevVerifier.VerifyAsync(IPAddress.Parse("192.0.2.3"), dns, CancellationToken.None)).Result.Should().Be(AuthResult.TempError);
        (await IprevVerifier.VerifyAsync(IPAddress.Parse("192.0.2.4"), dns, CancellationToken.None)).Result.Should().Be(AuthResult.PermError);
    }

    private static async Task<DmarcResult> VerifyAsync(IReadOnlyList<string> authors, string spf, string dkim, DmarcDiscovery discovery = DmarcDiscovery.TreeWalk)
    {
        var spfResult = new SpfResult(spf.Length > 0 ? AuthResult.Pass : AuthResult.Fail, spf.Length > 0 ? spf : "x.example", null, null, null);
        DkimResult[] signatures = dkim.Length > 0 ? [new DkimResult(AuthResult.Pass, dkim, "s", "@" + dkim, "rsa-sha256", "", null, false, 2048)] : [];
        return await new DmarcVerifier(Zone.Of(Records), discovery).VerifyAsync(authors, spfResult, signatures, CancellationToken.None);
    }
}
