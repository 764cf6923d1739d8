using System.Text;

namespace Merpati.Mailboxes.V1;

/// <summary>
/// Reads the fields of one protobuf message from its octets, without a generated object in between.
/// Damaged octets are an <see cref="InvalidDataException"/>, never a read past the end.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> _rest = octets;
    private int _wireType;

    /// <summary>The number of the next field, which must be read or skipped; false at the end.</summary>
    public bool TryReadField(out int number)
    {
        number = 0;
        if (_rest.IsEmpty) return false;
        var tag = ReadVarint();
        _wireType = (int)(tag & 7);
        number = tag >> 3 is > 0 and <= 536_870_911 and var n ? (int)n : throw Damaged();
        return true;
    }

    public long ReadInt64()
    {
        if (_wireType != 0) throw Damaged();
        return (long)ReadVarint();
    }

    public int ReadSInt32()
    {
        var zigzag = (uint)ReadInt64();
        return (int)(zigzag >> 1) ^ -(int)(zigzag & 1);
    }

    public ReadOnlySpan<byte> ReadOctets()
    {
        if (_wireType != 2) throw Damaged();
        return Take(ReadVarint());
    }

    public string ReadString() => Encoding.UTF8.GetString(ReadOctets());

    /// <summary>A field of a later version.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case 0: ReadVarint(); break;
            case 1: Take(sizeof(ulong)); break;
            case 2: Take(ReadVarint()); break;
            case 5: Take(sizeof(uint)); break;
            default: throw Damaged();
        }
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length) throw Damaged();
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            var octet = _rest[i];
            value |= (ulong)(octet & 0x7f) << (7 * i);
            if (octet < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }
        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("A protobuf message is damaged.");
}
