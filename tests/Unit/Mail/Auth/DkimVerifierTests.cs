using AwesomeAssertions;
using Merpati.Mail.Auth;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Verification of DKIM signatures (RFC 6376 §6.1, RFC 8301, RFC 8463).</summary>
public sealed class DkimVerifierTests
{
    private const string Message = "From: ann@example.org\r\nTo: bob@example.net\r\nSubject: Hello\r\n\r\nHi  Bob, \r\n\r\nbye\r\n\r\n";

    // RFC 8463 appendix A: the keys and the message, as printed there.
    private const string Rfc8463Zone = """
        brisbane._domainkey.football.example.com. TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        test._domainkey.football.example.com. TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id" "Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
        """;

    private const string Rfc8463Message = """
        DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
         d=football.example.com; i=@football.example.com;
         q=dns/txt; s=brisbane; t=1528637909; h=from : to :
         subject : date : message-id : from : subject : date;
         bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
         b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
         Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
        DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
         d=football.example.com; i=@football.example.com;
         q=dns/txt; s=test; t=1528637909; h=from : to : subject :
         date : message-id : from : subject : date;
         bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
         b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
         DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
         dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
        From: Joe SixPack <joe@football.example.com>
        To: Suzie Q <suzie@shopping.example.net>
        Subject: Is dinner ready?
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
        Message-ID: <20030712040037.46341.5F8J@football.example.com>

        Hi.

        We lost the game.  Are you hungry yet?

        Joe.

        """;

    [Fact]
    public async Task The_signatures_of_RFC_8463_hold()
    {
        var results = await Zone.DkimAsync(Rfc8463Message.ReplaceLineEndings("\r\n"), Rfc8463Zone);
        results.Select(result => (result.Result, result.Selector, result.KeyBits)).Should().Equal((AuthResult.Pass, "brisbane", 256), (AuthResult.Pass, "test", 1024));
        results[0].Identity.Should().Be("@football.example.com");
    }

    [Fact]
    public async Task Our_own_signatures_hold()
    {
        (await Zone.DkimAsync(await Zone.SignAsync(Message, Keys.Rsa()), Zone.Keys)).Should().ContainSingle().Which.Result.Should().Be(AuthResult.Pass);
        (await Zone.DkimAsync(await Zone.SignAsync(Message, Keys.Ed25519(), Canonicalization.Simple), Zone.Keys)).Should().ContainSingle().Which.Result.Should().Be(AuthResult.Pass);
    }

