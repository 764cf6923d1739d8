using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary><see cref="IMailDns"/> out of a <see cref="ZoneFile"/>: the whole of DNS for a check without a network. What is not in the file does not exist.</summary>
public sealed class ZoneFileDns(ZoneFile zone) : IMailDns
{
    private const int MaxAliases = 10;

    public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken)
        => Answer(name, "MX", static data => new MailExchange(ushort.Parse(data[0], CultureInfo.InvariantCulture), data[1]));

    public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken)
        => Answer(name, family == AddressFamily.InterNetworkV6 ? "AAAA" : "A", static data => IPAddress.Parse(data[0]));

    public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken) => Answer(name, "TXT", static data => string.Concat(data));

    public ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken)
        => Answer(name, "TLSA", static data => new TlsaRecord(Octet(data[0]), Octet(data[1]), Octet(data[2]), Convert.FromHexString(string.Concat(data.Skip(3)))));

    public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken)
        => Answer(name, "SRV", static data => new ServiceTarget(Number(data[0]), Number(data[1]), Number(data[2]), ZoneFile.Plain(data[3])));

    public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken) => Answer(address.GetArpaName(), "PTR", static data => data[0]);

    private static int Number(string number) => ushort.Parse(number, CultureInfo.InvariantCulture);

    private static byte Octet(string number) => byte.Parse(number, CultureInfo.InvariantCulture);

    private ValueTask<DnsAnswer<T>> Answer<T>(string asked, string type, Func<IReadOnlyList<string>, T> read)
    {
        var name = ZoneFile.Plain(asked);
        if (name.Length > 253 || name.Split('.').Any(label => label.Length is 0 or > 63)) return new(new DnsAnswer<T>.NoSuchName(Secure: false, DateTimeOffset.MaxValue));
        for (var aliases = 0; aliases <= MaxAliases; aliases++)
        {
            if (zone.Find(name) is not { } records) return new(new DnsAnswer<T>.NoSuchName(Secure: false, DateTimeOffset.MaxValue));
            if (records.Any(record => record.Type == "!TIMEOUT" && (record.Data.Count == 0 || record.Data.Contains(type, StringComparer.OrdinalIgnoreCase)))) return new(new DnsAnswer<T>.Temporary($"the zone file says that {name} gives no answer"));
            T[] found = [.. records.Where(record => record.Type == type).Select(record => read(record.Data))];
            if (found.Length > 0) return new(new DnsAnswer<T>.Found(name, found, Secure: false, DateTimeOffset.MaxValue));
            if (records.FirstOrDefault(record => record.Type == "CNAME") is not { Data: [var target] }) return new(new DnsAnswer<T>.NoData(name, Secure: false, DateTimeOffset.MaxValue));
            name = target;
        }
        return new(new DnsAnswer<T>.Temporary($"the aliases of {asked} do not end"));
    }
}
