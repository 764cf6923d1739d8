using System.Net;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Queue;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Finds the hosts of a destination, and sees to it that we are none of them.</summary>
internal sealed class FindHosts(DestinationResolver resolver, IOptions<OutboundRelayOptions> options)
{
    private readonly Ourselves _ourselves = Ourselves.Of([options.Value.HostName, .. options.Value.OwnNames], options.Value.OwnAddresses.Select(IPAddress.Parse));

    public ValueTask<Destination> OfAsync(string destination, CancellationToken cancellationToken) => resolver.ResolveAsync(destination, _ourselves, cancellationToken);
}
