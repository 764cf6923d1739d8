using System.Buffers;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>What an ARC chain is worth.</summary>
/// <param name="Result">None, pass, fail; temperror when a key was not to be had for now.</param>
/// <param name="Instances">The highest instance.</param>
/// <param name="Sealers">The domains that sealed, from the first to the newest, when the chain passed.</param>
public sealed record ArcResult(AuthResult Result, string? Reason, int Instances, IReadOnlyList<string> Sealers)
{
    /// <summary>What the newest sealer saw, as it wrote it; null unless the chain passed.</summary>
    public string? NewestResults { get; init; }
}

/// <summary>Validates an ARC chain (RFC 8617 §5.2). A result for every message, never an exception.</summary>
public static class ArcVerifier
{
    public static async ValueTask<ArcResult> VerifyAsync(ReceivedMessage message, IMailDns dns, DkimPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var chain = message.Arc;
        if (chain.Fault is { } fault) return Fail(fault);
        if (chain.Sets.Count == 0) return new ArcResult(AuthResult.None, null, 0, []);
        var seals = chain.Sets.Select(set => (Set: set, Seal: ArcSeal.Parse(set.Seal))).ToList();
        // Step 1: whoever saw the chain broken said so, and nothing mends it.
        if (seals[^1].Seal.ChainValidation == "fail") return Fail($"the sealer of instance {chain.Sets.Count} saw the chain broken");
        foreach (var (set, seal) in seals)
        {
            if (seal.Fault is { } broken) return Fail($"ARC-Seal of instance {set.Instance}: {broken}");
            if (seal.ChainValidation != (set.Instance == 1 ? "none" : "pass")) return Fail($"ARC-Seal of instance {set.Instance} says cv={seal.ChainValidation}");
        }
        // Step 4: the newest message signature. The older ones may have been broken by the sealers that followed.
        var signature = chain.Newest!;
        var newest = await DkimVerifier.VerifyAsync(message, signature, dns, policy, now, cancellationToken);
        if (newest.Result != AuthResult.Pass) return Failed(newest.Result, $"ARC-Message-Signature of instance {chain.Sets.Count}: {newest.Reason}");
        // Step 6: every seal, the newest first.
        var checks = await Task.WhenAll(seals.Select(one => VerifySealAsync(chain, one.Seal, one.Set.Instance, dns, policy, cancellationToken)));
        for (var i = checks.Length - 1; i >= 0; i--)
        {
            if (checks[i].Result != AuthResult.Pass) return Failed(checks[i].Result, $"ARC-Seal of instance {i + 1}: {checks[i].Reason}");
        }
        return new ArcResult(AuthResult.Pass, null, chain.Sets.Count, [.. seals.Select(one => one.Seal.Domain)]) { NewestResults = chain.Sets[^1].ResultsText };

        ArcResult Fail(string reason) => new(AuthResult.Fail, reason, chain.HighestInstance, []);
        ArcResult Failed(AuthResult result, string reason) => result == AuthResult.TempError ? new ArcResult(AuthResult.TempError, reason, chain.HighestInstance, []) : Fail(reason);
    }

    private static async Task<(AuthResult Result, string? Reason)> VerifySealAsync(ArcChain chain, ArcSeal seal, int instance, IMailDns dns, DkimPolicy policy, CancellationToken cancellationToken)
    {
        var (record, missing) = await DkimKeyRecord.FindAsync(dns, seal.Selector, seal.Domain, seal.Algorithm, cancellationToken);
        if (record is null) return (missing!.Temporary ? AuthResult.TempError : AuthResult.PermError, missing.Reason);
        var key = SignatureCrypto.Import(record.Algorithm, record.PublicKey);
        if (key is null) return (AuthResult.PermError, "the key is malformed");
        if (record.Algorithm == Signing.DkimAlgorithm.RsaSha256 && key.Bits < policy.MinRsaBits) return (AuthResult.Policy, $"a key of {key.Bits} bits is too small");
        var data = new ArrayBufferWriter<byte>(4096);
        WriteSealed(chain.Sets.Take(instance - 1), data);
        var set = chain.Sets[instance - 1];
        CanonicalHeader.Write(set.Results, Canonicalization.Relaxed, data);
        CanonicalHeader.Write(set.MessageSignature, Canonicalization.Relaxed, data);
        CanonicalHeader.WriteSignature(set.Seal, Canonicalization.Relaxed, data);
        return key.Verify(data.WrittenSpan, seal.Signature) ? (AuthResult.Pass, null) : (AuthResult.Fail, "signature did not verify");
    }

    /// <summary>What a seal covers of the sets before its own (RFC 8617 §5.1.1).</summary>
    internal static void WriteSealed(IEnumerable<ArcSet> sets, IBufferWriter<byte> to)
    {
        foreach (var set in sets)
        {
            CanonicalHeader.Write(set.Results, Canonicalization.Relaxed, to);
            CanonicalHeader.Write(set.MessageSignature, Canonicalization.Relaxed, to);
            CanonicalHeader.Write(set.Seal, Canonicalization.Relaxed, to);
        }
    }
}
