using Google.Protobuf;

namespace Merpati.Mailboxes.V1;

/// <summary>Ids on the wire: the 16 octets of a UUID in network order.</summary>
public static class WireIds
{
    public static ByteString ToWire(this Guid id)
    {
        Span<byte> octets = stackalloc byte[16];
        id.TryWriteBytes(octets, bigEndian: true, out _);
        return ByteString.CopyFrom(octets);
    }

    /// <exception cref="WireFormatException">Not 16 octets.</exception>
    public static Guid ToGuid(this ByteString octets)
        => octets.Length == 16 ? new Guid(octets.Span, bigEndian: true) : throw new WireFormatException("An id has 16 octets.");
}
