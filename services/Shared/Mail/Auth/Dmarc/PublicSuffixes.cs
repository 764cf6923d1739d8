using Merpati.Addresses;

namespace Merpati.Mail.Auth;

/// <summary>
/// Where domains are registered (publicsuffix.org). The list is the snapshot that Debian's package <c>publicsuffix</c> has (MPL 2.0), built in:
/// a verdict must not depend on a download.
/// </summary>
public static class PublicSuffixes
{
    private static readonly Lazy<HashSet<string>> Rules = new(Load);

    /// <summary>The organizational domain (RFC 7489 §3.2): one label more than the public suffix; the domain itself when it is a suffix.</summary>
    /// <param name="domain">In any form.</param>
    public static string OrganizationalDomain(string domain)
    {
        var name = DomainName.Normalize(domain);
        var labels = name.Split('.');
        var suffix = SuffixLabels(labels);
        return suffix >= labels.Length ? name : string.Join('.', labels[^(suffix + 1)..]);
    }

    /// <summary>The two have the same organizational domain: what is said in the name of one is said in that of the other (RFC 7489 §3.1).</summary>
    public static bool AreOfOneOrganization(string domain, string other) => OrganizationalDomain(domain) == OrganizationalDomain(other);

    /// <summary>The last label is one that there is: the text may be the name of a host.</summary>
    /// <param name="domain">In any form.</param>
    public static bool HasKnownTop(string domain)
    {
        var name = DomainName.Normalize(domain);
        return Rules.Value.Contains(name[(name.LastIndexOf('.') + 1)..]);
    }

    /// <summary>Labels of the longest rule that fits; a top-level domain without a rule is a suffix.</summary>
    private static int SuffixLabels(string[] labels)
    {
        for (var i = 0; i < labels.Length; i++)
        {
            var rest = string.Join('.', labels[i..]);
            if (Rules.Value.Contains("!" + rest)) return labels.Length - i - 1;
            if (Rules.Value.Contains(rest)) return labels.Length - i;
            if (i + 1 < labels.Length && Rules.Value.Contains("*." + string.Join('.', labels[(i + 1)..]))) return labels.Length - i;
        }
        return 1;
    }

    private static HashSet<string> Load()
    {
        using var stream = typeof(PublicSuffixes).Assembly.GetManifestResourceStream("public_suffix_list.dat") ?? throw new InvalidOperationException("The public suffix list is not built in.");
        using var reader = new StreamReader(stream);
        var rules = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var rule = line.Trim();
            if (rule.Length > 0 && !rule.StartsWith("//", StringComparison.Ordinal)) rules.Add(rule);
        }
        return rules;
    }
}
