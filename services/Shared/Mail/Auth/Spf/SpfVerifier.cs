using System.Net;
using Merpati.Addresses;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>What the SPF record of a domain says about a client.</summary>
/// <param name="Domain">The domain whose record was asked for.</param>
/// <param name="Mechanism">The term that matched, as written; null when none did.</param>
/// <param name="Explanation">The domain's own words for a fail (RFC 7208 §6.2), by a stranger; null without.</param>
/// <param name="Reason">What went wrong, for none, temperror and permerror.</param>
public sealed record SpfResult(AuthResult Result, string Domain, string? Mechanism, string? Explanation, string? Reason);

/// <summary>Sender Policy Framework (RFC 7208). A result for every input, never an exception.</summary>
/// <param name="receiver">The name of this server, for explanations.</param>
public sealed class SpfVerifier(IMailDns dns, string receiver, TimeProvider time)
{
    /// <summary>The identity of MAIL FROM, and of a null reverse-path the postmaster of the HELO name (RFC 7208 §2.4).</summary>
    /// <param name="client">An IPv4 address in IPv6 clothes counts as IPv4.</param>
    /// <param name="sender">The reverse-path without brackets; empty for the null reverse-path.</param>
    public ValueTask<SpfResult> CheckMailFromAsync(IPAddress client, string sender, string hello, CancellationToken cancellationToken)
    {
        if (sender.Length == 0) return CheckAsync(client, hello, "postmaster", hello, cancellationToken);
        var at = sender.LastIndexOf('@');
        return CheckAsync(client, sender[(at + 1)..], at > 0 ? sender[..at] : "postmaster", hello, cancellationToken);
    }

    /// <summary>The identity of HELO (RFC 7208 §2.3).</summary>
    public ValueTask<SpfResult> CheckHelloAsync(IPAddress client, string hello, CancellationToken cancellationToken) => CheckAsync(client, hello, "postmaster", hello, cancellationToken);

    private async ValueTask<SpfResult> CheckAsync(IPAddress client, string domain, string localPart, string hello, CancellationToken cancellationToken)
    {
        var address = AddressScope.Unmapped(client);
        var evaluation = new SpfEvaluation(dns, address, localPart, domain, hello, receiver, time, cancellationToken);
        return await evaluation.CheckHostAsync(DomainName.ToAscii(domain) ?? domain);
    }
}
