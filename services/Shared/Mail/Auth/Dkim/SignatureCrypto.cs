using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Merpati.Signing;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace Merpati.Mail.Auth;

/// <summary>The signatures themselves: RSA with SHA-256 (RFC 8301) by the platform, Ed25519 over the SHA-256 hash (RFC 8463 §3) by BouncyCastle, which comes with MimeKit.</summary>
internal static class SignatureCrypto
{
    /// <summary>Reading a key costs as much as signing with it; those who hold keys hold the same objects until they change.</summary>
    private static readonly ConditionalWeakTable<DkimSigningKey, PrivateKey> Read = [];

    /// <param name="data">The canonical header fields.</param>
    /// <exception cref="CryptographicException">The key is none.</exception>
    public static byte[] Sign(DkimSigningKey key, ReadOnlySpan<byte> data) => Read.GetValue(key, static key => new PrivateKey(key)).Sign(data);

    /// <summary>A key that is read. Thread-safe: an <see cref="RSA"/> serves one at a time, so there are as many as sign at once.</summary>
    private sealed class PrivateKey
    {
        private readonly ReadOnlyMemory<byte> _rsa;
        private readonly ConcurrentBag<RSA> _idle = [];
        private readonly Ed25519PrivateKeyParameters? _ed25519;

        public PrivateKey(DkimSigningKey key)
        {
            if (key.Algorithm == DkimAlgorithm.RsaSha256) _rsa = key.PrivateKey;
            else _ed25519 = (Ed25519PrivateKeyParameters)PrivateKeyFactory.CreateKey(key.PrivateKey.ToArray());
        }

        public byte[] Sign(ReadOnlySpan<byte> data)
        {
            if (_ed25519 is not null)
            {
                var signer = new Ed25519Signer();
                signer.Init(forSigning: true, _ed25519);
                var hash = SHA256.HashData(data);
                signer.BlockUpdate(hash, 0, hash.Length);
                return signer.GenerateSignature();
            }
            if (!_idle.TryTake(out var rsa))
            {
                rsa = RSA.Create();
                rsa.ImportPkcs8PrivateKey(_rsa.Span, out _);
            }
            var signature = rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            _idle.Add(rsa);
            return signature;
        }
    }

    /// <param name="publicKey">Of RSA a SubjectPublicKeyInfo or an RSAPublicKey (RFC 6376 §3.6.1 and its erratum 3017), of Ed25519 32 octets.</param>
    /// <returns>Null when the key is none of its algorithm.</returns>
    public static PublicKey? Import(DkimAlgorithm algorithm, byte[] publicKey)
    {
        try
        {
            if (algorithm == DkimAlgorithm.Ed25519Sha256) return publicKey.Length == 32 ? new PublicKey(null, new Ed25519PublicKeyParameters(publicKey), 256) : null;
            var rsa = RSA.Create();
            try { rsa.ImportSubjectPublicKeyInfo(publicKey, out _); }
            catch (CryptographicException) { rsa.ImportRSAPublicKey(publicKey, out _); }
            return new PublicKey(rsa, null, rsa.KeySize);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException) { return null; }
    }

    internal sealed class PublicKey(RSA? rsa, Ed25519PublicKeyParameters? ed25519, int bits) : IDisposable
    {
        public int Bits => bits;

        public bool Verify(ReadOnlySpan<byte> data, byte[] signature)
        {
            if (rsa is not null) return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var hash = SHA256.HashData(data);
            return signature.Length == 64 && ed25519!.Verify(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519, null, hash, 0, hash.Length, signature, 0);
        }

        public void Dispose() => rsa?.Dispose();
    }
}
