using System.Buffers;
using System.Globalization;
using Merpati.Addresses;
using Merpati.Signing;

namespace Merpati.Mail.Auth;

/// <summary>How a domain signs.</summary>
/// <param name="Time">The <c>t=</c> of RFC 6376 §3.5.</param>
/// <param name="Lifetime">The <c>x=</c>, counted from <paramref name="Time"/>; null for a signature that does not expire.</param>
/// <param name="MoreFields">Names of header fields to sign besides the usual ones.</param>
public sealed record DkimSigning(DateTimeOffset Time, TimeSpan? Lifetime, Canonicalization Header, IReadOnlyList<string> MoreFields)
{
    /// <summary>Relaxed, without an end.</summary>
    public static DkimSigning At(DateTimeOffset time) => new(time, Lifetime: null, Canonicalization.Relaxed, []);
}

/// <summary>Makes DKIM-Signature fields (RFC 6376 §5, RFC 8301, RFC 8463). Pure: a digest and keys in, header octets out.</summary>
public static class DkimSigner
{
    /// <summary>One field a key, each with its CRLF, to be put before the message whose digest this is.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A private key is none.</exception>
    public static ReadOnlyMemory<byte> Sign(MessageDigest message, IReadOnlyList<DkimSigningKey> keys, DkimSigning signing)
    {
        var names = SignedFields.Choose(message.Fields, signing.MoreFields);
        var data = new ArrayBufferWriter<byte>(4096);
        SignedFields.Write(message.Fields, names, signing.Header, data);
        var common = data.WrittenCount;
        var result = new ArrayBufferWriter<byte>(1024 * keys.Count + 1);
        foreach (var key in keys)
        {
            var field = new FoldedField("DKIM-Signature")
                .Tag("v", "1").Tag("a", Name(key.Algorithm)).Tag("c", $"{Name(signing.Header)}/{Name(message.Body)}")
                .Tag("d", Domain(key)).Tag("s", key.Selector)
                .Tag("t", Seconds(signing.Time));
            if (signing.Lifetime is { } lifetime) field.Tag("x", Seconds(signing.Time + lifetime));
            field.Words("h", names).Tag("bh", Convert.ToBase64String(message.BodyHash));
            result.Write(SignField(field, key, data, signing.Header));
            // The next key signs the same fields, and not this signature.
            Truncate(ref data, common);
        }
        return result.WrittenMemory;
    }

    internal static string Name(DkimAlgorithm algorithm) => algorithm switch
    {
        DkimAlgorithm.RsaSha256 => "rsa-sha256",
        DkimAlgorithm.Ed25519Sha256 => "ed25519-sha256",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>In A-labels: no verifier has trouble with those.</summary>
    internal static string Domain(DkimSigningKey key) => DomainName.ToAscii(key.Domain) ?? key.Domain;

    internal static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <param name="data">The canonical fields before this one; the field itself is added.</param>
    internal static byte[] SignField(FoldedField field, DkimSigningKey key, ArrayBufferWriter<byte> data, Canonicalization canonicalization)
    {
        CanonicalHeader.WriteSignature(RawHeader.Fields(field.Unsigned())[0], canonicalization, data);
        return field.Signed(SignatureCrypto.Sign(key, data.WrittenSpan));
    }

    internal static string Name(Canonicalization canonicalization) => canonicalization == Canonicalization.Simple ? "simple" : "relaxed";

    private static void Truncate(ref ArrayBufferWriter<byte> data, int length)
    {
        var rest = new ArrayBufferWriter<byte>(Math.Max(length, 1) + 1024);
        rest.Write(data.WrittenSpan[..length]);
        data = rest;
    }
}
