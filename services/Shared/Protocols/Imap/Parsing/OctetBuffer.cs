using System.Buffers;

namespace Merpati.Protocols.Imap;

/// <summary>Octets of one command, in pooled memory that goes back between commands: an idle session holds none.</summary>
internal sealed class OctetBuffer
{
    private byte[] _octets = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => Written;

    private Span<byte> Written => _octets.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> octets)
    {
        Grow(Length + octets.Length);
        octets.CopyTo(_octets.AsSpan(Length));
        Length += octets.Length;
    }

    public void Append(in ReadOnlySequence<byte> octets)
    {
        foreach (var segment in octets) Append(segment.Span);
    }

    public void Truncate(int length) => Length = length;

    /// <summary>Wipes and gives the memory back: a command may hold a password.</summary>
    public void Release()
    {
        if (_octets.Length > 0)
        {
            Written.Clear();
            ArrayPool<byte>.Shared.Return(_octets);
        }
        _octets = [];
        Length = 0;
    }

    private void Grow(int capacity)
    {
        if (capacity <= _octets.Length) return;
        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));
        Written.CopyTo(grown);
        var length = Length;
        Release();
        _octets = grown;
        Length = length;
    }
}
