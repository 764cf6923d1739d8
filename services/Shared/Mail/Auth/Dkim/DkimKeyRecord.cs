using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.Signing;

namespace Merpati.Mail.Auth;

/// <summary>The record at <c>selector._domainkey.domain</c> (RFC 6376 §3.6.1, RFC 8463 §4).</summary>
internal sealed record DkimKeyRecord(DkimAlgorithm Algorithm, byte[] PublicKey, bool Testing, bool Strict)
{
    /// <summary>Why a key is not to be had: for now, or for good.</summary>
    public sealed record Missing(bool Temporary, string Reason);

    /// <returns>The key, or why there is none.</returns>
    public static async ValueTask<(DkimKeyRecord? Key, Missing? Missing)> FindAsync(IMailDns dns, string selector, string domain, DkimAlgorithm algorithm, CancellationToken cancellationToken)
    {
        switch (await dns.TextsAsync($"{selector}._domainkey.{DomainName.ToAscii(domain) ?? domain}", cancellationToken))
        {
            case DnsAnswer<string>.Temporary failure:
                return (null, new Missing(true, "key unavailable: " + failure.Reason));
            case DnsAnswer<string>.Found { Records: var texts }:
                // Several records are undefined (§3.6.2.2): the first that will do.
                string? reason = null;
                foreach (var text in texts)
                {
                    if (Parse(text, algorithm, out var fault) is { } key) return (key, null);
                    reason ??= fault;
                }
                return (null, new Missing(false, reason ?? "no key for signature"));
            default:
                return (null, new Missing(false, "no key for signature"));
        }
    }

    public static DkimKeyRecord? Parse(string text, DkimAlgorithm algorithm, out string fault)
    {
        fault = "";
        if (!TagList.TryParse(text, out var tags)) fault = "the key record is malformed";
        else if (tags["v"] is { } version && (version != "DKIM1" || tags.First != "v")) fault = "the key record has another version";
        else if (tags["p"] is not { } published) fault = "the key record has no key";
        else if (published.Length == 0) fault = "key revoked";
        else if (tags["h"] is { } hashes && !TagList.Words(hashes).Contains("sha256")) fault = "the key is not for sha256";
        else if ((tags["k"] ?? "rsa") != (algorithm == DkimAlgorithm.Ed25519Sha256 ? "ed25519" : "rsa")) fault = "the key is of another algorithm";
        else if (tags["s"] is { } services && !TagList.Words(services).Any(service => service is "*" or "email")) fault = "the key is not for mail";
        else if (tags.Octets("p") is not { } key) fault = "the key is no base64";
        else
        {
            var flags = tags["t"] is { } text1 ? TagList.Words(text1) : [];
            return new DkimKeyRecord(algorithm, key, flags.Contains("y"), flags.Contains("s"));
        }
        return null;
    }
}
