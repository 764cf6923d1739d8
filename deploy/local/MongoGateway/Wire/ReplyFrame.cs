using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace Merpati.Local.MongoGateway.Wire;

/// <summary>Puts a reply document into OP_MSG, or into OP_REPLY for the legacy handshake, and sends it.</summary>
internal static class ReplyFrame
{
    private const int MessageOverhead = WireProtocol.HeaderLength + 4 + 1;
    private const int LegacyOverhead = WireProtocol.HeaderLength + 4 + 8 + 4 + 4;
    private const int AwaitCapable = 8;

    public static async ValueTask SendAsync(Socket socket, Request request, int id, ReadOnlyMemory<byte> document, CancellationToken cancellationToken)
    {
        var overhead = request.Legacy ? LegacyOverhead : MessageOverhead;
        var length = overhead + document.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            buffer.AsSpan(0, overhead).Clear();
            BinaryPrimitives.WriteInt32LittleEndian(buffer, length);
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(4), id);
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(8), request.Id);
            BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(12), request.Legacy ? WireProtocol.Reply : WireProtocol.Message);
            if (request.Legacy)
            {
                BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(16), AwaitCapable);
                BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(32), 1); // numberReturned
            }
            document.Span.CopyTo(buffer.AsSpan(overhead));
            for (var sent = 0; sent < length;) sent += await socket.SendAsync(buffer.AsMemory(sent, length - sent), SocketFlags.None, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
