using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <summary>
/// The responses to one IMAP command, as they come. The load generator shares the processors with the server: what nobody wants to see is found the end of, and no more.
/// </summary>
internal sealed class ImapResponses(string tag, Action<string>? onUntagged)
{
    private readonly byte[] _tag = Encoding.ASCII.GetBytes(tag + " ");
    private long _literal;
    private bool _continued;

    /// <summary>The tagged line, or null when it has not come yet.</summary>
    public string? Take(ReadOnlySequence<byte> octets, out SequencePosition consumed)
    {
        var reader = new SequenceReader<byte>(octets);
        try
        {
            while (true)
            {
                if (_literal > 0)
                {
                    var part = Math.Min(_literal, reader.Remaining);
                    reader.Advance(part);
                    _literal -= part;
                    if (_literal > 0) return null;
                }
                if (!reader.TryReadTo(out ReadOnlySpan<byte> line, (byte)'\n')) return null;
                if (line is [.., (byte)'\r']) line = line[..^1];
                if (!_continued && line.StartsWith(_tag)) return Encoding.UTF8.GetString(line);
                _continued = line is [.., (byte)'}'] && TryReadLength(line, out _literal);
                if (!_continued) onUntagged?.Invoke(Encoding.UTF8.GetString(line));
            }
        }
        finally
        {
            consumed = reader.Position;
        }
    }

    private static bool TryReadLength(ReadOnlySpan<byte> line, out long length)
    {
        length = 0;
        var open = line.LastIndexOf((byte)'{');
        return open >= 0 && Utf8Parser.TryParse(line[(open + 1)..], out length, out var digits) && open + digits + 2 == line.Length;
    }
}
