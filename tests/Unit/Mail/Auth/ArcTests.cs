using AwesomeAssertions;
using Merpati.Mail.Auth;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>ARC: what we seal holds, and what was tampered with does not (RFC 8617 §5).</summary>
public sealed class ArcTests
{
    private const string Message = "From: ann@example.org\r\nTo: list@example.net\r\nSubject: Hello\r\n\r\nHi\r\n";

    [Fact]
    public async Task A_message_without_sets_has_no_chain() => (await Zone.ArcAsync(Message, Zone.Keys)).Result.Should().Be(AuthResult.None);

    [Fact]
    public async Task A_chain_of_seals_passes_link_by_link()
    {
        var message = Message;
        for (var i = 1; i <= 5; i++)
        {
            message = await Zone.SealAsync(message, i == 1 ? AuthResult.None : AuthResult.Pass, i % 2 == 0 ? Keys.Ed25519() : Keys.Rsa());
            var result = await Zone.ArcAsync(message, Zone.Keys);
            result.Should().Match<ArcResult>(arc => arc.Result == AuthResult.Pass && arc.Instances == i && arc.Sealers.Count == i, result.Reason);
        }
        (await Zone.ArcAsync(message, Zone.Keys)).NewestResults.Should().Contain("mx.example.org; spf=pass");
    }

    [Fact]
    public async Task A_forwarder_that_changes_the_message_breaks_old_signatures_and_not_the_chain()
    {
        var first = await Zone.SealAsync(Message, AuthResult.None, Keys.Rsa());
        var changed = first.Replace("Subject: Hello", "Subject: [list] Hello", StringComparison.Ordinal);
        (await Zone.ArcAsync(changed, Zone.Keys)).Result.Should().Be(AuthResult.Fail);
        (await Zone.ArcAsync(await Zone.SealAsync(changed, AuthResult.Pass, Keys.Rsa()), Zone.Keys)).Result.Should().Be(AuthResult.Pass);
    }

    [Fact]
    public async Task A_chain_that_failed_is_sealed_once_more_and_then_never()
    {
        var broken = (await Zone.SealAsync(Message, AuthResult.None, Keys.Rsa())).Replace("Hi\r\n", "Ho\r\n", StringComparison.Ordinal);
        var last = await Zone.SealAsync(broken, AuthResult.Fail, Keys.Rsa());
        last.Should().Contain("cv=fail");
        (await Zone.ArcAsync(last, Zone.Keys)).Should().Match<ArcResult>(arc => arc.Result == AuthResult.Fail && arc.Reason!.Contains("saw the chain broken"));
        (await Zone.SealAsync(last, AuthResult.Fail, Keys.Rsa())).Should().Be(last);
    }

    [Theory]
    [InlineData("ARC-Seal: i=1;", "ARC-Seal: i=2;")]
    [InlineData("ARC-Seal: i=1;", "ARC-Seal: i=0;")]
    [InlineData("ARC-Seal: i=1;", "ARC-Seal: i=x;")]
    [InlineData("ARC-Seal: i=1;", "X-ARC-Seal: i=1;")]
    [InlineData("ARC-Seal: i=1;", "ARC-Seal: i=1; h=from;")]
    [InlineData("cv=none", "cv=pass")]
    [InlineData("cv=none", "cv=")]
    [InlineData("cv=none", "cv=None")]
    [InlineData("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results: mx.example.org; i=1;")]
    [InlineData("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results:")]
    [InlineData("spf=pass", "spf=fail")]
    [InlineData("ARC-Message-Signature: i=1;", "ARC-Message-Signature: i=1; z=x;")]
    [InlineData("h=From:From:", "h=ARC-Seal:From:")]
    [InlineData("d=example.org;", "d=;")]
    [InlineData("s=r1;", "s=none;")]
    public async Task A_chain_that_was_tampered_with_fails(string what, string to)
    {
        var sealed1 = await Zone.SealAsync(Message, AuthResult.None, Keys.Rsa());
        sealed1.Should().Contain(what);
        (await Zone.ArcAsync(sealed1.Replace(what, to, StringComparison.Ordinal), Zone.Keys)).Result.Should().Be(AuthResult.Fail);
    }

    [Fact]
    public async Task A_set_that_stands_twice_fails()
    {
        var sealed1 = await Zone.SealAsync(Message, AuthResult.None, Keys.Rsa());
        (await Zone.ArcAsync(sealed1[..^Message.Length] + sealed1, Zone.Keys)).Should().Match<ArcResult>(arc => arc.Result == AuthResult.Fail && arc.Reason!.EndsWith("stands twice"));
    }

    [Fact]
    public async Task A_key_that_cannot_be_had_now_is_a_temporary_error()
    {
        var sealed1 = await Zone.SealAsync(Message, AuthResult.None, Keys.Rsa());
        (await Zone.ArcAsync(sealed1, "r1._domainkey.example.org. !TIMEOUT")).Result.Should().Be(AuthResult.TempError);
    }

    [Fact]
    public async Task The_fiftieth_set_is_the_last()
    {
        var message = Message;
        for (var i = 1; i <= 50; i++) message = await Zone.SealAsync(message, i == 1 ? AuthResult.None : AuthResult.Pass, Keys.Ed25519());
        (await Zone.ArcAsync(message, Zone.Keys)).Should().Match<ArcResult>(arc => arc.Result == AuthResult.Pass && arc.Instances == 50);
        (await Zone.SealAsync(message, AuthResult.Pass, Keys.Ed25519())).Should().Be(message);
        (await Zone.ArcAsync(message.Replace("i=50;", "i=51;", StringComparison.Ordinal), Zone.Keys)).Result.Should().Be(AuthResult.Fail);
    }
}
