using System.Buffers;
using System.Buffers.Binary;

namespace Merpati.Protocols.Milter;

/// <summary>One packet: four octets of length, which counts what follows them, one octet that says what it is, and its data.</summary>
public readonly record struct MilterPacket(byte Command, ReadOnlyMemory<byte> Data)
{
    /// <summary>Octets of data in one packet. Filters send up to 65,535; where more is announced nobody knows where the next packet begins.</summary>
    public const int MaxData = 128 * 1024;

    private const int HeaderSize = 5;

    /// <summary>Takes the next packet, or nothing while it is not all there.</summary>
    /// <exception cref="MilterException">What comes is no packet.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out MilterPacket packet)
    {
        packet = default;
        if (buffer.Length < sizeof(uint)) return false;
        Span<byte> header = stackalloc byte[HeaderSize];
        buffer.Slice(0, sizeof(uint)).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (length is 0 or > MaxData + 1) throw new MilterException($"The filter announces a packet of {length} octets.");
        if (buffer.Length < sizeof(uint) + length) return false;
        buffer.Slice(0, HeaderSize).CopyTo(header);
        packet = new MilterPacket(header[^1], buffer.Slice(HeaderSize, length - 1).ToArray());
        buffer = buffer.Slice(sizeof(uint) + length);
        return true;
    }

    public static void Write(IBufferWriter<byte> output, char command, ReadOnlySpan<byte> data)
    {
        ArgumentNullException.ThrowIfNull(output);
        var header = output.GetSpan(HeaderSize);
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)data.Length + 1);
        header[HeaderSize - 1] = (byte)command;
        output.Advance(HeaderSize);
        output.Write(data);
    }
}
