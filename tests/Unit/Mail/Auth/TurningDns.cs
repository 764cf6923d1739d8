using System.Net;
using System.Net.Sockets;
using Merpati.Mail.Dns;
using Merpati.Relaying;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>DNS out of a zone that changes during a test.</summary>
internal sealed class TurningDns : IMailDns
{
    private IMailDns _dns = new ZoneFileDns(ZoneFile.Parse(""));

    /// <summary>From now on no question is answered before it is given up.</summary>
    public void Hang() => _dns = new SilentDns();

    public void Load(string zone) => _dns = new ZoneFileDns(ZoneFile.Parse(zone));

    public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken) => _dns.MailExchangersAsync(name, cancellationToken);

    public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) => _dns.AddressesAsync(name, family, cancellationToken);

    public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken) => _dns.TextsAsync(name, cancellationToken);

    public ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken) => _dns.TlsaAsync(name, cancellationToken);

    public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken) => _dns.ServicesAsync(name, cancellationToken);

    public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken) => _dns.PointersAsync(address, cancellationToken);
}

internal sealed class SilentDns : IMailDns
{
    public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken) => WaitAsync<MailExchange>(cancellationToken);

    public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken) => WaitAsync<IPAddress>(cancellationToken);

    public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken) => WaitAsync<string>(cancellationToken);

    public ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken) => WaitAsync<TlsaRecord>(cancellationToken);

    public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken) => WaitAsync<ServiceTarget>(cancellationToken);

    public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken) => WaitAsync<string>(cancellationToken);

    private static async ValueTask<DnsAnswer<T>> WaitAsync<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new System.Diagnostics.UnreachableException();
    }
}
