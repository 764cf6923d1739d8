using System.Buffers.Binary;
using System.Text;

namespace Merpati.Mail.Content;

/// <summary>
/// Finds the names in a RAR archive (versions 1.5 to 4, and 5) that streams by in pieces cut anywhere: its headers are not packed, and each stands before what it is about. Checksums are not looked at: readers of archives that
/// do not care are to find nothing that we did not. Memory is that of one header.
/// </summary>
internal sealed class RarNames(int maxNames, Action<string> found) : IArchiveNames
{
    private const int MaxHeader = 64 * 1024;

    public static ReadOnlySpan<byte> Mark4 => "Rar!\x1a\x07\0"u8;

    public static ReadOnlySpan<byte> Mark5 => "Rar!\x1a\x07\x01\0"u8;

    private readonly byte[] _buffer = new byte[MaxHeader + 16];
    private int _length;
    private ulong _skip;
    private int _names;
    private int _version;

    public bool IsTooMuch => _names > maxNames;

    public bool IsEncrypted { get; private set; }

    public bool IsUnreadable { get; private set; }

    public bool IsDone { get; private set; }

    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !IsDone)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, (ulong)octets.Length);
                _skip -= (ulong)skipped;
                octets = octets[skipped..];
                continue;
            }
            var piece = octets[..Math.Min(octets.Length, _buffer.Length - _length)];
            piece.CopyTo(_buffer.AsSpan(_length));
            _length += piece.Length;
            octets = octets[piece.Length..];
            Read();
        }
    }

    public void Complete()
    {
        // The end of the archive may be missing; that of a header may not.
        if (!IsDone && (_version == 0 || _length > 0)) IsUnreadable = true;
        IsDone = true;
    }

    /// <summary>Reads the headers that are there as a whole.</summary>
    private void Read()
    {
        var at = 0;
        while (!IsDone && _skip == 0 && Block(_buffer.AsSpan(at, _length - at)) is var used and > 0)
        {
            at += used;
            var skipped = (int)Math.Min(_skip, (ulong)(_length - at));
            at += skipped;
            _skip -= (ulong)skipped;
        }
        if (!IsDone && at == 0 && _length == _buffer.Length) Fail();
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer);
        _length -= at;
    }

    /// <returns>Octets of the header; 0 when it is not there as a whole.</returns>
    private int Block(ReadOnlySpan<byte> window)
    {
        if (_version > 0) return _version == 4 ? Block4(window) : Block5(window);
        if (window.Length < Mark5.Length) return 0;
        if (window.StartsWith(Mark5)) _version = 5;
        else if (window.StartsWith(Mark4)) _version = 4;
        else return Fail();
        return _version == 5 ? Mark5.Length : Mark4.Length;
    }

    /// <summary>CRC, type, flags, length of the header; then for a file what is packed, its name and the like.</summary>
    private int Block4(ReadOnlySpan<byte> window)
    {
        if (window.Length < 7) return 0;
        var (type, flags, length) = (window[2], BinaryPrimitives.ReadUInt16LittleEndian(window[3..]), BinaryPrimitives.ReadUInt16LittleEndian(window[5..]));
        if (length < 7) return Fail();
        if (window.Length < length) return 0;
        var header = window[..length];
        ulong data = 0;
        if ((flags & 0x8000) != 0 && header.Length >= 11) data = BinaryPrimitives.ReadUInt32LittleEndian(header[7..]);
        switch (type)
        {
            case 0x73 when (flags & 0x80) != 0:
                return Encrypted();
            case 0x74 or 0x7a:
                if (header.Length < 32) return Fail();
                var large = (flags & 0x100) != 0;
                if (large)
                {
                    if (header.Length < 40) return Fail();
                    data |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(header[32..]) << 32;
                }
                if (type != 0x74) break;
                var name = header[(large ? 40 : 32)..];
                var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
                if (nameLength > name.Length) return Fail();
                if ((flags & 4) != 0) IsEncrypted = true;
                Note4(name[..nameLength], isUnicode: (flags & 0x200) != 0);
                break;
            case 0x7b:
                IsDone = true;
                break;
            // What is none of the types that there are is no header: the reading is off its way.
            case < 0x72 or > 0x7b:
                return Fail();
        }
        _skip = data;
        return length;
    }

    /// <summary>CRC, length, type, flags, lengths of what is extra and of what follows, numbers of variable length all; then for a file its name and the like.</summary>
    private int Block5(ReadOnlySpan<byte> window)
    {
        if (window.Length < 7) return 0;
        var rest = window[4..];
        if (!TryNumber(ref rest, out var length) || length is 0 or > MaxHeader) return Fail();
        var start = window.Length - rest.Length;
        if (rest.Length < (int)length) return 0;
        rest = rest[..(int)length];
        if (!TryNumber(ref rest, out var type) || !TryNumber(ref rest, out var flags)) return Fail();
        ulong extra = 0, data = 0;
        if ((flags & 1) != 0 && !TryNumber(ref rest, out extra) || (flags & 2) != 0 && !TryNumber(ref rest, out data)) return Fail();
        switch (type)
        {
            case 4:
                return Encrypted();
            case 2:
                if (!TryNumber(ref rest, out var fileFlags) || !TryNumber(ref rest, out _) || !TryNumber(ref rest, out _)) return Fail();
                var fixedFields = ((fileFlags & 2) != 0 ? 4 : 0) + ((fileFlags & 4) != 0 ? 4 : 0);
                if (rest.Length < fixedFields) return Fail();
                rest = rest[fixedFields..];
                if (!TryNumber(ref rest, out _) || !TryNumber(ref rest, out _) || !TryNumber(ref rest, out var nameLength) || nameLength > (ulong)rest.Length) return Fail();
                Note(Encoding.UTF8.GetString(rest[..(int)nameLength]));
                if (extra > 0 && extra <= (ulong)rest.Length) LookForEncryption(rest[^(int)extra..]);
                break;
            case 5:
                IsDone = true;
                break;
        }
        _skip = data;
        return start + (int)length;
    }

    private void LookForEncryption(ReadOnlySpan<byte> extra)
    {
        while (TryNumber(ref extra, out var size) && size > 0 && size <= (ulong)extra.Length)
        {
            var record = extra[..(int)size];
            if (TryNumber(ref record, out var type) && type == 1) IsEncrypted = true;
            extra = extra[(int)size..];
        }
    }

    /// <summary>Seven bits an octet, the lowest first.</summary>
    private static bool TryNumber(ref ReadOnlySpan<byte> octets, out ulong number)
    {
        number = 0;
        for (var i = 0; i < octets.Length && i < 10; i++)
        {
            number |= (ulong)(octets[i] & 0x7f) << (7 * i);
            if ((octets[i] & 0x80) != 0) continue;
            octets = octets[(i + 1)..];
            return true;
        }
        return false;
    }

    /// <summary>With Unicode the name is there twice: for old programs, and behind an octet of zero as differences to it. Both count.</summary>
    private void Note4(ReadOnlySpan<byte> octets, bool isUnicode)
    {
        var zero = octets.IndexOf((byte)0);
        if (!isUnicode || zero < 0)
        {
            Note((isUnicode ? Encoding.UTF8 : Encoding.Latin1).GetString(octets));
            return;
        }
        Note(Encoding.Latin1.GetString(octets[..zero]));
        Note(Wide(octets[..zero], octets[(zero + 1)..]));
    }

    private static string Wide(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> packed)
    {
        var name = new StringBuilder();
        if (packed.IsEmpty) return "";
        var high = packed[0] << 8;
        var (at, flags, bits) = (1, 0, 0);
        while (at < packed.Length && name.Length < MaxHeader)
        {
            if (bits == 0) (flags, bits) = (packed[at++], 8);
            if (at >= packed.Length) break;
            bits -= 2;
            switch (flags >> bits & 3)
            {
                case 0:
                    name.Append((char)packed[at++]);
                    break;
                case 1:
                    name.Append((char)(packed[at++] | high));
                    break;
                case 2:
                    if (at + 1 >= packed.Length) return name.ToString();
                    name.Append((char)(packed[at] | packed[at + 1] << 8));
                    at += 2;
                    break;
                default:
                    var length = packed[at++];
                    var correction = (length & 0x80) != 0 && at < packed.Length ? packed[at++] : -1;
                    for (var left = (length & 0x7f) + 2; left > 0 && name.Length < plain.Length; left--)
                        name.Append((char)(correction < 0 ? plain[name.Length] : plain[name.Length] + correction & 0xff | high));
                    break;
            }
        }
        return name.ToString();
    }

    private void Note(string name)
    {
        _names++;
        if (IsTooMuch) IsDone = true;
        else found(name);
    }

    private int Encrypted()
    {
        IsEncrypted = IsDone = true;
        return 0;
    }

    private int Fail()
    {
        IsUnreadable = IsDone = true;
        return 0;
    }
}
