using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Merpati.Local.MongoGateway.Wire;

/// <summary>One command as it came over the wire. Its memory belongs to the connection and is valid until the next one is read.</summary>
/// <param name="Id">The requestID that a reply answers.</param>
/// <param name="Legacy">It came as OP_QUERY (the handshake of old drivers) and is answered by OP_REPLY.</param>
/// <param name="Unacknowledged">The client set moreToCome: it waits for no reply, and must get none, not even an error.</param>
internal sealed record Request(int Id, CommandDocument Document, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Sequences, bool Legacy, bool Unacknowledged)
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoSequences = [];

    /// <summary>The concatenated documents of a section of kind 1, as the engine takes them too; null when they are an array in the command.</summary>
    public ReadOnlyMemory<byte>? Sequence(string name) => Sequences.TryGetValue(name, out var documents) ? documents : default(ReadOnlyMemory<byte>?);

    /// <exception cref="WireFormatException">Not a message at all.</exception>
    public static Request Parse(ReadOnlyMemory<byte> frame)
    {
        var id = BinaryPrimitives.ReadInt32LittleEndian(frame.Span[4..]);
        return BinaryPrimitives.ReadInt32LittleEndian(frame.Span[12..]) switch
        {
            WireProtocol.Message => ParseMessage(id, frame),
            WireProtocol.Query => ParseQuery(id, frame[WireProtocol.HeaderLength..]),
            var other => throw new WireFormatException($"opcode {other}"),
        };
    }

    private static Request ParseMessage(int id, ReadOnlyMemory<byte> frame)
    {
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(frame.Span[WireProtocol.HeaderLength..]);
        if ((flags & WireProtocol.RequiredFlags & ~(WireProtocol.ChecksumPresent | WireProtocol.MoreToCome)) != 0) throw new WireFormatException($"flags {flags:x}");
        if ((flags & WireProtocol.ChecksumPresent) != 0) frame = CheckedBody(frame);
        var rest = frame[(WireProtocol.HeaderLength + 4)..];
        ReadOnlyMemory<byte>? body = null;
        Dictionary<string, ReadOnlyMemory<byte>>? sequences = null;
        while (rest.Length > 0)
        {
            var kind = rest.Span[0];
            rest = rest[1..];
            var length = rest.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
            if (length < 5 || length > rest.Length) throw new WireFormatException("section length");
            var section = rest[..length];
            rest = rest[length..];
            switch (kind)
            {
                case 0 when body is null:
                    body = section;
                    break;
                case 1 when section.Span[4..].IndexOf((byte)0) is var end and >= 0:
                    sequences ??= [];
                    if (!sequences.TryAdd(Encoding.UTF8.GetString(section.Span.Slice(4, end)), section[(4 + end + 1)..])) throw new WireFormatException("the same sequence twice");
                    break;
                default: throw new WireFormatException($"section of kind {kind}");
            }
        }
        if (body is not { } command) throw new WireFormatException("no body");
        return new Request(id, CommandDocument.Parse(command), sequences ?? NoSequences, Legacy: false, (flags & WireProtocol.MoreToCome) != 0);
    }

    /// <summary>The message without its CRC-32C, which must be right.</summary>
    private static ReadOnlyMemory<byte> CheckedBody(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < WireProtocol.HeaderLength + 8) throw new WireFormatException("checksum");
        var crc = uint.MaxValue;
        foreach (var octet in frame.Span[..^4]) crc = BitOperations.Crc32C(crc, octet);
        if (~crc != BinaryPrimitives.ReadUInt32LittleEndian(frame.Span[^4..])) throw new WireFormatException("checksum");
        return frame[..^4];
    }

    /// <summary>flags, "db.$cmd", numberToSkip, numberToReturn, query.</summary>
    private static Request ParseQuery(int id, ReadOnlyMemory<byte> body)
    {
        var end = body.Length < 4 ? -1 : body.Span[4..].IndexOf((byte)0);
        var at = 4 + end + 1 + 8;
        if (end < 0 || body.Length < at + 4) throw new WireFormatException("query");
        var length = BinaryPrimitives.ReadInt32LittleEndian(body.Span[at..]);
        if (length < 5 || length > body.Length - at) throw new WireFormatException("query length");
        return new Request(id, CommandDocument.Parse(body.Slice(at, length)), NoSequences, Legacy: true, Unacknowledged: false);
    }
}
