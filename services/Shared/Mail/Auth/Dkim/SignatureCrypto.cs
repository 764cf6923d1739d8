using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Merpati.Mail.Dns;
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

    /// <summary>Reading a key of RSA costs several times what verifying with it does, and most mail is signed by few keys. What strangers can fill it with is bounded.</summary>
    private static readonly BoundedCache<(DkimAlgorithm, string), PublicKey> Imported = new(maxEntries: 2000, maxOctets: 4 * 1024 * 1024);

    /// <param name="publicKey">Of RSA a SubjectPublicKeyInfo or an RSAPublicKey (RFC 6376 §3.6.1 and its erratum 3017), of Ed25519 32 octets.</param>
    /// <returns>Null when the key is none of its algorithm.</returns>
    public static PublicKey? Import(DkimAlgorithm algorithm, byte[] publicKey)
    {
        var name = (algorithm, Convert.ToBase64String(publicKey));
        if (Imported.TryGet(name, DateTimeOffset.MinValue, out var known)) return known;
        if (PublicKey.Read(algorithm, publicKey) is not { } key) return null;
        Imported.Put(name, key, DateTimeOffset.MaxValue, publicKey.Length);
        return key;
    }

    /// <summary>The key of somebody who signs. Thread-safe as <see cref="PrivateKey"/> is.</summary>
    internal sealed class PublicKey
    {
        private readonly byte[] _octets;
        private readonly ConcurrentBag<RSA> _idle = [];
        private readonly Ed25519PublicKeyParameters? _ed25519;

        private PublicKey(byte[] octets, RSA rsa)
        {
            (_octets, Bits) = (octets, rsa.KeySize);
            _idle.Add(rsa);
        }

        private PublicKey(byte[] octets) => (_octets, _ed25519, Bits) = (octets, new Ed25519PublicKeyParameters(octets), 256);

        public int Bits { get; }

        public static PublicKey? Read(DkimAlgorithm algorithm, byte[] octets)
        {
            try
            {
                if (algorithm == DkimAlgorithm.Ed25519Sha256) return octets.Length == 32 ? new PublicKey(octets) : null;
                return new PublicKey(octets, ReadRsa(octets));
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException) { return null; }
        }

        public bool Verify(ReadOnlySpan<byte> data, byte[] signature)
        {
            if (_ed25519 is not null)
            {
                var hash = SHA256.HashData(data);
                return signature.Length == 64 && _ed25519.Verify(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519, null, hash, 0, hash.Length, signature, 0);
            }
            if (!_idle.TryTake(out var rsa)) rsa = ReadRsa(_octets);
            try { return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1); }
            finally { _idle.Add(rsa); }
        }

        private static RSA ReadRsa(byte[] octets)
        {
            var rsa = RSA.Create();
            try { rsa.ImportSubjectPublicKeyInfo(octets, out _); }
            catch (CryptographicException) { rsa.ImportRSAPublicKey(octets, out _); }
            return rsa;
        }
    }
}
