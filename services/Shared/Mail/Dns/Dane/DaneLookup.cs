using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>What TLSA records say of a host (RFC 7672 §2.2).</summary>
public abstract record DaneResult
{
    private DaneResult() { }

    /// <summary>DANE is not for this host: some part of the way to it is not signed, or there are no records.</summary>
    public sealed record None : DaneResult;

    /// <summary>TLS, and the certificate has to match.</summary>
    /// <param name="All">As published, for reports.</param>
    public sealed record Records(TlsPolicy.Dane Policy, IReadOnlyList<TlsaRecord> All) : DaneResult;

    /// <summary>There are records, but none that we can use: TLS without authentication (§2.2).</summary>
    public sealed record Unusable(IReadOnlyList<TlsaRecord> All) : DaneResult;

    /// <summary>There may be records, but they cannot be had, or are forged: the host must not be used now (§2.2).</summary>
    public sealed record Failed(string Reason) : DaneResult;
}

/// <summary>Looks up the TLSA records of a host.</summary>
public sealed class DaneLookup(IMailDns dns)
{
    private const byte TrustAnchor = 2, EndEntity = 3;
    private const byte WholeCertificate = 0, PublicKey = 1;
    private const byte Full = 0, Sha256 = 1, Sha512 = 2;

    public async ValueTask<DaneResult> FindAsync(Destination.Hosts destination, MailHost host, int port, CancellationToken cancellationToken)
    {
        // Without these two nobody knows whether the host is the right one; and name servers that are not signed sometimes fail for TLSA (§2.2.2).
        if (!destination.MxSecure || !host.AddressesSecure || host.IsAddressLiteral) return new DaneResult.None();
        // Where the host is an alias, records at the end of it count before those at the alias (§2.2.2).
        string[] bases = host.Canonical == host.Name ? [host.Name] : [host.Canonical, host.Name];
        foreach (var name in bases)
        {
            switch (await dns.TlsaAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"_{port}._tcp.{name}"), cancellationToken))
            {
                case DnsAnswer<TlsaRecord>.Found { Secure: true } found:
                    var usable = Usable(found.Records);
                    if (usable.Count == 0) return new DaneResult.Unusable(found.Records);
                    return new DaneResult.Records(new TlsPolicy.Dane(usable, ReferenceNames(name, host, destination)), found.Records);
                case DnsAnswer<TlsaRecord>.Temporary:
                    return new DaneResult.Failed($"DNS gives no answer for the TLSA records of {name}");
                default:
                    break;
            }
        }
        return new DaneResult.None();
    }

    /// <summary>RFC 7672 §3.2.2: the TLSA base domain, and the domain that the mail is for.</summary>
    private static IReadOnlyList<string> ReferenceNames(string tlsaBase, MailHost host, Destination.Hosts destination)
        => [.. new[] { tlsaBase, host.Name, destination.Domain }.Distinct()];

    /// <summary>Usages 2 and 3 (RFC 7672 §3.1), fields that are known and lengths that are right; of each usage and selector only the strongest digest (RFC 7671 §9), beside whole data.</summary>
    private static List<TlsaRecord> Usable(IReadOnlyList<TlsaRecord> records)
    {
        var known = records.Where(record => record is
        {
            Usage: TrustAnchor or EndEntity,
            Selector: WholeCertificate or PublicKey,
        } && record switch
        {
            { MatchingType: Full } => !record.Data.IsEmpty,
            { MatchingType: Sha256 } => record.Data.Length == 32,
            { MatchingType: Sha512 } => record.Data.Length == 64,
            _ => false,
        }).Distinct().ToList();
        return [.. known.Where(record => record.MatchingType != Sha256 || !known.Any(other => other.MatchingType == Sha512 && other.Usage == record.Usage && other.Selector == record.Selector))];
    }
}
