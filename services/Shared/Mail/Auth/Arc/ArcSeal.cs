using Merpati.Signing;

namespace Merpati.Mail.Auth;

/// <summary>The tags of an ARC-Seal field (RFC 8617 §4.1.3).</summary>
internal sealed record ArcSeal
{
    public string? Fault { get; init; }

    public string Domain { get; init; } = "";

    public string Selector { get; init; } = "";

    public DkimAlgorithm Algorithm { get; init; }

    public byte[] Signature { get; init; } = [];

    /// <summary>What the sealer found: none, pass or fail.</summary>
    public string ChainValidation { get; init; } = "";

    public static ArcSeal Parse(RawField field)
    {
        if (!TagList.TryParse(field.Text, out var tags)) return new ArcSeal { Fault = "the list of tags is malformed" };
        var seal = new ArcSeal { ChainValidation = tags["cv"] ?? "", Domain = tags["d"]?.ToLowerInvariant() ?? "", Selector = tags["s"]?.ToLowerInvariant() ?? "", Signature = tags.Octets("b") ?? [] };
        if (!DkimSignature.TryAlgorithm(tags["a"], out var algorithm)) return seal with { Fault = "a= is missing or unknown" };
        if (seal.Signature.Length == 0) return seal with { Fault = "b= is missing or no base64" };
        if (!DkimSignature.IsDomain(seal.Domain)) return seal with { Fault = "d= is missing or no domain" };
        if (!DkimSignature.IsDomain(seal.Selector, single: true)) return seal with { Fault = "s= is missing or no selector" };
        if (seal.ChainValidation is not ("none" or "pass" or "fail")) return seal with { Fault = "cv= is missing or unknown" };
        if (tags.Has("h") || tags.Has("bh")) return seal with { Fault = "h= or bh= has no place here" };
        return DkimSignature.TryNumber(tags["t"], out _) ? seal with { Algorithm = algorithm } : seal with { Fault = "t= is no number" };
    }
}
