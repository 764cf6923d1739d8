using System.Net;
using System.Net.Sockets;

namespace Merpati.Mail.Dns;

/// <summary>Addresses that are no part of the public internet (RFC 6890 and its registries).</summary>
public sealed class AddressScope
{
    private static readonly (IPNetwork Network, string What)[] Reserved =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "this network"),
        (IPNetwork.Parse("10.0.0.0/8"), "a private address"),
        (IPNetwork.Parse("100.64.0.0/10"), "a shared address of a provider"),
        (IPNetwork.Parse("127.0.0.0/8"), "a loopback address"),
        (IPNetwork.Parse("169.254.0.0/16"), "a link-local address"),
        (IPNetwork.Parse("172.16.0.0/12"), "a private address"),
        (IPNetwork.Parse("192.0.0.0/24"), "an address of a protocol"),
        (IPNetwork.Parse("192.0.2.0/24"), "an address for documentation"),
        (IPNetwork.Parse("192.168.0.0/16"), "a private address"),
        (IPNetwork.Parse("198.18.0.0/15"), "an address for benchmarks"),
        (IPNetwork.Parse("198.51.100.0/24"), "an address for documentation"),
        (IPNetwork.Parse("203.0.113.0/24"), "an address for documentation"),
        (IPNetwork.Parse("224.0.0.0/4"), "a multicast address"),
        (IPNetwork.Parse("240.0.0.0/4"), "a reserved address"),
        (IPNetwork.Parse("::/128"), "no address"),
        (IPNetwork.Parse("::1/128"), "a loopback address"),
        (IPNetwork.Parse("100::/64"), "a discard address"),
        (IPNetwork.Parse("2001:db8::/32"), "an address for documentation"),
        (IPNetwork.Parse("3fff::/20"), "an address for documentation"),
        (IPNetwork.Parse("fc00::/7"), "a private address"),
        (IPNetwork.Parse("fe80::/10"), "a link-local address"),
        (IPNetwork.Parse("fec0::/10"), "a site-local address"),
        (IPNetwork.Parse("ff00::/8"), "a multicast address"),
    ];

    // IPv6 addresses with an IPv4 address in them, behind which a gateway may stand (RFC 4291 §2.5.5.1, RFC 6052, RFC 8215, RFC 3056): octet at which it starts.
    private static readonly (IPNetwork Network, int Offset)[] Embedding =
    [
        (IPNetwork.Parse("::/96"), 12),
        (IPNetwork.Parse("64:ff9b::/96"), 12),
        (IPNetwork.Parse("64:ff9b:1::/48"), 12),
        (IPNetwork.Parse("2002::/16"), 2),
    ];

    private readonly bool _allowAll;
    private readonly IPNetwork[] _allowed;

    public AddressScope(DestinationOptions options)
    {
        _allowAll = options.AllowPrivateAddresses;
        _allowed = [.. options.AllowedNetworks.Select(IPNetwork.Parse)];
    }

    /// <summary>What speaks against connecting to the address; null if nothing does.</summary>
    public string? ReasonAgainst(IPAddress address)
    {
        var plain = Unmapped(address);
        if (_allowAll && !IsNowhere(plain)) return null;
        return _allowed.Any(network => network.Contains(plain)) ? null : WhatIs(plain);
    }

    /// <summary>An IPv4 address in IPv6 clothes (<c>::ffff:192.0.2.1</c>) without them.</summary>
    public static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsNowhere(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string? WhatIs(IPAddress address)
    {
        foreach (var (network, what) in Reserved)
        {
            if (network.Contains(address)) return what;
        }
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return null;
        foreach (var (network, offset) in Embedding)
        {
            if (network.Contains(address)) return WhatIs(new IPAddress(address.GetAddressBytes().AsSpan(offset, 4)));
        }
        return null;
    }
}
