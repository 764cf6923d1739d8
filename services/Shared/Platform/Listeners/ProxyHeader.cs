using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Merpati.Platform.Listeners;

/// <summary>
/// The header that a proxy sends before the first octet of its client (HAProxy's PROXY protocol, versions 1 and 2).
/// The parser takes what has come so far and says how much it needs, so that not one octet of the client is read with it.
/// </summary>
/// <param name="Source">The client; null when the proxy speaks for itself (LOCAL, UNKNOWN).</param>
/// <param name="Destination">Where the client connected to.</param>
public sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>Octets of the longest header taken: version 1 has 107 at most, a version 2 of 16 octets and TLVs has a few hundred.</summary>
    public const int MaxLength = 4096;

    private const int MaxText = 107;
    private const int FixedLength = 16;
    private static readonly ProxyHeader Itself = new(null, null);

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    private static ReadOnlySpan<byte> TextStart => "PROXY "u8;

    /// <summary>What the octets so far mean.</summary>
    /// <param name="needed">How many more are needed at least; 0 when the header is whole, -1 when it is none.</param>
    public static ProxyHeader? Parse(ReadOnlySpan<byte> octets, out int needed)
    {
        needed = -1;
        if (StartsAlike(octets, Signature)) return ParseBinary(octets, out needed);
        return StartsAlike(octets, TextStart) ? ParseText(octets, out needed) : null;
    }

    private static bool StartsAlike(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> start)
        => octets.Length < start.Length ? start.StartsWith(octets) : octets.StartsWith(start);

    /// <summary><c>PROXY TCP4 192.0.2.1 192.0.2.2 4711 25 CRLF</c>; the line break is looked for octet by octet.</summary>
    private static ProxyHeader? ParseText(ReadOnlySpan<byte> octets, out int needed)
    {
        needed = -1;
        if (octets.Length < 2 || !octets.EndsWith("\r\n"u8))
        {
            if (octets.Length < MaxText && !octets.Contains((byte)'\n')) needed = 1;
            return null;
        }
        if (!Ascii.IsValid(octets)) return null;
        var fields = Encoding.ASCII.GetString(octets[..^2]).Split(' ');
        if (fields is ["PROXY", "UNKNOWN", ..])
        {
            needed = 0;
            return Itself;
        }
        if (fields is not ["PROXY", "TCP4" or "TCP6", var source, var destination, var sourcePort, var destinationPort]) return null;
        var family = fields[1] == "TCP4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (!TryEndPoint(source, sourcePort, family, out var from) || !TryEndPoint(destination, destinationPort, family, out var to)) return null;
        needed = 0;
        return new ProxyHeader(from, to);
    }

    private static bool TryEndPoint(string address, string port, AddressFamily family, out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        // "1" and "0x7f000001" are addresses to the parser, and not to the protocol.
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != family || (family == AddressFamily.InterNetwork && parsed.ToString() != address) || address.Contains('%', StringComparison.Ordinal)) return false;
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        endPoint = new IPEndPoint(Unmap(parsed), number);
        return true;
    }

    private static ProxyHeader? ParseBinary(ReadOnlySpan<byte> octets, out int needed)
    {
        // The signature first: a whole header of version 1 may be shorter than the fixed part of version 2.
        needed = (octets.Length < Signature.Length ? Signature.Length : FixedLength) - octets.Length;
        if (needed > 0) return null;
        needed = -1;
        var length = FixedLength + BinaryPrimitives.ReadUInt16BigEndian(octets[14..]);
        if (length > MaxLength || octets[12] >> 4 != 2 || (octets[12] & 0xf) > 1) return null;
        needed = length - octets.Length;
        if (needed > 0) return null;
        // LOCAL: whatever stands in the rest is to be ignored; so it is where the proxy does not know.
        if ((octets[12] & 0xf) == 0 || octets[13] >> 4 == 0) return Itself;
        var addresses = octets[FixedLength..length];
        switch (octets[13])
        {
            case 0x11 when addresses.Length >= 12:
                return new ProxyHeader(EndPoint(addresses[..4], addresses[8..]), EndPoint(addresses[4..8], addresses[10..]));
            case 0x21 when addresses.Length >= 36:
                return new ProxyHeader(EndPoint(addresses[..16], addresses[32..]), EndPoint(addresses[16..32], addresses[34..]));
            default:
                needed = -1;
                return null;
        }
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port) => new(Unmap(new IPAddress(address)), BinaryPrimitives.ReadUInt16BigEndian(port));

    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
