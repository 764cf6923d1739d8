using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Platform.Listeners;

/// <summary>What one customer of a provider usually has, and so whom a limit means: an IPv4 address, or the first half of an IPv6 address.</summary>
/// <param name="Prefix">As an IPv6 address, in network order.</param>
public readonly record struct ClientNetwork(UInt128 Prefix)
{
    /// <summary>An IPv4 address in IPv6 clothes counts as IPv4. Null is whoever does not come over the network.</summary>
    public static ClientNetwork Of(IPAddress? client)
    {
        if (client is null) return default;
        Span<byte> octets = stackalloc byte[16];
        client.MapToIPv6().TryWriteBytes(octets, out _);
        if (client.AddressFamily == AddressFamily.InterNetworkV6 && !client.IsIPv4MappedToIPv6) octets[8..].Clear();
        return new ClientNetwork(BinaryPrimitives.ReadUInt128BigEndian(octets));
    }

    /// <summary>Its first address, without the length.</summary>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Prefix);
        var address = new IPAddress(octets);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
