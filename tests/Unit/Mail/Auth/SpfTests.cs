using System.Net;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Sender Policy Framework, section by section (RFC 7208).</summary>
public sealed class SpfTests
{
    private const string Common = """
        mx.example.org A 192.0.2.10
        mx.example.org AAAA 2001:db8::10
        _spf.example.org TXT "v=spf1 ip4:192.0.2.0/28 -all"
        soft.example.org TXT "v=spf1 ~all"
        silent.example.org !TIMEOUT
        none.example.org A 192.0.2.99
        10.2.0.192.in-addr.arpa PTR mx.example.org
        why.example.org TXT "%{i} is not one of %{d}%_for %{s} (%{c} %{r} %{h} %{v})"
        """;

    [Theory]
    // §4.6.2, §5.1: the first match decides; without one it is neutral.
    [InlineData("v=spf1", AuthResult.Neutral)]
    [InlineData("v=spf1 -all", AuthResult.Fail)]
    [InlineData("V=SPF1 ?ALL", AuthResult.Neutral)]
    [InlineData("v=spf1 ~all +ip4:192.0.2.10", AuthResult.SoftFail)]
    // §4.5: what is no SPF record.
    [InlineData("v=spf10 -all", AuthResult.None)]
    [InlineData("v=spf1-all", AuthResult.None)]
    // §4.6.1: an error anywhere, and nothing is evaluated.
    [InlineData("v=spf1 +all nonsense", AuthResult.PermError)]
    [InlineData("v=spf1 +all ip4:192.0.2", AuthResult.PermError)]
    [InlineData("v=spf1 +all ip4:192.0.2.1/33", AuthResult.PermError)]
    [InlineData("v=spf1 +all ip4:192.0.2.1/08", AuthResult.PermError)]
    [InlineData("v=spf1 +all ip6:::zz", AuthResult.PermError)]
    [InlineData("v=spf1 +all a:", AuthResult.PermError)]
    [InlineData("v=spf1 +all include", AuthResult.PermError)]
    [InlineData("v=spf1 +all all:example.org", AuthResult.PermError)]
    [InlineData("v=spf1 +all a:%{x}.example.org", AuthResult.PermError)]
    [InlineData("v=spf1 +all a:%{c}.example.org", AuthResult.PermError)]
    [InlineData("v=spf1 +all a:%{d0}.example.org", AuthResult.PermError)]
    [InlineData("v=spf1 +all a:example.org%", AuthResult.PermError)]
    [InlineData("v=spf1 +all redirect=a.example redirect=b.example", AuthResult.PermError)]
    [InlineData("v=spf1 +all new-modifier=%{z}", AuthResult.PermError)]
    [InlineData("v=spf1 new-modifier=%{d} +all", AuthResult.Pass)]
    // §5.2: include.
    [InlineData("v=spf1 include:_spf.example.org -all", AuthResult.Pass)]
    [InlineData("v=spf1 include:soft.example.org -all", AuthResult.Fail)]
    [InlineData("v=spf1 include:none.example.org +all", AuthResult.PermError)]
    [InlineData("v=spf1 include:silent.example.org +all", AuthResult.TempError)]
    // §5.3 to §5.7.
    [InlineData("v=spf1 a:mx.example.org -all", AuthResult.Pass)]
    [InlineData("v=spf1 a:none.example.org/24 -all", AuthResult.Pass)]
    [InlineData("v=spf1 a:none.example.org/28//64 -all", AuthResult.Fail)]
    [InlineData("v=spf1 mx -all", AuthResult.Pass)]
    [InlineData("v=spf1 ptr -all", AuthResult.Pass)]
    [InlineData("v=spf1 ptr:example.net -all", AuthResult.Fail)]
    [InlineData("v=spf1 exists:%{l}.none.%{d2} -all", AuthResult.Fail)]
    [InlineData("v=spf1 exists:none.%{d} -all", AuthResult.Pass)]
    [InlineData("v=spf1 a:silent.example.org +all", AuthResult.TempError)]
    // §6.1: redirect.
    [InlineData("v=spf1 redirect=_spf.example.org", AuthResult.Pass)]
    [InlineData("v=spf1 ~all redirect=_spf.example.org", AuthResult.SoftFail)]
    [InlineData("v=spf1 redirect=none.example.org", AuthResult.PermError)]
    // §4.6.4: limits.
    [InlineData("v=spf1 include:example.org -all", AuthResult.PermError)]
    [InlineData("v=spf1 redirect=example.org", AuthResult.PermError)]
    [InlineData("v=spf1 a:1.example.org a:2.example.org +all", AuthResult.Pass)]
    [InlineData("v=spf1 a:1.example.org a:2.example.org a:3.example.org +all", AuthResult.PermError)]
    [InlineData("v=spf1 a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org +all", AuthResult.Pass)]
    [InlineData("v=spf1 a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org a:none.example.org +all", AuthResult.PermError)]
    public async Task A_record_is_evaluated(string record, AuthResult expected) => (await CheckAsync(record)).Result.Should().Be(expected);

    [Theory]
    [InlineData("", "none.example.org")]
    [InlineData("@silent.example.org", "silent.example.org")]
    [InlineData("ann@localhost", "localhost")]
    [InlineData("ann@[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("ann@a..example.org", "a..example.org")]
    public async Task Whatever_the_sender_is_there_is_a_result(string sender, string domain)
        => (await new SpfVerifier(Zone.Of(Common), "", TimeProvider.System).CheckMailFromAsync(IPAddress.IPv6Loopback, sender, "none.example.org", CancellationToken.None))
            .Should().Match<SpfResult>(result => (result.Result == AuthResult.None || result.Result == AuthResult.TempError) && result.Domain == domain);

    [Fact]
    public async Task A_failure_is_explained_in_the_words_of_the_domain()
        => (await CheckAsync("v=spf1 exp=why.%{d} -all", "192.0.2.77")).Explanation.Should().Be("192.0.2.77 is not one of example.org for ann@example.org (192.0.2.77 mx.receiver.example client.example in-addr)");

    [Fact]
    public async Task Several_records_are_an_error() => (await CheckAsync("v=spf1 +all\"\nexample.org TXT \"v=spf1 -all")).Result.Should().Be(AuthResult.PermError);

    [Fact]
    public async Task After_a_redirect_the_verdict_is_still_on_the_sender() => (await CheckAsync("v=spf1 redirect=_spf.example.org")).Domain.Should().Be("example.org");

    private static async Task<SpfResult> CheckAsync(string record, string client = "192.0.2.10")
        => await new SpfVerifier(Zone.Of($"{Common}\nexample.org TXT \"{record}\"\nexample.org MX 10 mx.example.org"), "mx.receiver.example", TimeProvider.System)
            .CheckMailFromAsync(IPAddress.Parse(client), "ann@example.org", "client.example", CancellationToken.None);
}
