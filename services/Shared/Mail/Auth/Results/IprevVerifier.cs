using System.Net;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>Whether the client's address has a name that leads back to it.</summary>
/// <param name="Name">The first such name; null without a pass.</param>
public sealed record IprevResult(AuthResult Result, string? Name, string? Reason);

/// <summary>The policy "iprev" of RFC 8601 §3, also known as forward-confirmed reverse DNS.</summary>
public static class IprevVerifier
{
    private const int MaxNames = 10;

    public static async ValueTask<IprevResult> VerifyAsync(IPAddress client, IMailDns dns, CancellationToken cancellationToken)
    {
        var address = AddressScope.Unmapped(client);
        switch (await dns.PointersAsync(address, cancellationToken))
        {
            case DnsAnswer<string>.Temporary failure:
                return new IprevResult(AuthResult.TempError, null, failure.Reason);
            case DnsAnswer<string>.Found { Records: var names }:
                var unsure = false;
                foreach (var name in names.Take(MaxNames))
                {
                    switch (await dns.AddressesAsync(name, address.AddressFamily, cancellationToken))
                    {
                        case DnsAnswer<IPAddress>.Found { Records: var addresses } when addresses.Contains(address):
                            return new IprevResult(AuthResult.Pass, name, null);
                        case DnsAnswer<IPAddress>.Temporary:
                            unsure = true;
                            break;
                    }
                }
                return unsure ? new IprevResult(AuthResult.TempError, null, "a name had no answer from DNS") : new IprevResult(AuthResult.Fail, null, "no name leads back to the address");
            default:
                return new IprevResult(AuthResult.PermError, null, "the address has no name");
        }
    }
}
