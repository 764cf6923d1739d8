using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.UserDirectory.Credentials;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class VerifierTests
{
    private static readonly Argon2Parameters Cheap = new(64, 1, 1);

    [Fact]
    public async Task A_verifier_of_the_reference_implementation_is_understood()
    {
        Argon2idVerifier.TryParse("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", out var verifier).Should().BeTrue();
        (await verifier!.VerifyAsync("password")).Should().BeTrue();
        (await verifier.VerifyAsync("Password")).Should().BeFalse();
    }

    [Fact]
    public async Task What_is_written_is_read_back()
    {
        var made = await Argon2idVerifier.MakeAsync("Grüße 🔑", Cheap);
        made.ToString().Should().StartWith("$argon2id$v=19$m=64,t=1,p=1$").And.NotContain("=$");
        Argon2idVerifier.TryParse(made.ToString(), out var read).Should().BeTrue();
        read!.Parameters.Should().Be(Cheap);
        (await read.VerifyAsync("Grüße 🔑")).Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=99999999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$not base64")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR$more")]
    public void Anything_else_is_refused(string text) => Argon2idVerifier.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Scram_keys_are_those_of_RFC_7677()
    {
        var keys = ScramKeys.Derive("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
        const string nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        var message = Encoding.ASCII.GetBytes($"n=user,r=rOprNGfwEbeRWgbNEkqO,{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,{nonce}");

        Convert.ToBase64String(HMACSHA256.HashData(keys.ServerKey.Span, message)).Should().Be("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        var clientKey = Convert.FromBase64String("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        var signature = HMACSHA256.HashData(keys.StoredKey.Span, message);
        for (var i = 0; i < clientKey.Length; i++) clientKey[i] ^= signature[i];
        SHA256.HashData(clientKey).Should().Equal(keys.StoredKey.ToArray());
    }

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("a\u00A0b", "a b")] // RFC 4013 §2.1: other spaces
    [InlineData("I\u00ADX", "IX")] // RFC 4013 §3: soft hyphen goes
    [InlineData("é", "é")]
    public void Passwords_are_prepared(string given, string prepared) => PreparedPassword.From(given).Should().Be(prepared);

    [Theory]
    [InlineData("ok", true)]
    [InlineData("", false)]
    [InlineData("with\0nul", false)]
    [InlineData("two\nlines", false)]
    [InlineData("\uD800", false)]
    public void Only_what_a_login_can_carry_is_a_password(string password, bool usable) => PreparedPassword.IsUsable(password).Should().Be(usable);

    [Fact]
    public void A_password_has_an_end() => PreparedPassword.IsUsable(new string('x', PreparedPassword.MaxOctets + 1)).Should().BeFalse();

    [Fact]
    public void Weaker_is_less_memory_or_less_work()
    {
        new Argon2Parameters(19_456, 2, 1).IsWeakerThan(new(19_456, 2, 1)).Should().BeFalse();
        new Argon2Parameters(8_192, 10, 1).IsWeakerThan(new(19_456, 2, 1)).Should().BeTrue();
        new Argon2Parameters(19_456, 1, 1).IsWeakerThan(new(19_456, 2, 1)).Should().BeTrue();
        new Argon2Parameters(65_536, 3, 4).IsWeakerThan(new(19_456, 2, 1)).Should().BeFalse();
    }
}
