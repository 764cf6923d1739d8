using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Mail.Dns;

/// <summary>In which order the addresses of a host are tried; within a family the order is random.</summary>
public enum AddressOrder
{
    Ipv6First = 0,
    Ipv4First = 1,
    Ipv6Only = 2,
    Ipv4Only = 3,
}

public static class AddressOrders
{
    /// <summary>The families that are asked for, in this order.</summary>
    public static IReadOnlyList<AddressFamily> Families(this AddressOrder order) => order switch
    {
        AddressOrder.Ipv4First => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6],
        AddressOrder.Ipv6Only => [AddressFamily.InterNetworkV6],
        AddressOrder.Ipv4Only => [AddressFamily.InterNetwork],
        _ => [AddressFamily.InterNetworkV6, AddressFamily.InterNetwork],
    };
}

/// <summary>Section <c>Destinations</c> of the configuration.</summary>
public sealed class DestinationOptions : IValidatableObject
{
    public const string Section = "Destinations";

    public AddressOrder AddressOrder { get; set; } = AddressOrder.Ipv6First;

    /// <summary>
    /// Mail goes to private, loopback, link-local and other addresses that are no part of the public internet, if DNS says so.
    /// Without it nobody can make us connect to machines behind our firewall by a record in a zone of their own.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>The same for these networks alone.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>MX records looked at, the most preferred first.</summary>
    [Range(1, 10_000)]
    public int MaxMxRecords { get; set; } = 100;

    /// <summary>Hosts whose addresses are looked up and that are tried.</summary>
    [Range(1, 100)]
    public int MaxHosts { get; set; } = 20;

    /// <summary>Addresses of one host that are tried.</summary>
    [Range(1, 100)]
    public int MaxAddresses { get; set; } = 16;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in AllowedNetworks)
        {
            if (!IPNetwork.TryParse(network, out _)) yield return new ValidationResult($"'{network}' is not a network; write it as 10.0.0.0/8 or fd00::/8.", [nameof(AllowedNetworks)]);
        }
    }
}
