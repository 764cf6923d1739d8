using Merpati.Streams;

namespace Merpati.Cli.Archives;

/// <summary>Passes on what is read, and tells of it; where there is a copy, into that too.</summary>
internal sealed class ReadThrough(Stream source, Action<int> onRead, Stream? copy = null) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await source.ReadAsync(buffer, cancellationToken);
        if (copy is not null && read > 0) await copy.WriteAsync(buffer[..read], cancellationToken);
        onRead(read);
        return read;
    }
}
