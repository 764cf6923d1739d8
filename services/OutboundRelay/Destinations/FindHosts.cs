using System.Net;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Queue;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Where mail for a destination goes: the hosts, and the route by which they were chosen where it is not DNS alone.</summary>
internal sealed record Way(Destination To, RelayRoute? Route);

/// <summary>Finds the hosts of a destination, by its route or by DNS, and sees to it that we are none of them.</summary>
internal sealed class FindHosts(DestinationResolver resolver, RelayRoutes routes, IMailDns dns, IOptions<DestinationOptions> destinations, IOptions<OutboundRelayOptions> options)
{
    private readonly Ourselves _ourselves = Ourselves.Of([options.Value.HostName, .. options.Value.OwnNames], options.Value.OwnAddresses.Select(IPAddress.Parse));

    public async ValueTask<Way> OfAsync(string destination, CancellationToken cancellationToken)
    {
        if (routes.Find(destination) is not { } route) return new Way(await resolver.ResolveAsync(destination, _ourselves, cancellationToken), null);
        if (IPAddress.TryParse(route.Host, out var address)) return new Way(Only(new MailHost(route.Host, 0, [address], route.Host, AddressesSecure: true)), route);
        return new Way(route.LookUpMx ? await resolver.ResolveAsync(route.Host, _ourselves, cancellationToken) : await OfHostAsync(route.Host, cancellationToken), route);
    }

    /// <summary>The addresses of a host that an administrator names: it may well be behind our own firewall.</summary>
    private async ValueTask<Destination> OfHostAsync(string host, CancellationToken cancellationToken)
    {
        var (addresses, secure, unanswered) = (new List<IPAddress>(), true, false);
        foreach (var family in destinations.Value.AddressOrder.Families())
        {
            switch (await dns.AddressesAsync(host, family, cancellationToken))
            {
                case DnsAnswer<IPAddress>.Found found:
                    addresses.AddRange(found.Records);
                    secure &= found.Secure;
                    break;
                case DnsAnswer<IPAddress>.Temporary:
                    unanswered = true;
                    break;
                default:
                    break;
            }
        }
        if (addresses.Count > 0) return Only(new MailHost(host, 0, addresses, host, secure));
        // The name comes from our own configuration: that it has no address is a mistake which somebody will mend, and no reason to bounce.
        return new Destination.None(unanswered ? NoDestination.NoAnswer : NoDestination.NoAddress, Permanent: false, 451, "4.4.3", unanswered ? $"DNS gives no answer for the relay host {host}" : $"The relay host {host} has no address");
    }

    private static Destination.Hosts Only(MailHost host) => new(host.Name, [host], MxSecure: true, []);
}
