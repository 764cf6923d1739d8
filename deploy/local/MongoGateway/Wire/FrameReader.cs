using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace Merpati.Local.MongoGateway.Wire;

/// <summary>Reads whole messages: small ones, the most, in place from one buffer; a large one into rented memory. What it returns is valid until the next read.</summary>
internal sealed class FrameReader(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;
    private byte[]? _large;

    /// <summary>Part of a further message is here already.</summary>
    public bool HasMore => _end > _start;

    /// <returns>Null: the client has closed.</returns>
    /// <exception cref="WireFormatException">A length that no message has.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        Release();
        if (!await FillAsync(WireProtocol.HeaderLength, cancellationToken)) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
        if (length is < WireProtocol.HeaderLength + 5 or > WireProtocol.MaxMessageLength) throw new WireFormatException($"length {length}");
        return length <= _buffer.Length ? await ReadSmallAsync(length, cancellationToken) : await ReadLargeAsync(length, cancellationToken);
    }

    public void Dispose() => Release();

    private async ValueTask<ReadOnlyMemory<byte>?> ReadSmallAsync(int length, CancellationToken cancellationToken)
    {
        if (!await FillAsync(length, cancellationToken)) return null;
        var frame = _buffer.AsMemory(_start, length);
        _start += length;
        return frame;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadLargeAsync(int length, CancellationToken cancellationToken)
    {
        _large = ArrayPool<byte>.Shared.Rent(length);
        var filled = _end - _start;
        _buffer.AsSpan(_start, filled).CopyTo(_large);
        _start = _end = 0;
        while (filled < length)
        {
            var read = await socket.ReceiveAsync(_large.AsMemory(filled, length - filled), SocketFlags.None, cancellationToken);
            if (read == 0) return null;
            filled += read;
        }
        return _large.AsMemory(0, length);
    }

    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellationToken)
    {
        if (_start == _end) _start = _end = 0;
        if (_start + wanted > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        while (_end - _start < wanted)
        {
            var read = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
            if (read == 0) return false;
            _end += read;
        }
        return true;
    }

    private void Release()
    {
        if (_large is null) return;
        ArrayPool<byte>.Shared.Return(_large);
        _large = null;
    }
}
