using System.Buffers.Binary;
using System.Text;

namespace Merpati.Mail.Content;

/// <summary>
/// Finds the names in a ZIP archive that streams by in pieces cut anywhere. It goes by the signatures of the records (local headers and the directory), wherever they stand, and not by the
/// directory's word on where things are: readers of archives differ in what they believe, and each of them is to find nothing that we did not. Memory is that of one record.
/// </summary>
internal sealed class ZipNames(int maxNames, Action<string> found) : IArchiveNames
{
    private const int LocalHeader = 30;
    private const int DirectoryHeader = 46;
    private const int MaxName = 1024;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _length;
    private int _names;

    public bool IsTooMuch => _names > maxNames;

    public bool IsEncrypted { get; private set; }

    public bool IsUnreadable => false;

    public bool IsDone => IsTooMuch;

    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !IsTooMuch)
        {
            var piece = octets[..Math.Min(octets.Length, _buffer.Length - _length)];
            piece.CopyTo(_buffer.AsSpan(_length));
            _length += piece.Length;
            octets = octets[piece.Length..];
            var used = Scan(_buffer.AsSpan(0, _length));
            _buffer.AsSpan(used, _length - used).CopyTo(_buffer);
            _length -= used;
        }
    }

    public void Complete()
    {
        // Whatever is not a record as a whole has no name.
    }

    /// <returns>Octets that are done with.</returns>
    private int Scan(ReadOnlySpan<byte> window)
    {
        var at = 0;
        while (true)
        {
            var next = window[at..].IndexOf("PK"u8);
            if (next < 0) return window is [.., (byte)'P'] ? window.Length - 1 : window.Length;
            at += next;
            var record = window[at..];
            if (record.Length < 4) return at;
            var isLocal = record[2] == 3 && record[3] == 4;
            if (!isLocal && !(record[2] == 1 && record[3] == 2))
            {
                at += 2;
                continue;
            }
            var header = isLocal ? LocalHeader : DirectoryHeader;
            if (record.Length < header) return at;
            var length = BinaryPrimitives.ReadUInt16LittleEndian(record[(isLocal ? 26 : 28)..]);
            if (length is 0 or > MaxName)
            {
                at += 4;
                continue;
            }
            if (record.Length < header + length) return at;
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(record[(isLocal ? 6 : 8)..]);
            Note(record.Slice(header, length), isUtf8: (flags & 0x800) != 0, isEncrypted: (flags & 1) != 0);
            if (IsTooMuch) return window.Length;
            at += 4;
        }
    }

    private void Note(ReadOnlySpan<byte> octets, bool isUtf8, bool isEncrypted)
    {
        var name = (isUtf8 ? Encoding.UTF8 : Encoding.Latin1).GetString(octets);
        // The signature stands in what is packed too, once in four thousand million places.
        if (name.Any(c => c is < ' ' or '\x7f')) return;
        _names++;
        IsEncrypted |= isEncrypted;
        found(name);
    }
}
