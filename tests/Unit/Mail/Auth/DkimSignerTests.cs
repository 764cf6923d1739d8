using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Signing;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>What we sign, MimeKit's verifier accepts (RFC 6376, RFC 8463).</summary>
public sealed class DkimSignerTests
{
    private const string Message = "Received: from a by b; Sat, 1 Mar 2025 12:00:00 +0000\r\nFrom: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject:  Hello \r\n\t there\r\nDate: Sat, 1 Mar 2025 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Bodies => ["", "\r\n", "\r\n\r\n\r\n", "Hello\r\n", "Hello", "Hello \t \r\n\r\n  \r\n", " a  b\tc\r\n\r\n.\r\n..\r\nend\r\n\r\n\r\n", "a\rb\r\r\nc\r\n", new string('x', 70_000) + "\r\n", string.Concat(Enumerable.Repeat("line of text  \r\n", 9000))];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_signature_with_each_algorithm_holds(string body)
    {
        foreach (var canonicalization in Enum.GetValues<Canonicalization>())
        {
            var fields = await SignAsync(Message + body, DkimSigning.At(Now) with { Header = canonicalization }, canonicalization, Keys.Rsa(), Keys.Ed25519());
            (await MimeKitAcceptsAsync(fields + Message + body)).Should().Equal([true, true], "{0} {1}", canonicalization, fields);
        }
    }

    [Fact]
    public async Task The_octets_may_come_in_any_pieces()
    {
        var octets = Encoding.UTF8.GetBytes(Message + "a \r\n\r\n b\r\r\n \r\n\r\n");
        using var whole = new MemoryStream(octets);
        var expected = await MessageDigest.ReadAsync(whole, Canonicalization.Relaxed, CancellationToken.None);
        using var dripped = new DrippingStream(octets);
        var digest = await MessageDigest.ReadAsync(dripped, Canonicalization.Relaxed, CancellationToken.None);
        digest.BodyHash.Should().Equal(expected.BodyHash);
        digest.Fields.Select(field => Encoding.ASCII.GetString(field.Name)).Should().Equal(expected.Fields.Select(field => Encoding.ASCII.GetString(field.Name)));
    }

    [Fact]
    public async Task A_field_added_after_signing_breaks_the_signature()
    {
        var fields = await SignAsync(Message + "x\r\n", DkimSigning.At(Now), Canonicalization.Relaxed, Keys.Rsa());
        (await MimeKitAcceptsAsync(fields + "Subject: other\r\n" + Message + "x\r\n")).Should().Equal(false);
        (await MimeKitAcceptsAsync(fields + "Reply-To: mallory@example.com\r\n" + Message + "x\r\n")).Should().Equal(false);
        (await MimeKitAcceptsAsync(fields + "X-Seen: yes\r\n" + Message + "x\r\n")).Should().Equal(true);
    }

    [Fact]
    public async Task The_lines_of_a_signature_keep_to_78_characters_and_the_end_is_written()
    {
        var fields = await SignAsync(Message, DkimSigning.At(Now) with { Lifetime = TimeSpan.FromDays(7), MoreFields = ["X-Own"] }, Canonicalization.Relaxed, Keys.Rsa("bücher.example", "2026a"));
        fields.Split("\r\n").Should().OnlyContain(line => line.Length <= 78);
        fields.Should().Contain("d=xn--bcher-kva.example;").And.Contain("t=1772366400;").And.Contain("x=1772971200;").And.EndWith("\r\n");
    }

    [Fact]
    public void A_private_key_shows_in_no_text() => $"{Keys.Ed25519()}".Should().Be("e1._domainkey.example.org (Ed25519Sha256)");

    private static async Task<string> SignAsync(string message, DkimSigning signing, Canonicalization body, params DkimSigningKey[] keys)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(message));
        var digest = await MessageDigest.ReadAsync(stream, body, CancellationToken.None);
        return Encoding.UTF8.GetString(Merpati.Mail.Auth.DkimSigner.Sign(digest, keys, signing).Span);
    }

    private static async Task<List<bool>> MimeKitAcceptsAsync(string message)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(message));
        var parsed = await MimeMessage.LoadAsync(stream);
        var verifier = new MimeKit.Cryptography.DkimVerifier(new Locator());
        var results = new List<bool>();
        foreach (var header in parsed.Headers.Where(header => header.Id == HeaderId.DkimSignature)) results.Add(await verifier.VerifyAsync(parsed, header));
        return results;
    }

    private sealed class Locator : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default)
            => GetPublicKey(selector == "e1" ? Keys.Ed25519Record : Keys.RsaRecord);

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default)
            => Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }

    private sealed class DrippingStream(byte[] octets) : MemoryStream(octets)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..1], cancellationToken);
    }
}
