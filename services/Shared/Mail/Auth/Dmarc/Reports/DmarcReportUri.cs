using System.Globalization;
using Merpati.Addresses;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>Where a domain wants its aggregate reports: a <c>mailto:</c> of <c>rua=</c> (RFC 7489 §6.2, RFC 9989). Other schemes are not known.</summary>
/// <param name="MaxOctets">A larger mail is not to be sent there; null without a limit.</param>
public sealed record DmarcReportUri(EmailAddress Address, long? MaxOctets)
{
    // Two have to be served (RFC 7489 §6.2); whoever names more than this wants something else from us.
    private const int MaxTargets = 5;
    private const string Scheme = "mailto:";

    /// <summary>Those of the list that can be used, in its order.</summary>
    /// <param name="list">The value of <c>rua=</c>: a comma or an exclamation mark within a URI is written in its percent form.</param>
    public static IReadOnlyList<DmarcReportUri> Parse(string? list)
        => list is null ? [] : [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseOne).OfType<DmarcReportUri>().Distinct().Take(MaxTargets)];

    /// <summary>
    /// Where the reports about a domain go in truth (RFC 9990 §4, RFC 7489 §7.1): an address elsewhere has to say in DNS that it wants them, and may name another one at the same host.
    /// </summary>
    /// <param name="policyDomain">Where the record was found.</param>
    /// <param name="discovery">How that was.</param>
    /// <returns>No targets when the other side does not want any; null when DNS does not say.</returns>
    public async ValueTask<IReadOnlyList<DmarcReportUri>?> VerifyAsync(string policyDomain, DmarcDiscovery discovery, IMailDns dns, CancellationToken cancellationToken)
    {
        switch (await new DmarcDomains(dns, discovery).AreOfOneOrganizationAsync(DomainName.Normalize(policyDomain), DomainName.Normalize(Address.Domain), cancellationToken))
        {
            case true: return [this];
            case null: return null;
        }
        if (DomainName.ToAscii(policyDomain) is not { } about || DomainName.ToAscii(Address.Domain) is not { } host) return [];
        var name = $"{about}._report._dmarc.{host}";
        if (name.Length > 253) return [];
        switch (await dns.TextsAsync(name, cancellationToken))
        {
            case DnsAnswer<string>.Temporary:
                return null;
            case DnsAnswer<string>.Found { Records: var texts }:
                string[] records = [.. texts.Where(DmarcRecord.Is)];
                if (records.Length == 0) return [];
                var others = records.Select(record => DmarcRecord.Tags(record).GetValueOrDefault("rua")).Where(rua => rua is not null).SelectMany(Parse).Distinct().Take(MaxTargets).ToList();
                // To another host again would be a way to send reports to anybody: then nobody gets one.
                return others.Count == 0 ? [this] : others.TrueForAll(other => other.Address.Domain == Address.Domain) ? others : [];
            default:
                return [];
        }
    }

    private static DmarcReportUri? ParseOne(string uri)
    {
        if (!uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var parts = uri[Scheme.Length..].Split('!');
        if (parts.Length > 2 || !EmailAddress.TryParse(Uri.UnescapeDataString(parts[0].Split('?')[0]), out var address)) return null;
        if (parts.Length == 1) return new DmarcReportUri(address, null);
        return Octets(parts[1]) is { } limit ? new DmarcReportUri(address, limit) : null;
    }

    /// <summary>A number and a unit: <c>k</c>, <c>m</c>, <c>g</c> and <c>t</c> are powers of 1024.</summary>
    private static long? Octets(string limit)
    {
        var shift = limit.Length == 0 ? 0 : char.ToLowerInvariant(limit[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        var digits = shift == 0 ? limit : limit[..^1];
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (long)Math.Min((decimal)number * (1L << shift), long.MaxValue) : null;
    }
}
