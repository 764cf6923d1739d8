using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>DMARC by the tree walk: vectors for each section of RFC 9989 that says something of it.</summary>
public sealed class DmarcTreeWalkTests
{
    /// <summary>§4.10: the names, in their order; no more than eight, whatever the domain has.</summary>
    [Theory]
    [InlineData("com", "com")]
    [InlineData("example.com", "example.com com")]
    [InlineData("a.mail.example.com", "a.mail.example.com mail.example.com example.com com")]
    [InlineData("a.b.c.d.e.f.example.com", "a.b.c.d.e.f.example.com b.c.d.e.f.example.com c.d.e.f.example.com d.e.f.example.com e.f.example.com f.example.com example.com com")]
    [InlineData("a.b.c.d.e.f.g.h.i.j.mail.example.com", "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com h.i.j.mail.example.com i.j.mail.example.com j.mail.example.com mail.example.com example.com com")]
    public async Task No_more_than_eight_names_are_asked(string domain, string names)
    {
        var dns = new Counting(Zone.Of(""));
        await new DmarcDomains(dns, DmarcDiscovery.TreeWalk).OrganizationAsync(domain, CancellationToken.None);
        dns.Asked.Should().Equal(names.Split(' ').Select(name => "_dmarc." + name));
    }

    /// <summary>§4.10 steps 2 and 6: what counts as a record, and where the walk ends.</summary>
    [Theory]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=none; psd=n\"", "a.mail.example.com mail.example.com")]
    [InlineData("_dmarc.example.com TXT \"v=DMARC1; p=none; psd=y\"", "a.mail.example.com mail.example.com example.com")]
    [InlineData("_dmarc.a.mail.example.com TXT \"v=DMARC1; psd=Y\"", "a.mail.example.com")]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=none; psd=u\"", "a.mail.example.com mail.example.com example.com com")]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC2; p=none; psd=n\"", "a.mail.example.com mail.example.com example.com com")]
    [InlineData("_dmarc.mail.example.com TXT \"p=none; psd=n; v=DMARC1\"", "a.mail.example.com mail.example.com example.com com")]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; psd=n\"\n_dmarc.mail.example.com TXT \"v=DMARC1; psd=n\"", "a.mail.example.com mail.example.com example.com com")]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; psd=n\"\n_dmarc.mail.example.com TXT \"something else\"", "a.mail.example.com mail.example.com")]
    public async Task The_walk_ends_where_a_record_says_so(string zone, string names)
    {
        var dns = new Counting(Zone.Of(zone));
        await new DmarcDomains(dns, DmarcDiscovery.TreeWalk).OrganizationAsync("a.mail.example.com", CancellationToken.None);
        dns.Asked.Should().Equal(names.Split(' ').Select(name => "_dmarc." + name));
    }

    /// <summary>§4.10.2, with its three examples first.</summary>
    [Theory]
    [InlineData("a.mail.example.com", "mail.example.com example.com", "example.com")]
    [InlineData("a.mail.example.com", "mail.example.com:n", "mail.example.com")]
    [InlineData("a.mail.example.com", "com:y", "example.com")]
    [InlineData("a.mail.example.com", "", "a.mail.example.com")]
    [InlineData("a.mail.example.com", "a.mail.example.com", "a.mail.example.com")]
    [InlineData("a.mail.example.com", "a.mail.example.com example.com:n com:y", "example.com")]
    [InlineData("a.mail.example.com", "mail.example.com:n example.com", "mail.example.com")]
    [InlineData("a.mail.example.com", "mail.example.com:u example.com:y", "mail.example.com")]
    [InlineData("a.mail.example.com", "a.mail.example.com:y example.com", "a.mail.example.com")]
    [InlineData("a.mail.example.com", "mail.example.com:y", "a.mail.example.com")]
    [InlineData("a.mail.example.com", "com", "com")]
    [InlineData("gov", "gov:y", "gov")]
    [InlineData("a.b.c.d.e.f.g.h.i.example.com", "e.f.g.h.i.example.com:y", "d.e.f.g.h.i.example.com")]
    [InlineData("a.b.c.d.e.f.g.h.i.example.com", "b.c.d.e.f.g.h.i.example.com:n", "a.b.c.d.e.f.g.h.i.example.com")]
    [InlineData("a.b\u00fccher.example", "xn--bcher-kva.example", "b\u00fccher.example")]
    public async Task The_organization_is_where_its_records_begin(string domain, string records, string organization)
        => (await new DmarcDomains(Zone.Of(Records(records)), DmarcDiscovery.TreeWalk).OrganizationAsync(domain, CancellationToken.None)).Domain.Should().Be(organization);

    /// <summary>§4.10.1: whose record it is, and which of its policies.</summary>
    [Theory]
    [InlineData("example.com", "example.com", DmarcPolicy.Reject)]
    [InlineData("mail.example.com", "example.com", DmarcPolicy.Quarantine)]
    [InlineData("gone.example.com", "example.com", DmarcPolicy.None)]
    [InlineData("own.example.com", "own.example.com", DmarcPolicy.Reject)]
    // Between the domain and its organization nothing counts, however near.
    [InlineData("a.own.example.com", "example.com", DmarcPolicy.None)]
    // psd=n: a part of the organization that is one of its own.
    [InlineData("a.unit.example.com", "unit.example.com", DmarcPolicy.Quarantine)]
    // The organization has no record, but the suffix has.
    [InlineData("www.town.gov.test", "gov.test", DmarcPolicy.Reject)]
    [InlineData("town.gov.test", "gov.test", DmarcPolicy.Reject)]
    [InlineData("city.gov.test", "city.gov.test", DmarcPolicy.None)]
    [InlineData("a.city.gov.test", "city.gov.test", DmarcPolicy.None)]
    [InlineData("gov.test", "gov.test", DmarcPolicy.Quarantine)]
    [InlineData("testing.example", "testing.example", DmarcPolicy.Quarantine)]
    [InlineData("a.testing.example", "testing.example", DmarcPolicy.None)]
    public async Task The_policy_is_that_of_the_domain_or_its_organization_or_the_suffix(string author, string policyDomain, DmarcPolicy policy)
        => (await VerifyAsync(Zone.Of(Policies), author, spf: "")).Should().Match<DmarcResult>(verdict => verdict.Result == AuthResult.Fail && verdict.PolicyDomain == policyDomain && verdict.Policy == policy);

    /// <summary>§4.10.1: DMARC is not applied.</summary>
    [Theory]
    [InlineData("nothing.test")]
    [InlineData("unread.example.com")]
    [InlineData("a.twice.test")]
    public async Task Without_a_policy_there_is_no_verdict(string author) => (await VerifyAsync(Zone.Of(Policies), author, spf: author)).Result.Should().Be(AuthResult.None);

    /// <summary>§4.4 and §4.10.2: what is aligned with what.</summary>
    [Theory]
    [InlineData("example.com", "example.com", true)]
    [InlineData("example.com", "bounce.example.com", true)]
    [InlineData("mail.example.com", "bounce.example.com", true)]
    [InlineData("mail.example.com", "example.com", true)]
    [InlineData("example.com", "example.net", false)]
    [InlineData("example.com", "notexample.com", false)]
    [InlineData("example.com", "com", false)]
    // Each unit that says psd=n stands for itself.
    [InlineData("unit.example.com", "a.unit.example.com", true)]
    [InlineData("unit.example.com", "example.com", false)]
    [InlineData("example.com", "unit.example.com", false)]
    [InlineData("a.unit.example.com", "mail.example.com", false)]
    // Below a suffix that says so.
    [InlineData("town.gov.test", "www.town.gov.test", true)]
    [InlineData("town.gov.test", "city.gov.test", false)]
    [InlineData("gov.test", "city.gov.test", false)]
    [InlineData("city.gov.test", "gov.test", false)]
    // No record at the registered domain: the list would say that these are of one organization.
    [InlineData("only.here.test", "other.here.test", false)]
    [InlineData("only.here.test", "a.only.here.test", true)]
    [InlineData("only.here.test", "here.test", false)]
    [InlineData("strict.test", "mail.strict.test", false)]
    [InlineData("strict.test", "strict.test", true)]
    public async Task What_is_of_one_organization_is_aligned(string author, string spf, bool isAligned)
        => (await VerifyAsync(Zone.Of(Policies), author, spf)).Result.Should().Be(isAligned ? AuthResult.Pass : AuthResult.Fail);

    /// <summary>§4.10.2, the note: no walk where the domains are the same, or alignment is strict, or nothing could be aligned.</summary>
    [Theory]
    [InlineData("own.example.com", "own.example.com", 1)]
    [InlineData("strict.test", "mail.strict.test", 1)]
    [InlineData("own.example.com", "own.example.net", 1)]
    [InlineData("own.example.com", "", 1)]
    [InlineData("own.example.com", "elsewhere.com", 3)]
    [InlineData("own.example.com", "a.own.example.com", 4)]
    public async Task Only_what_matters_is_asked_and_once(string author, string spf, int questions)
    {
        var dns = new Counting(Zone.Of(Policies));
        await VerifyAsync(dns, author, spf);
        dns.Asked.Should().HaveCount(questions).And.OnlyHaveUniqueItems();
    }

    /// <summary>§4.10.1: a question without an answer is no answer that there is nothing.</summary>
    [Theory]
    [InlineData("_dmarc.mail.example.com !TIMEOUT", "mail.example.com", "mail.example.com", AuthResult.TempError)]
    [InlineData("_dmarc.example.com !TIMEOUT", "mail.example.com", "mail.example.com", AuthResult.TempError)]
    // The record is there, and who sent it is the author: nothing above matters.
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com !TIMEOUT", "mail.example.com", "mail.example.com", AuthResult.Pass)]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com !TIMEOUT", "mail.example.com", "example.com", AuthResult.TempError)]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com !TIMEOUT", "mail.example.com", "example.net", AuthResult.Fail)]
    [InlineData("_dmarc.mail.example.com TXT \"v=DMARC1; p=reject; psd=n\"\n_dmarc.example.com !TIMEOUT", "mail.example.com", "a.mail.example.com", AuthResult.Pass)]
    public async Task What_DNS_does_not_say_is_left_open(string zone, string author, string spf, AuthResult result)
        => (await VerifyAsync(Zone.Of(zone), author, spf)).Result.Should().Be(result);

    private const string Policies = """
        _dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine; np=none"
        mail.example.com TXT "nothing of mail"
        _dmarc.own.example.com TXT "v=DMARC1; p=reject; sp=none"
        _dmarc.unit.example.com TXT "v=DMARC1; p=quarantine; psd=n"
        _dmarc.unread.example.com TXT "v=DMARC1; p=nonsense"
        _dmarc.gov.test TXT "v=DMARC1; p=quarantine; sp=reject; psd=y"
        _dmarc.city.gov.test TXT "v=DMARC1; p=none"
        _dmarc.only.here.test TXT "v=DMARC1; p=reject"
        _dmarc.strict.test TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
        _dmarc.testing.example TXT "v=DMARC1; p=reject; sp=quarantine; t=y"
        _dmarc.twice.test TXT "v=DMARC1; p=reject"
        _dmarc.twice.test TXT "v=DMARC1; p=none"
        """;

    /// <summary>Domains with what their records have for psd=.</summary>
    private static string Records(string domains)
        => string.Join('\n', domains.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split(':')).Select(one => $"_dmarc.{one[0]} TXT \"v=DMARC1; p=none{(one.Length > 1 ? $"; psd={one[1]}" : "")}\""));

    private static ValueTask<DmarcResult> VerifyAsync(IMailDns dns, string author, string spf)
        => new DmarcVerifier(dns, DmarcDiscovery.TreeWalk).VerifyAsync([author], new SpfResult(spf.Length > 0 ? AuthResult.Pass : AuthResult.Fail, spf, null, null, null), [], CancellationToken.None);

    private sealed class Counting(IMailDns dns) : IMailDns
    {
        public List<string> Asked { get; } = [];

        public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken)
        {
            Asked.Add(name);
            return dns.TextsAsync(name, cancellationToken);
        }

        public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken) => dns.MailExchangersAsync(name, cancellationToken);

        public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) => dns.AddressesAsync(name, family, cancellationToken);

        public ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken) => dns.TlsaAsync(name, cancellationToken);

        public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken) => dns.ServicesAsync(name, cancellationToken);

        public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken) => dns.PointersAsync(address, cancellationToken);
    }
}
