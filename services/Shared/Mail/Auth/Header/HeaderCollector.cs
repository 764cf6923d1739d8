using System.Buffers;

namespace Merpati.Mail.Auth;

/// <summary>Keeps the header of a message that streams by in pieces cut anywhere, and says what is body.</summary>
public sealed class HeaderCollector(int maxSize)
{
    private readonly ArrayBufferWriter<byte> _octets = new(4096);
    private int _lineStart;

    /// <summary>The empty line was seen.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The header went on after the limit; what came later is not kept, and nothing counts as body.</summary>
    public bool IsTooBig { get; private set; }

    /// <summary>Without the empty line.</summary>
    public ReadOnlyMemory<byte> Octets => _octets.WrittenMemory[..(IsComplete ? _lineStart : _octets.WrittenCount)];

    /// <returns>How many of the octets belonged to the header and its empty line; the rest is body.</returns>
    public int Write(ReadOnlySpan<byte> octets)
    {
        var taken = 0;
        while (!IsComplete && !IsTooBig && taken < octets.Length)
        {
            var end = octets[taken..].IndexOf((byte)'\n');
            var piece = end < 0 ? octets[taken..] : octets.Slice(taken, end + 1);
            if (_octets.WrittenCount + piece.Length > maxSize)
            {
                IsTooBig = true;
                break;
            }
            _octets.Write(piece);
            taken += piece.Length;
            if (end < 0) break;
            if (_octets.WrittenSpan[_lineStart..] is [(byte)'\n'] or [(byte)'\r', (byte)'\n']) IsComplete = true;
            else _lineStart = _octets.WrittenCount;
        }
        return IsComplete ? taken : octets.Length;
    }
}
