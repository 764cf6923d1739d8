using System.Net;
using System.Net.Sockets;
using Merpati.Addresses;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>Whether a message comes from the domain that its From names.</summary>
/// <param name="Domain">Of the author; empty when no author can be read.</param>
/// <param name="Policy">What the domain asks for with a message that fails: that of the domain, its subdomains or its missing names, with <c>t=y</c> one step milder.</param>
/// <param name="Percent">To how many of a hundred failing messages it applies; the others get the next milder one (RFC 7489 §6.6.4).</param>
/// <param name="Record">Null without one.</param>
/// <param name="AlignedBy">What passed: <c>dkim</c>, <c>spf</c>, or both.</param>
public sealed record DmarcResult(AuthResult Result, string Domain, DmarcPolicy Policy, int Percent, DmarcRecord? Record, IReadOnlyList<string> AlignedBy, string? Reason)
{
    /// <summary>Where the record was found; null without one.</summary>
    public string? PolicyDomain { get; init; }
}

/// <summary>DMARC (RFC 7489) with the policy for missing names of RFC 9091. A result for every message, never an exception.</summary>
public sealed class DmarcVerifier(IMailDns dns)
{
    // More authors than a person sees.
    private const int MaxAuthors = 5;

    /// <summary>Judges each author's domain; of several, the worst verdict stands, so that a second author is no way around the first one's policy.</summary>
    /// <param name="spf">The result for MAIL FROM, or for HELO when the reverse-path is null.</param>
    public async ValueTask<DmarcResult> VerifyAsync(IReadOnlyList<string> authorDomains, SpfResult spf, IReadOnlyList<DkimResult> dkim, CancellationToken cancellationToken)
    {
        if (authorDomains.Count == 0) return new DmarcResult(AuthResult.PermError, "", DmarcPolicy.None, 100, null, [], "no author can be read in From");
        if (authorDomains.Count > MaxAuthors) return new DmarcResult(AuthResult.PermError, authorDomains[0], DmarcPolicy.None, 100, null, [], $"more than {MaxAuthors} author domains");
        DmarcResult? worst = null;
        foreach (var domain in authorDomains)
        {
            var result = await VerifyAsync(domain, spf, dkim, cancellationToken);
            if (worst is null || Weight(result) > Weight(worst)) worst = result;
        }
        return worst!;
    }

    private async ValueTask<DmarcResult> VerifyAsync(string domain, SpfResult spf, IReadOnlyList<DkimResult> dkim, CancellationToken cancellationToken)
    {
        var organization = PublicSuffixes.OrganizationalDomain(domain);
        var (record, failure) = await FindAsync(domain, cancellationToken);
        var ofParent = false;
        if (record is null && failure is null && organization != domain)
        {
            (record, failure) = await FindAsync(organization, cancellationToken);
            ofParent = true;
        }
        if (failure is not null) return new DmarcResult(AuthResult.TempError, domain, DmarcPolicy.None, 100, null, [], failure);
        if (record is null) return new DmarcResult(AuthResult.None, domain, DmarcPolicy.None, 100, null, [], "no DMARC record");

        var aligned = new List<string>();
        if (dkim.Any(one => one.Result == AuthResult.Pass && IsAligned(one.Domain, record.StrictDkim))) aligned.Add("dkim");
        if (spf.Result == AuthResult.Pass && IsAligned(spf.Domain, record.StrictSpf)) aligned.Add("spf");
        var policy = ofParent ? await PolicyBelowAsync(domain, record, cancellationToken) : record.Policy;
        if (record.Testing && policy != DmarcPolicy.None) policy--;
        var policyDomain = ofParent ? organization : domain;
        if (aligned.Count > 0) return new DmarcResult(AuthResult.Pass, domain, policy, record.Percent, record, aligned, null) { PolicyDomain = policyDomain };
        // What might have passed, had DNS answered, is no failure.
        var unsure = dkim.Any(one => one.Result == AuthResult.TempError && IsAligned(one.Domain, record.StrictDkim)) || spf.Result == AuthResult.TempError && IsAligned(spf.Domain, record.StrictSpf);
        return new DmarcResult(unsure ? AuthResult.TempError : AuthResult.Fail, domain, policy, record.Percent, record, [], unsure ? "an aligned check had no answer from DNS" : "neither DKIM nor SPF passes for the domain") { PolicyDomain = policyDomain };

        bool IsAligned(string other, bool strict)
        {
            var name = DomainName.Normalize(other);
            return strict ? name == domain : PublicSuffixes.OrganizationalDomain(name) == organization;
        }
    }

    /// <returns>The record, or why DNS did not say.</returns>
    private async ValueTask<(DmarcRecord? Record, string? Failure)> FindAsync(string domain, CancellationToken cancellationToken)
    {
        switch (await dns.TextsAsync("_dmarc." + (DomainName.ToAscii(domain) ?? domain), cancellationToken))
        {
            case DnsAnswer<string>.Temporary failure:
                return (null, failure.Reason);
            case DnsAnswer<string>.Found { Records: var texts }:
                // Several are as good as none (RFC 7489 §6.6.3).
                string[] records = [.. texts.Where(DmarcRecord.Is)];
                return (records.Length == 1 ? DmarcRecord.Parse(records[0]) : null, null);
            default:
                return (null, null);
        }
    }

    private async ValueTask<DmarcPolicy> PolicyBelowAsync(string domain, DmarcRecord record, CancellationToken cancellationToken)
    {
        if (record.Missing is not { } missing || missing == record.Subdomains) return record.Subdomains;
        // RFC 9091 §2.7: a name with neither A, AAAA nor MX.
        var name = DomainName.ToAscii(domain) ?? domain;
        var exists = await dns.MailExchangersAsync(name, cancellationToken) is not (DnsAnswer<MailExchange>.NoData or DnsAnswer<MailExchange>.NoSuchName)
            || await dns.AddressesAsync(name, AddressFamily.InterNetwork, cancellationToken) is not (DnsAnswer<IPAddress>.NoData or DnsAnswer<IPAddress>.NoSuchName)
            || await dns.AddressesAsync(name, AddressFamily.InterNetworkV6, cancellationToken) is not (DnsAnswer<IPAddress>.NoData or DnsAnswer<IPAddress>.NoSuchName);
        return exists ? record.Subdomains : missing;
    }

    private static int Weight(DmarcResult result) => result.Result switch
    {
        AuthResult.Fail => 10 + (int)result.Policy,
        AuthResult.TempError => 5,
        AuthResult.PermError => 4,
        AuthResult.None => 3,
        _ => 0,
    };
}
