using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>Fetches <c>https://mta-sts.&lt;domain&gt;/.well-known/mta-sts.txt</c> (RFC 8461 §3.3).</summary>
public interface IPolicyFetcher
{
    /// <summary>
    /// The certificate has to be valid for <c>mta-sts.&lt;domain&gt;</c>; redirects are not followed; the answer is 200 with text/plain
    /// of no more than <see cref="MtaStsPolicy.MaxOctets"/> octets. It ends by its own time limit.
    /// </summary>
    /// <param name="domain">Lower case, A-labels.</param>
    Task<PolicyFetch> FetchAsync(string domain, CancellationToken cancellationToken);
}

/// <summary>What came of a fetch.</summary>
public abstract record PolicyFetch
{
    private PolicyFetch() { }

    public sealed record Fetched(string Text) : PolicyFetch;

    /// <param name="Failure"><see cref="TlsFailure.StsPolicyFetchError"/> or <see cref="TlsFailure.StsWebPkiInvalid"/>.</param>
    public sealed record Failed(TlsFailure Failure, string Reason) : PolicyFetch;
}
