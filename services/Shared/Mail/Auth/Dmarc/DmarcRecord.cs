using System.Globalization;

namespace Merpati.Mail.Auth;

/// <summary>What the domain of an author wants done with mail that is not its own (RFC 7489 §6.3).</summary>
public enum DmarcPolicy
{
    None,
    Quarantine,
    Reject,
}

/// <summary>A record at <c>_dmarc.domain</c>.</summary>
/// <param name="Subdomains">For names below the domain, <c>sp=</c>.</param>
/// <param name="Missing">For names below it that do not exist, <c>np=</c> (RFC 9091); null when it does not say.</param>
/// <param name="Percent">Share of failing messages to which the policy applies, <c>pct=</c>.</param>
/// <param name="Testing">The policy is one step milder than it says, <c>t=y</c>.</param>
/// <param name="Reports">Where aggregate reports go, <c>rua=</c>.</param>
public sealed record DmarcRecord(DmarcPolicy Policy, DmarcPolicy Subdomains, DmarcPolicy? Missing, bool StrictDkim, bool StrictSpf, int Percent, bool Testing, IReadOnlyList<DmarcReportUri> Reports)
{
    /// <summary>As it stands in DNS.</summary>
    public string Text { get; init; } = "";

    /// <summary>How it was found.</summary>
    public DmarcDiscovery Discovery { get; init; }

    /// <summary>The version stands first, in this case, and then a semicolon or the end (RFC 7489 §6.4).</summary>
    public static bool Is(string text)
    {
        var first = text.Split(';', 2)[0].Split('=', 2);
        return first.Length == 2 && first[0].Trim() == "v" && first[1].Trim() == "DMARC1";
    }

    /// <summary>Whether the domain of a record is a public suffix, <c>psd=</c>; null when it does not say (RFC 9989 §4.7).</summary>
    public static bool? IsOfSuffix(string text) => Tags(text).GetValueOrDefault("psd") switch
    {
        "y" or "Y" => true,
        "n" or "N" => false,
        _ => null,
    };

    /// <summary>What is wrong in a record is as if it were not there; without a policy that can be read it is one for reports alone, or none at all (RFC 9989 §4.10.1, RFC 7489 §6.6.3).</summary>
    public static DmarcRecord? Parse(string text)
    {
        if (!Is(text)) return null;
        var tags = Tags(text);
        var reports = DmarcReportUri.Parse(tags.GetValueOrDefault("rua"));
        var policy = Policy("p");
        // A policy for names below that cannot be read counts as one for the domain that cannot.
        if (policy is null || tags.ContainsKey("sp") && Policy("sp") is null || tags.ContainsKey("np") && Policy("np") is null)
        {
            if (reports.Count == 0) return null;
            return new DmarcRecord(DmarcPolicy.None, DmarcPolicy.None, null, Strict("adkim"), Strict("aspf"), 100, Testing: false, reports) { Text = text };
        }
        var percent = tags.TryGetValue("pct", out var pct) && int.TryParse(pct, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 100 ? number : 100;
        return new DmarcRecord(policy.Value, Policy("sp") ?? policy.Value, Policy("np"), Strict("adkim"), Strict("aspf"), percent, tags.GetValueOrDefault("t") is "y" or "Y", reports) { Text = text };

        bool Strict(string name) => tags.GetValueOrDefault(name) is "s" or "S";

        DmarcPolicy? Policy(string name) => tags.GetValueOrDefault(name)?.ToLowerInvariant() switch
        {
            "none" => DmarcPolicy.None,
            "quarantine" => DmarcPolicy.Quarantine,
            "reject" => DmarcPolicy.Reject,
            _ => null,
        };
    }

    /// <summary>The tags of a record by name; of several alike the first counts.</summary>
    internal static Dictionary<string, string> Tags(string text)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split(';'))
        {
            var pair = part.Split('=', 2);
            if (pair.Length == 2) tags.TryAdd(pair[0].Trim().ToLowerInvariant(), pair[1].Trim());
        }
        return tags;
    }
}
