using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Platform.Listeners;

/// <summary>Networks out of a configuration: each <c>10.0.0.0/8</c>, <c>fd00::/8</c>, or one address.</summary>
public sealed class TrustedNetworks(IEnumerable<string> networks)
{
    /// <exception cref="FormatException">One of them is no network; <see cref="Check"/> comes before.</exception>
    public IReadOnlyList<IPNetwork> List { get; } = [.. networks.Select(text => TryParse(text, out var network) ? network : throw new FormatException($"'{text}' is not a network."))];

    public bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in List)
        {
            if (network.Contains(address)) return true;
        }
        return false;
    }

    /// <summary>What is wrong with the networks of an option.</summary>
    public static IEnumerable<ValidationResult> Check(IEnumerable<string> networks, string option)
        => from text in networks
           where !TryParse(text, out _)
           select new ValidationResult($"'{text}' is not a network; write it as 192.0.2.0/24, fd00::/8 or 192.0.2.1.", [option]);

    private static bool TryParse(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network)) return true;
        if (!IPAddress.TryParse(text, out var address)) return false;
        network = new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);
        return true;
    }
}
