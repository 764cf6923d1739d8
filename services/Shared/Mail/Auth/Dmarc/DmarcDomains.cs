using Merpati.Addresses;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>How it is found where the domains of an organization begin. The numbers are kept in stores.</summary>
public enum DmarcDiscovery
{
    /// <summary>RFC 7489 §3.2: one label more than the public suffix (<see cref="PublicSuffixes"/>).</summary>
    PublicSuffixList,

    /// <summary>RFC 9989 §4.10: by the DMARC records that are in DNS above the domain.</summary>
    TreeWalk,
}

/// <summary>What DNS has at <c>_dmarc.domain</c>.</summary>
/// <param name="Text">Null without a record, or with several.</param>
/// <param name="Failure">Why DNS did not say; null when it did.</param>
public readonly record struct DmarcFound(string? Text, string? Failure);

/// <summary>Whose a domain is.</summary>
/// <param name="Domain">The organizational domain.</param>
/// <param name="Suffix">The public suffix domain above it, when its record says that it is one (<c>psd=y</c>).</param>
/// <param name="Failure">Why DNS did not say; null when it did.</param>
public readonly record struct DmarcOrganization(string Domain, string? Suffix, string? Failure);

/// <summary>
/// DMARC records and organizational domains. What was asked is kept: one of these serves one message (or one report), in which the same names come again and again. Not for several threads.
/// </summary>
public sealed class DmarcDomains(IMailDns dns, DmarcDiscovery discovery)
{
    // RFC 9989 §4.10: no more than eight questions for a domain; after the first, what is longer is cut to seven labels.
    private const int LabelsAfterFirst = 7;

    private readonly Dictionary<string, DmarcFound> _asked = new(StringComparer.Ordinal);

    public DmarcDiscovery Discovery => discovery;

    /// <param name="domain">As <see cref="DomainName.Normalize"/> has it.</param>
    public async ValueTask<DmarcFound> RecordAsync(string domain, CancellationToken cancellationToken)
    {
        if (!_asked.TryGetValue(domain, out var found)) _asked[domain] = found = await AskAsync(domain, cancellationToken);
        return found;
    }

    /// <param name="domain">As <see cref="DomainName.Normalize"/> has it.</param>
    public ValueTask<DmarcOrganization> OrganizationAsync(string domain, CancellationToken cancellationToken)
        => discovery == DmarcDiscovery.TreeWalk ? WalkAsync(domain, cancellationToken) : new(new DmarcOrganization(PublicSuffixes.OrganizationalDomain(domain), null, null));

    /// <summary>The two have the same organizational domain; null when DNS does not say.</summary>
    /// <param name="domain">As <see cref="DomainName.Normalize"/> has it; so <paramref name="other"/>.</param>
    public async ValueTask<bool?> AreOfOneOrganizationAsync(string domain, string other, CancellationToken cancellationToken)
    {
        if (domain == other) return true;
        // A domain is its organization or below it: what ends in other letters costs no question.
        if (domain[(domain.LastIndexOf('.') + 1)..] != other[(other.LastIndexOf('.') + 1)..]) return false;
        var one = await OrganizationAsync(domain, cancellationToken);
        if (one.Failure is not null) return null;
        if (other != one.Domain && !other.EndsWith("." + one.Domain, StringComparison.Ordinal)) return false;
        var two = await OrganizationAsync(other, cancellationToken);
        return two.Failure is null ? two.Domain == one.Domain : null;
    }

    /// <summary>RFC 9989 §4.10, and §4.10.2 for what follows from it: the walk ends at the first record that says whether it is one of a suffix; else the highest one is that of the organization.</summary>
    private async ValueTask<DmarcOrganization> WalkAsync(string domain, CancellationToken cancellationToken)
    {
        var labels = domain.Split('.');
        var organization = domain;
        for (var skipped = 0; skipped < labels.Length; skipped = Math.Max(skipped + 1, labels.Length - LabelsAfterFirst))
        {
            var name = Name(skipped);
            var found = await RecordAsync(name, cancellationToken);
            if (found.Failure is { } failure) return new DmarcOrganization(domain, null, failure);
            if (found.Text is not { } text) continue;
            switch (DmarcRecord.IsOfSuffix(text))
            {
                case false:
                    return new DmarcOrganization(name, null, null);
                // A suffix that sends mail itself is an organization of its own.
                case true:
                    return skipped == 0 ? new DmarcOrganization(domain, null, null) : new DmarcOrganization(Name(skipped - 1), name, null);
                default:
                    organization = name;
                    break;
            }
        }
        return new DmarcOrganization(organization, null, null);

        string Name(int without) => string.Join('.', labels[without..]);
    }

    private async ValueTask<DmarcFound> AskAsync(string domain, CancellationToken cancellationToken)
    {
        switch (await dns.TextsAsync("_dmarc." + (DomainName.ToAscii(domain) ?? domain), cancellationToken))
        {
            case DnsAnswer<string>.Temporary failure:
                return new DmarcFound(null, failure.Reason);
            case DnsAnswer<string>.Found { Records: var texts }:
                // Several are as good as none (RFC 9989 §4.10, RFC 7489 §6.6.3).
                string[] records = [.. texts.Where(DmarcRecord.Is)];
                return new DmarcFound(records.Length == 1 ? records[0] : null, null);
            default:
                return default;
        }
    }
}
