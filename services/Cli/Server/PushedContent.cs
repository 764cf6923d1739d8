using System.Net;
using System.Net.Http.Headers;

namespace Merpati.Cli.Server;

/// <summary>A request body that is made while it is sent.</summary>
internal sealed class PushedContent : HttpContent
{
    private readonly Func<Stream, CancellationToken, Task> _write;

    public PushedContent(string mediaType, Func<Stream, CancellationToken, Task> write)
    {
        _write = write;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => _write(stream, cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
