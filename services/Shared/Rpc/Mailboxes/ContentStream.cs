using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using Merpati.Streams;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>A range of a message: what it takes of the trace prefix, then of the content as it comes. It never ends early in silence.</summary>
internal sealed class ContentStream(ReadOnlyMemory<byte> head, Answers<Wire.OpenResponse>? content, long length, ContentId id) : ForwardStream
{
    private ReadOnlyMemory<byte> _ready = head;
    private Wire.OpenResponse? _next = content?.Current;
    private long _missing = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (_ready.IsEmpty)
        {
            if (_missing == 0) return 0;
            _next ??= await NextAsync(cancellationToken);
            _ready = _next.Octets.Memory;
            _next = null;
            if (_ready.Length > _missing) throw new Wire.WireFormatException("More octets came than were asked for.");
            _missing -= _ready.Length;
        }
        var count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) content?.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<Wire.OpenResponse> NextAsync(CancellationToken cancellationToken)
    {
        if (content!.Current is not null) await content.MoveNextAsync(cancellationToken);
        // A connection that breaks is an exception: this is an end that the store itself came to.
        return content.Current ?? throw new ContentDamagedException(id, "it is shorter than recorded");
    }
}
