using System.Globalization;
using Merpati.Addresses;
using Merpati.Signing;

namespace Merpati.Mail.Auth;

/// <summary>The tags of a DKIM-Signature field (RFC 6376 §3.5), or of an ARC-Message-Signature, which has the same (RFC 8617 §4.1.2).</summary>
internal sealed record DkimSignature
{
    public required RawField Field { get; init; }

    /// <summary>What makes it no signature that can be verified (§6.1.1), in words; null when nothing does. What is known of it is set all the same.</summary>
    public string? Fault { get; init; }

    public DkimAlgorithm Algorithm { get; init; }

    public string AlgorithmName { get; init; } = "";

    /// <summary>As written, in lower case.</summary>
    public string Domain { get; init; } = "";

    public string Selector { get; init; } = "";

    /// <summary>The <c>i=</c>: the domain with an at sign before it if the signature names no other.</summary>
    public string Identity { get; init; } = "";

    public byte[] Signature { get; init; } = [];

    public byte[] BodyHash { get; init; } = [];

    public IReadOnlyList<string> SignedNames { get; init; } = [];

    public Canonicalization Header { get; init; }

    public Canonicalization Body { get; init; }

    /// <summary>Octets of the canonical body that are signed, <c>l=</c>; null for all.</summary>
    public long? BodyLength { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>The first characters of the signature, which tell it from others of the same domain (RFC 6008).</summary>
    public string Prefix { get; init; } = "";

    /// <param name="arc">It is an ARC-Message-Signature: no version, an instance, and no identity.</param>
    public static DkimSignature Parse(RawField field, bool arc)
    {
        var signature = new DkimSignature { Field = field };
        if (!TagList.TryParse(field.Text, out var tags)) return signature with { Fault = "the list of tags is malformed" };
        signature = signature with
        {
            Domain = tags["d"]?.ToLowerInvariant() ?? "",
            Selector = tags["s"]?.ToLowerInvariant() ?? "",
            AlgorithmName = tags["a"] ?? "",
            Identity = tags["i"] is { } identity && !arc ? identity : "@" + tags["d"],
            Signature = tags.Octets("b") ?? [],
            BodyHash = tags.Octets("bh") ?? [],
            Prefix = new string([.. (tags["b"] ?? "").Where(c => c > ' ').Take(8)]),
        };
        return signature.Read(tags, arc, out var fault) is { } read ? read : signature with { Fault = fault };
    }

    private DkimSignature? Read(TagList tags, bool arc, out string fault)
    {
        fault = "";
        foreach (var required in arc ? (ReadOnlySpan<string>)["i", "a", "b", "bh", "d", "h", "s"] : ["v", "a", "b", "bh", "d", "h", "s"])
        {
            if (tags.Has(required)) continue;
            fault = $"{required}= is missing";
            return null;
        }
        if (!arc && tags["v"] != "1") fault = "v= is not 1";
        else if (!TryAlgorithm(AlgorithmName, out var algorithm)) fault = AlgorithmName == "rsa-sha1" ? "rsa-sha1 proves nothing any more (RFC 8301)" : "a= is unknown";
        else if (Signature.Length == 0) fault = "b= is no base64";
        else if (BodyHash.Length == 0) fault = "bh= is no base64";
        else if (!IsDomain(Domain)) fault = "d= is no domain";
        else if (!IsDomain(Selector, single: true)) fault = "s= is no selector";
        else if (!TryCanonicalization(tags["c"], out var header, out var body)) fault = "c= is unknown";
        else if (!TryNumber(tags["l"], out var length)) fault = "l= is no number";
        else if (!TryNumber(tags["t"], out var time)) fault = "t= is no number";
        else if (!TryNumber(tags["x"], out var expires)) fault = "x= is no number";
        else if (expires < time) fault = "x= is before t=";
        else if (tags["q"] is { } queries && !TagList.Words(queries).Contains("dns/txt")) fault = "q= has no dns/txt";
        else if (!arc && !IdentityFits()) fault = "i= is not of d=";
        else if (!TryNames(tags["h"]!, out var names)) fault = "h= is malformed";
        else if (!names.Contains("from", StringComparer.OrdinalIgnoreCase)) fault = "h= does not cover From";
        else if (arc && names.Contains("arc-seal", StringComparer.OrdinalIgnoreCase)) fault = "h= covers ARC-Seal";
        else
        {
            return this with
            {
                Algorithm = algorithm,
                SignedNames = names,
                Header = header,
                Body = body,
                BodyLength = length,
                // A time that no calendar has is never.
                Expires = expires is { } seconds && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null,
            };
        }
        return null;
    }

    internal static bool TryAlgorithm(string? name, out DkimAlgorithm algorithm)
    {
        algorithm = name == "ed25519-sha256" ? DkimAlgorithm.Ed25519Sha256 : DkimAlgorithm.RsaSha256;
        return name is "rsa-sha256" or "ed25519-sha256";
    }

    /// <summary>Labels of letters, digits, hyphens, underscores; U-labels too (RFC 8616).</summary>
    internal static bool IsDomain(string name, bool single = false)
    {
        if (name.Length is 0 or > 253) return false;
        var labels = name.Split('.');
        if (labels.Length < 2 && !single) return false;
        return labels.All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || c > '\x7f' && c != '\ufffd' && !char.IsWhiteSpace(c)));
    }

    internal static bool TryNumber(string? text, out long? number)
    {
        number = null;
        if (text is null) return true;
        // Up to 76 digits are allowed; what is beyond our numbers is as large as they get.
        if (text.Length is 0 or > 76 || !text.All(char.IsAsciiDigit)) return false;
        number = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : long.MaxValue;
        return true;
    }

    private static bool TryCanonicalization(string? text, out Canonicalization header, out Canonicalization body)
    {
        (header, body) = (Canonicalization.Simple, Canonicalization.Simple);
        if (text is null) return true;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return TryOne(slash < 0 ? text : text[..slash], out header) && (slash < 0 || TryOne(text[(slash + 1)..], out body));

        static bool TryOne(string name, out Canonicalization canonicalization)
        {
            canonicalization = name == "relaxed" ? Canonicalization.Relaxed : Canonicalization.Simple;
            return name is "relaxed" or "simple";
        }
    }

    /// <summary>Empty words are met and nothing.</summary>
    private static bool TryNames(string text, out IReadOnlyList<string> names)
    {
        names = [.. TagList.Words(text).Where(name => name.Length > 0)];
        return names.All(name => name.All(c => c is > ' ' and < '\x7f' and not (':' or ';')));
    }

    private bool IdentityFits()
    {
        var at = Identity.LastIndexOf('@');
        if (at < 0) return false;
        var domain = DomainName.Normalize(Identity[(at + 1)..]);
        var mine = DomainName.Normalize(Domain);
        return domain == mine || domain.EndsWith("." + mine, StringComparison.Ordinal);
    }
}
