using System.Net;
using System.Net.Sockets;
using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>
/// The questions that mail asks DNS. Names are taken in any form (U-labels, a dot at the end); answers come from a cache while they live,
/// and those who ask the same at the same time share one question. Only <see cref="OperationCanceledException"/> is thrown, for the caller's own token.
/// </summary>
public interface IMailDns
{
    ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken);

    /// <summary>A or AAAA records.</summary>
    ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken);

    /// <summary>TXT records, the strings of each put together without anything between them.</summary>
    ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken);

    /// <summary>TLSA records at a name such as <c>_25._tcp.mx.example.org</c>.</summary>
    ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken);

    /// <summary>SRV records at a name such as <c>_imaps._tcp.example.org</c> (RFC 2782).</summary>
    ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken);

    /// <summary>The names of an address: PTR in in-addr.arpa or ip6.arpa.</summary>
    ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken);
}

/// <param name="Preference">The lowest is tried first.</param>
/// <param name="Host">As DNS has it, in lower case and without the dot at the end; empty for the root, which is the null MX (RFC 7505).</param>
public readonly record struct MailExchange(int Preference, string Host);

/// <summary>Where a service is (RFC 2782).</summary>
/// <param name="Host">Empty for the root: the service is not offered.</param>
public readonly record struct ServiceTarget(int Priority, int Weight, int Port, string Host);
