using Merpati.Streams;
using Grpc.Core;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>The octets that follow the header of an append. A caller that goes away is an exception, never an end; one that ends early is an end, for the port to judge.</summary>
internal sealed class AppendStream(IAsyncStreamReader<Wire.AppendRequest> requests, long size) : ForwardStream
{
    private ReadOnlyMemory<byte> _ready;
    private long _missing = size;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (_ready.IsEmpty)
        {
            if (_missing == 0 || !await requests.MoveNext(cancellationToken)) return 0;
            if (requests.Current.PartCase != Wire.AppendRequest.PartOneofCase.Octets) throw new Wire.WireFormatException("After the header of an append come octets.");
            _ready = requests.Current.Octets.Memory;
            if (_ready.Length > _missing) throw new Wire.WireFormatException("More octets came than were announced.");
            _missing -= _ready.Length;
        }
        var count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }
}
