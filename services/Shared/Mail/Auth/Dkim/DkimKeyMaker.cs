using System.Security.Cryptography;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.Signing;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace Merpati.Mail.Auth;

/// <summary>Makes keys, and says what a domain has to publish of them (RFC 6376 §3.6.1, RFC 8463 §4).</summary>
public static class DkimKeyMaker
{
    // RFC 8301 §3.2: 1024 to 2048; larger records do not fit into a datagram.
    private const int RsaBits = 2048;

    /// <param name="domain">As the directory keys it.</param>
    public static DkimSigningKey Create(string domain, string selector, DkimAlgorithm algorithm)
    {
        if (algorithm == DkimAlgorithm.RsaSha256)
        {
            using var rsa = RSA.Create(RsaBits);
            return new DkimSigningKey(domain, selector, algorithm, rsa.ExportPkcs8PrivateKey());
        }
        return new DkimSigningKey(domain, selector, algorithm, PrivateKeyInfoFactory.CreatePrivateKeyInfo(new Ed25519PrivateKeyParameters(new SecureRandom())).GetDerEncoded());
    }

    /// <summary>Where the record goes, in A-labels, without a dot at the end.</summary>
    public static string RecordName(DkimSigningKey key) => $"{key.Selector}._domainkey.{DomainName.ToAscii(key.Domain) ?? key.Domain}";

    /// <summary>The text of the record, in one piece.</summary>
    public static string RecordText(DkimSigningKey key)
        => $"v=DKIM1; k={(key.Algorithm == DkimAlgorithm.Ed25519Sha256 ? "ed25519" : "rsa")}; p={Convert.ToBase64String(PublicKey(key))}";

    /// <summary>Whether DNS has the record, so that a verifier will find it.</summary>
    public static async ValueTask<bool> IsPublishedAsync(DkimSigningKey key, IMailDns dns, CancellationToken cancellationToken)
        => await dns.TextsAsync(RecordName(key), cancellationToken) is DnsAnswer<string>.Found { Records: [var text] }
           && DkimKeyRecord.Parse(text, key.Algorithm, out _) is { } record
           && record.PublicKey.AsSpan().SequenceEqual(PublicKey(key));

    private static byte[] PublicKey(DkimSigningKey key)
    {
        if (key.Algorithm == DkimAlgorithm.Ed25519Sha256) return ((Ed25519PrivateKeyParameters)PrivateKeyFactory.CreateKey(key.PrivateKey.ToArray())).GeneratePublicKey().GetEncoded();
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.PrivateKey.Span, out _);
        return rsa.ExportSubjectPublicKeyInfo();
    }
}