    [Theory]
    [InlineData("bye", "buy", AuthResult.Fail, "body hash did not verify")]
    [InlineData("Subject: Hello", "Subject: Hullo", AuthResult.Fail, "signature did not verify")]
    [InlineData("Hi  Bob, ", "Hi \t Bob,", AuthResult.Pass, null)]
    [InlineData("bye\r\n\r\n", "bye", AuthResult.Pass, null)]
    [InlineData("Subject: Hello", "SUBJECT:\r\n\tHello ", AuthResult.Pass, null)]
    [InlineData("From: ann@example.org", "From: eve@example.com\r\nFrom: ann@example.org", AuthResult.Fail, "signature did not verify")]
    [InlineData("v=1;", "v=2;", AuthResult.PermError, "v= is not 1")]
    [InlineData("v=1;", "", AuthResult.PermError, "v= is missing")]
    [InlineData("v=1;", "v=1; v=1;", AuthResult.PermError, "the list of tags is malformed")]
    [InlineData("v=1;", "v=1; q=dns/other;", AuthResult.PermError, "q= has no dns/txt")]
    [InlineData("v=1;", "v=1; i=ann@example.net;", AuthResult.PermError, "i= is not of d=")]
    [InlineData("v=1;", "v=1; l=x;", AuthResult.PermError, "l= is no number")]
    [InlineData("v=1;", "v=1; x=1;", AuthResult.PermError, "x= is before t=")]
    [InlineData("a=rsa-sha256", "a=rsa-sha1", AuthResult.PermError, "rsa-sha1 proves nothing any more (RFC 8301)")]
    [InlineData("a=rsa-sha256", "a=ed25519-sha256", AuthResult.PermError, "the key is of another algorithm")]
    [InlineData("h=From:From:", "h=", AuthResult.PermError, "h= does not cover From")]
    [InlineData("s=r1;", "s=gone;", AuthResult.PermError, "no key for signature")]
    [InlineData("s=r1;", "s=silent;", AuthResult.TempError, "key unavailable: the zone file says that silent._domainkey.example.org gives no answer")]
    [InlineData("s=r1;", "s=revoked;", AuthResult.PermError, "key revoked")]
    [InlineData("s=r1;", "s=other;", AuthResult.PermError, "the key record has another version")]
    [InlineData("s=r1;", "s=sha1;", AuthResult.PermError, "the key is not for sha256")]
    [InlineData("s=r1;", "s=tls;", AuthResult.PermError, "the key is not for mail")]
    [InlineData("s=r1;", "s=junk;", AuthResult.PermError, "the key is malformed")]
    [InlineData("s=r1;", "s=small;", AuthResult.Policy, "a key of 512 bits is too small")]
    public async Task A_change_has_its_result(string what, string to, AuthResult result, string? reason)
    {
        const string bad = """

            silent._domainkey.example.org. !TIMEOUT
            revoked._domainkey.example.org. TXT "v=DKIM1; p="
            other._domainkey.example.org. TXT "v=DKIM2; p=AAAA"
            sha1._domainkey.example.org. TXT "v=DKIM1; h=sha1; p=AAAA"
            tls._domainkey.example.org. TXT "s=tlsrpt; p=AAAA"
            junk._domainkey.example.org. TXT "p=AAAA"
            small._domainkey.example.org. TXT "k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANmBe10IgY+u7h3enWTukkqtUD5PR52Tb/mPfjC0QJTocVBq6Za/PlzfV+Py92VaCak19F4WrbVTK5Gg5tW220MCAwEAAQ=="
            """;
        var signed = await Zone.SignAsync(Message, Keys.Rsa());
        signed.Should().Contain(what);
        var verdict = (await Zone.DkimAsync(signed.Replace(what, to, StringComparison.Ordinal), Zone.Keys + bad)).Should().ContainSingle().Subject;
        (verdict.Result, verdict.Reason).Should().Be((result, reason));
    }

    [Fact]
    public async Task A_signature_that_has_expired_fails()
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Message));
        var digest = await MessageDigest.ReadAsync(stream, Canonicalization.Relaxed, CancellationToken.None);
        var fields = DkimSigner.Sign(digest, [Keys.Rsa()], DkimSigning.At(Zone.Now.AddDays(-8)) with { Lifetime = TimeSpan.FromDays(7) });
        (await Zone.DkimAsync(System.Text.Encoding.UTF8.GetString(fields.Span) + Message, Zone.Keys)).Should().ContainSingle().Which.Should().Match<DkimResult>(result => result.Result == AuthResult.Fail && result.Reason == "signature expired");
    }

    [Fact]
    public async Task A_key_that_is_strict_is_not_for_subdomains_and_one_that_tests_says_so()
    {
        var signed = (await Zone.SignAsync(Message, Keys.Rsa())).Replace("v=1;", "v=1; i=@sub.example.org;", StringComparison.Ordinal);
        var zone = $"r1._domainkey.example.org. TXT {Zone.Strings(Keys.RsaRecord + "; t=y:s")}";
        (await Zone.DkimAsync(signed, zone)).Should().ContainSingle().Which.Should().Match<DkimResult>(result => result.Result == AuthResult.PermError && result.Reason == "the key is not for subdomains" && result.Testing);
    }

    [Fact]
    public async Task A_message_without_signatures_has_no_results() => (await Zone.DkimAsync(Message, Zone.Keys)).Should().BeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("DKIM-Signature:")]
    [InlineData("DKIM-Signature: ;;;;\r\n\r\n")]
    [InlineData("DKIM-Signature: v=1; a=rsa-sha256; b=; bh=; d=; h=; s=\r\n\r\nx")]
    [InlineData("no header at all")]
    public async Task Whatever_comes_has_a_result(string message) => (await Zone.DkimAsync(message, Zone.Keys)).Should().OnlyContain(result => result.Result == AuthResult.PermError);

    [Fact]
    public async Task Of_many_signatures_the_topmost_count()
    {
        var message = string.Concat(Enumerable.Repeat("DKIM-Signature: v=1\r\n", 40)) + Message;
        (await Zone.DkimAsync(message, Zone.Keys)).Should().HaveCount(10);
    }
}
