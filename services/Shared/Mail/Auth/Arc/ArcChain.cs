using System.Globalization;

namespace Merpati.Mail.Auth;

/// <summary>The three fields that one sealer adds (RFC 8617 §4.2).</summary>
internal sealed record ArcSet(int Instance, RawField Results, RawField MessageSignature, RawField Seal)
{
    /// <summary>The text of ARC-Authentication-Results behind the instance, folding included.</summary>
    public string ResultsText => Results.Text is var text ? text[(text.IndexOf(';', StringComparison.Ordinal) + 1)..] : "";
}

/// <summary>The ARC sets of a message, put in order, or what is wrong with their structure (RFC 8617 §5.2 steps 1 to 3).</summary>
internal sealed record ArcChain
{
    // RFC 8617 §4.2.1.
    public const int MaxSets = 50;

    public static ArcChain None { get; } = new();

    /// <summary>From the first to the newest.</summary>
    public IReadOnlyList<ArcSet> Sets { get; private init; } = [];

    /// <summary>The newest message signature, which is the one that must hold; null without a chain.</summary>
    public DkimSignature? Newest { get; private init; }

    /// <summary>The highest instance that any field claims.</summary>
    public int HighestInstance { get; private init; }

    public string? Fault { get; private init; }

    public static ArcChain Read(IReadOnlyList<RawField> fields)
    {
        var results = new SortedDictionary<int, RawField>();
        var signatures = new SortedDictionary<int, RawField>();
        var seals = new SortedDictionary<int, RawField>();
        string? fault = null;
        foreach (var field in fields)
        {
            var (kind, name) = field.Is("ARC-Seal") ? (seals, "ARC-Seal") : field.Is("ARC-Message-Signature") ? (signatures, "ARC-Message-Signature")
                : field.Is("ARC-Authentication-Results") ? (results, "ARC-Authentication-Results") : (null, "");
            if (kind is null) continue;
            if (Instance(field, tagList: kind != results) is not { } instance) fault ??= $"an {name} has no instance";
            else if (!kind.TryAdd(instance, field)) fault ??= $"{name} of instance {instance} stands twice";
        }
        var highest = results.Keys.Concat(signatures.Keys).Concat(seals.Keys).DefaultIfEmpty(0).Max();
        if (highest == 0 && fault is null) return None;
        if (highest > MaxSets) fault ??= $"more than {MaxSets} instances";
        var sets = new List<ArcSet>();
        for (var i = 1; i <= highest && fault is null; i++)
        {
            if (results.TryGetValue(i, out var result) && signatures.TryGetValue(i, out var signature) && seals.TryGetValue(i, out var seal)) sets.Add(new ArcSet(i, result, signature, seal));
            else fault = $"the set of instance {i} is not whole";
        }
        return fault is not null
            ? new ArcChain { Fault = fault, HighestInstance = highest }
            : new ArcChain { Sets = sets, Newest = DkimSignature.Parse(sets[^1].MessageSignature, arc: true), HighestInstance = highest };
    }

    /// <summary>1 to 999 in the <c>i=</c> that every ARC field has; in ARC-Authentication-Results it comes first (§4.1.1).</summary>
    private static int? Instance(RawField field, bool tagList)
    {
        string? text;
        if (tagList)
        {
            text = TagList.TryParse(field.Text, out var tags) ? tags["i"] : null;
        }
        else
        {
            var whole = field.Text;
            var semicolon = whole.IndexOf(';', StringComparison.Ordinal);
            var parts = semicolon < 0 ? [] : whole[..semicolon].Split('=', 2);
            text = parts.Length == 2 && parts[0].Trim() == "i" ? parts[1].Trim() : null;
        }
        return text is { Length: > 0 and <= 3 } && text.All(char.IsAsciiDigit) && int.Parse(text, CultureInfo.InvariantCulture) is var instance and > 0 ? instance : null;
    }
}
