using Merpati.Streams;

namespace Merpati.Protocols.Imap;

/// <summary>Lines of a text end in CRLF whatever its transfer encoding hid (RFC 9051 §7.5.2 BINARY).</summary>
internal sealed class LineEndStream(Stream text) : ForwardStream
{
    private readonly byte[] _octets = new byte[8 * 1024];
    private bool _afterCr;
    private bool _owesLf;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        // Each octet may become two; for a buffer of one the second waits.
        var wanted = Math.Clamp((buffer.Length - (_owesLf ? 1 : 0)) / 2, buffer.Length == 1 && !_owesLf ? 1 : 0, _octets.Length);
        var read = wanted == 0 ? 0 : await text.ReadAsync(_octets.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
        return Expand(_octets.AsSpan(0, read), buffer.Span);
    }

    private int Expand(ReadOnlySpan<byte> octets, Span<byte> lines)
    {
        var length = 0;
        if (_owesLf) lines[length++] = (byte)'\n';
        _owesLf = false;
        foreach (var octet in octets)
        {
            if (octet == (byte)'\n' && !_afterCr)
            {
                lines[length++] = (byte)'\r';
                _owesLf = length == lines.Length;
                if (_owesLf) break;
            }
            lines[length++] = octet;
            _afterCr = octet == (byte)'\r';
        }
        return length;
    }

    public override async ValueTask DisposeAsync()
    {
        await text.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
