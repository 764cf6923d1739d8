using System.Security.Cryptography;
using Merpati.Signing;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Keys of one run, and what a domain publishes of them.</summary>
internal static class Keys
{
    private static readonly RSA RsaKey = RSA.Create(2048);
    private static readonly Ed25519PrivateKeyParameters Ed25519Key = new(new SecureRandom());

    public static DkimSigningKey Rsa(string domain = "example.org", string selector = "r1") => new(domain, selector, DkimAlgorithm.RsaSha256, RsaKey.ExportPkcs8PrivateKey());

    public static DkimSigningKey Ed25519(string domain = "example.org", string selector = "e1")
        => new(domain, selector, DkimAlgorithm.Ed25519Sha256, PrivateKeyInfoFactory.CreatePrivateKeyInfo(Ed25519Key).GetDerEncoded());

    public static string RsaRecord => "v=DKIM1; k=rsa; p=" + Convert.ToBase64String(RsaKey.ExportSubjectPublicKeyInfo());

    public static string Ed25519Record => "v=DKIM1; k=ed25519; p=" + Convert.ToBase64String(Ed25519Key.GeneratePublicKey().GetEncoded());
}
