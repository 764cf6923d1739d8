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

/// <summary>DMARC (RFC 9989, RFC 7489) with the policy for missing names. A result for every message, never an exception.</summary>
public sealed class DmarcVerifier(IMailDns dns, DmarcDiscovery discovery)
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
        var domains = new DmarcDomains(dns, discovery);
        foreach (var domain in authorDomains)
        {
            var result = await VerifyAsync(domain, domains, spf, dkim, cancellationToken);
            if (worst is null || Weight(result) > Weight(worst)) worst = result;
        }
        return worst!;
    }

    private async ValueTask<DmarcResult> VerifyAsync(string domain, DmarcDomains domains, SpfResult spf, IReadOnlyList<DkimResult> dkim, CancellationToken cancellationToken)
    {
        var (found, policyDomain) = await DiscoverAsync(domain, domains, cancellationToken);
        if (found.Failure is { } failure) return new DmarcResult(AuthResult.TempError, domain, DmarcPolicy.None, 100, null, [], failure);
        if (found.Text is not { } text) return new DmarcResult(AuthResult.None, domain, DmarcPolicy.None, 100, null, [], "no DMARC record");
        // RFC 9989 §4.10.1, RFC 7489 §6.6.3: such a record is no reason to look for another one.
        if (DmarcRecord.Parse(text) is not { } parsed) return new DmarcResult(AuthResult.None, domain, DmarcPolicy.None, 100, null, [], $"the DMARC record of {policyDomain} has no policy that can be read");
        var record = parsed with { Discovery = discovery };

        var policy = policyDomain == domain ? record.Policy : await PolicyBelowAsync(domain, record, cancellationToken);
        if (record.Testing && policy != DmarcPolicy.None) policy--;
        var aligned = new List<string>();
        var unsure = false;
        if (await AnyAlignedAsync(dkim.Select(one => (one.Result, one.Domain)), record.StrictDkim)) aligned.Add("dkim");
        if (await AnyAlignedAsync([(spf.Result, spf.Domain)], record.StrictSpf)) aligned.Add("spf");
        return aligned.Count > 0
            ? new DmarcResult(AuthResult.Pass, domain, policy, record.Percent, record, aligned, null) { PolicyDomain = policyDomain }
            : new DmarcResult(unsure ? AuthResult.TempError : AuthResult.Fail, domain, policy, record.Percent, record, [], unsure ? "an aligned check had no answer from DNS" : "neither DKIM nor SPF passes for the domain") { PolicyDomain = policyDomain };

        // What might have passed, had DNS answered, is no failure.
        async ValueTask<bool> AnyAlignedAsync(IEnumerable<(AuthResult Result, string Domain)> checks, bool strict)
        {
            foreach (var (result, other) in checks.Where(check => check.Result is AuthResult.Pass or AuthResult.TempError).OrderBy(check => check.Result).DistinctBy(check => check.Domain))
            {
                var name = DomainName.Normalize(other);
                var isAligned = strict ? name == domain : await domains.AreOfOneOrganizationAsync(domain, name, cancellationToken);
                if (isAligned == true && result == AuthResult.Pass) return true;
                if (isAligned != false) unsure = true;
            }
            return false;
        }
    }

    /// <summary>RFC 9989 §4.10.1: the record of the domain, else that of its organization, else that of the suffix above.</summary>
    private static async ValueTask<(DmarcFound Found, string PolicyDomain)> DiscoverAsync(string domain, DmarcDomains domains, CancellationToken cancellationToken)
    {
        var found = await domains.RecordAsync(domain, cancellationToken);
        if (found != default) return (found, domain);
        var organization = await domains.OrganizationAsync(domain, cancellationToken);
        if (organization.Failure is { } failure) return (new DmarcFound(null, failure), domain);
        foreach (var above in new[] { organization.Domain, organization.Suffix })
        {
            if (above is not null && await domains.RecordAsync(above, cancellationToken) is var other && other != default) return (other, above);
        }
        return (default, domain);
    }

    private async ValueTask<DmarcPolicy> PolicyBelowAsync(string domain, DmarcRecord record, CancellationToken cancellationToken)
    {
        if (record.Missing is not { } missing || missing == record.Subdomains) return record.Subdomains;
        var name = DomainName.ToAscii(domain) ?? domain;
        var exists = discovery == DmarcDiscovery.TreeWalk
            // RFC 9989 §3.2: a name that DNS says does not exist, with all below it (RFC 8020).
            ? await dns.AddressesAsync(name, AddressFamily.InterNetwork, cancellationToken) is not DnsAnswer<IPAddress>.NoSuchName
            // RFC 9091 §2.7: a name with neither A, AAAA nor MX.
            : await dns.MailExchangersAsync(name, cancellationToken) is not (DnsAnswer<MailExchange>.NoData or DnsAnswer<MailExchange>.NoSuchName)
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
