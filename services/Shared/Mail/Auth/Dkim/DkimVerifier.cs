using System.Buffers;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>What we ask of signatures beyond the RFC.</summary>
/// <param name="MaxSignatures">Signatures of one message that are verified, from the top; the others are as if they were not there.</param>
/// <param name="MinRsaBits">RFC 8301 §3.2 wants at least 1024.</param>
/// <param name="AcceptPartialBody">Whether a body may go on after what <c>l=</c> covers: whoever may append to a signed message may replace what a reader sees (RFC 6376 §8.2).</param>
public sealed record DkimPolicy(int MaxSignatures, int MinRsaBits, bool AcceptPartialBody)
{
    /// <summary>As the RFCs have it.</summary>
    public static DkimPolicy Standard { get; } = new(10, 1024, AcceptPartialBody: true);
}

/// <summary>What became of one DKIM signature.</summary>
/// <param name="Domain">The <c>d=</c>, in lower case; empty when it has none.</param>
/// <param name="Identity">The <c>i=</c>, or the domain with an at sign before it.</param>
/// <param name="Reason">In words; null for a pass.</param>
/// <param name="Testing">The domain says that it is trying DKIM out (<c>t=y</c>): a failure means nothing.</param>
/// <param name="KeyBits">Size of the key; null when it was not found.</param>
public sealed record DkimResult(AuthResult Result, string Domain, string Selector, string Identity, string Algorithm, string SignaturePrefix, string? Reason, bool Testing, int? KeyBits);

/// <summary>Verifies the DKIM signatures of a message (RFC 6376 §6.1). A result for every signature, never an exception.</summary>
public static class DkimVerifier
{
    /// <returns>One for each signature that was looked at, from the top; none for a message without.</returns>
    public static async ValueTask<IReadOnlyList<DkimResult>> VerifyAsync(ReceivedMessage message, IMailDns dns, DkimPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var results = new DkimResult[message.Signatures.Count];
        // The keys are looked up side by side.
        await Task.WhenAll(message.Signatures.Select(async (signature, i) => results[i] = await VerifyAsync(message, signature, dns, policy, now, cancellationToken)));
        return results;
    }

    /// <summary>A temporary error for each signature: there was no time to look.</summary>
    public static IReadOnlyList<DkimResult> Unknown(ReceivedMessage message, string reason)
        => [.. message.Signatures.Select(one => new DkimResult(AuthResult.TempError, one.Domain, one.Selector, one.Identity, one.AlgorithmName, one.Prefix, reason, Testing: false, KeyBits: null))];

    internal static async Task<DkimResult> VerifyAsync(ReceivedMessage message, DkimSignature signature, IMailDns dns, DkimPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        DkimKeyRecord? record = null;
        int? bits = null;
        if (signature.Fault is { } fault) return Result(AuthResult.PermError, fault);
        if (signature.Expires <= now) return Result(AuthResult.Fail, "signature expired");
        (record, var missing) = await DkimKeyRecord.FindAsync(dns, signature.Selector, signature.Domain, signature.Algorithm, cancellationToken);
        if (record is null) return Result(missing!.Temporary ? AuthResult.TempError : AuthResult.PermError, missing.Reason);
        if (record.Strict && !signature.Identity.EndsWith("@" + signature.Domain, StringComparison.OrdinalIgnoreCase)) return Result(AuthResult.PermError, "the key is not for subdomains");
        var key = SignatureCrypto.Import(record.Algorithm, record.PublicKey);
        if (key is null) return Result(AuthResult.PermError, "the key is malformed");
        bits = key.Bits;
        if (record.Algorithm == Signing.DkimAlgorithm.RsaSha256 && key.Bits < policy.MinRsaBits) return Result(AuthResult.Policy, $"a key of {key.Bits} bits is too small");
        var (hash, length) = message.BodyHash(signature.Body, signature.BodyLength);
        if (signature.BodyLength > length) return Result(AuthResult.PermError, "l= is more than the body");
        if (!hash.AsSpan().SequenceEqual(signature.BodyHash)) return Result(AuthResult.Fail, "body hash did not verify");
        var data = new ArrayBufferWriter<byte>(4096);
        SignedFields.Write(message.Fields, signature.SignedNames, signature.Header, data);
        CanonicalHeader.WriteSignature(signature.Field, signature.Header, data);
        if (!key.Verify(data.WrittenSpan, signature.Signature)) return Result(AuthResult.Fail, "signature did not verify");
        return signature.BodyLength < length && !policy.AcceptPartialBody
            ? Result(AuthResult.Policy, "the body goes on after what is signed (l=)")
            : Result(AuthResult.Pass, null);

        DkimResult Result(AuthResult result, string? reason)
            => new(result, signature.Domain, signature.Selector, signature.Identity, signature.AlgorithmName, signature.Prefix, reason, record?.Testing ?? false, bits);
    }
}
