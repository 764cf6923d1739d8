using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using SharpCompress.Compressors.LZMA;

namespace Merpati.Mail.Content;

/// <summary>
/// Finds the names in a 7z archive that streams by. They stand in a header at the end, which is packed itself as a rule, and its first octets say where it is: the header and what comes before it is kept, no more.
/// The reader of SharpCompress is not for strangers' archives (it makes lists as long, and windows as large, as a header says); its LZMA is, with a window of the size of the header.
/// </summary>
internal sealed class SevenZipNames(int maxNames, Action<string> found) : IArchiveNames
{
    private const int Start = 32;
    private const int MaxPacked = 1024 * 1024;
    private const int MaxHeader = 4 * 1024 * 1024;
    private const int MaxNested = 4;
    private const int MaxStreams = 100_000;
    private const ulong Copy = 0, Lzma = 0x030101, Lzma2 = 0x21, Aes = 0x06f10701;

    private readonly byte[] _start = new byte[Start];
    private byte[]? _kept;
    private long _length;
    private long _keptFrom;
    private long _headerAt;
    private long _end;
    private int _names;

    public static ReadOnlySpan<byte> Mark => [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c];

    public bool IsTooMuch => _names > maxNames;

    public bool IsEncrypted { get; private set; }

    public bool IsUnreadable { get; private set; }

    public bool IsDone => IsUnreadable || _length >= Start && _length >= _end;

    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !IsDone)
        {
            if (_length < Start)
            {
                var piece = octets[..Math.Min(octets.Length, Start - (int)_length)];
                piece.CopyTo(_start.AsSpan((int)_length));
                _length += piece.Length;
                octets = octets[piece.Length..];
                if (_length == Start) Begin();
                continue;
            }
            var next = octets[..(int)Math.Min(octets.Length, (_length < _keptFrom ? _keptFrom : _end) - _length)];
            if (_length >= _keptFrom) next.CopyTo((_kept ??= new byte[_end - _keptFrom]).AsSpan((int)(_length - _keptFrom)));
            _length += next.Length;
            octets = octets[next.Length..];
        }
    }

    public void Complete()
    {
        if (IsUnreadable) return;
        if (_length < Start || _length < _end)
        {
            IsUnreadable = true;
            return;
        }
        if (_kept is null) return;
        try { Read(_kept.AsMemory((int)(_headerAt - _keptFrom)), nested: 0); }
        catch (InvalidDataException) { IsUnreadable = true; }
        _kept = null;
    }

    private void Begin()
    {
        var (offset, size) = (BinaryPrimitives.ReadUInt64LittleEndian(_start.AsSpan(12)), BinaryPrimitives.ReadUInt64LittleEndian(_start.AsSpan(20)));
        if (!_start.AsSpan().StartsWith(Mark) || size > MaxPacked || offset > long.MaxValue / 2)
        {
            IsUnreadable = true;
            return;
        }
        _headerAt = Start + (long)offset;
        // None: an archive of nothing.
        _end = size == 0 ? Start : _headerAt + (long)size;
        _keptFrom = Math.Max(Start, _headerAt - MaxPacked);
    }

    private void Read(ReadOnlyMemory<byte> octets, int nested)
    {
        var reader = new Reader(octets.Span);
        switch (reader.Number())
        {
            case 0x17 when nested < MaxNested:
                var streams = Streams(ref reader);
                if (!IsEncrypted) Read(Unpack(streams), nested + 1);
                break;
            case 0x01:
                Header(ref reader);
                break;
            default:
                throw new InvalidDataException("neither a header nor a packed one");
        }
    }

    private void Header(ref Reader reader)
    {
        while (reader.Number() is var type and not 0)
        {
            switch (type)
            {
                case 0x02:
                    while (reader.Number() != 0) reader.Skip(reader.Number());
                    break;
                case 0x03 or 0x04:
                    Streams(ref reader);
                    break;
                case 0x05:
                    Files(ref reader);
                    break;
                default:
                    throw new InvalidDataException($"block {type} in the header");
            }
        }
    }

    private void Files(ref Reader reader)
    {
        reader.Number();
        while (reader.Number() is var property and not 0)
        {
            var data = reader.Take(reader.Number());
            if (property != 0x11) continue;
            // Names elsewhere: nobody writes that.
            if (data.IsEmpty || data[0] != 0) throw new InvalidDataException("names in another stream");
            for (var names = data[1..]; names.Length >= 2 && !IsTooMuch;)
            {
                var length = 0;
                while (length + 1 < names.Length && (names[length] | names[length + 1]) != 0) length += 2;
                _names++;
                if (!IsTooMuch) found(Encoding.Unicode.GetString(names[..length]));
                names = names[Math.Min(length + 2, names.Length)..];
            }
        }
    }

    /// <summary>What is packed how, and where.</summary>
    private PackedStreams Streams(ref Reader reader)
    {
        var streams = new PackedStreams();
        while (reader.Number() is var type and not 0)
        {
            switch (type)
            {
                case 0x06:
                    PackInfo(ref reader, streams);
                    break;
                case 0x07:
                    UnpackInfo(ref reader, streams);
                    break;
                case 0x08:
                    SubStreams(ref reader, streams);
                    break;
                default:
                    throw new InvalidDataException($"block {type} among the streams");
            }
        }
        return streams;
    }

    private static void PackInfo(ref Reader reader, PackedStreams streams)
    {
        streams.At = reader.Number();
        var count = reader.Count(MaxStreams);
        while (reader.Number() is var type and not 0)
        {
            if (type == 0x09) for (var i = 0; i < count; i++) streams.Sizes.Add(reader.Number());
            else if (type == 0x0a) reader.Digests(count);
            else throw new InvalidDataException($"block {type} among the packed streams");
        }
    }

    private void UnpackInfo(ref Reader reader, PackedStreams streams)
    {
        reader.Expect(0x0b);
        var count = reader.Count(MaxStreams);
        if (reader.Octet() != 0) throw new InvalidDataException("folders in another stream");
        for (var i = 0; i < count; i++) streams.Folders.Add(ReadFolder(ref reader));
        reader.Expect(0x0c);
        foreach (var folder in streams.Folders) for (var i = 0; i < folder.Outputs; i++) folder.Size = reader.Number();
        while (reader.Number() is var type and not 0)
        {
            if (type != 0x0a) throw new InvalidDataException($"block {type} among the folders");
            var defined = reader.Digests(count);
            for (var i = 0; i < count; i++) streams.Folders[i].HasDigest = defined.IsEmpty || (defined[i / 8] & 0x80 >> i % 8) != 0;
        }
    }

    private Folder ReadFolder(ref Reader reader)
    {
        var folder = new Folder();
        var coders = reader.Count(atMost: 32);
        int inputs = 0, outputs = 0;
        for (var i = 0; i < coders; i++)
        {
            var flags = reader.Octet();
            ulong method = 0;
            foreach (var octet in reader.Take((ulong)(flags & 0x0f))) method = method << 8 | octet;
            inputs += (flags & 0x10) != 0 ? reader.Count(atMost: 32) : 1;
            outputs += (flags & 0x10) != 0 ? reader.Count(atMost: 32) : 1;
            var properties = (flags & 0x20) != 0 ? reader.Take(reader.Number()) : [];
            if ((flags & 0x80) != 0) throw new InvalidDataException("a coder of a kind that there is not");
            if (method == Aes) IsEncrypted = true;
            if (coders == 1) (folder.Method, folder.Properties) = (method, properties.ToArray());
        }
        for (var i = 1; i < outputs; i++) (_, _) = (reader.Number(), reader.Number());
        if (inputs - (outputs - 1) is var packed and > 1) for (var i = 0; i < packed; i++) reader.Number();
        folder.Outputs = outputs;
        return folder;
    }

    private static void SubStreams(ref Reader reader, PackedStreams streams)
    {
        var type = reader.Number();
        if (type == 0x0d)
        {
            foreach (var folder in streams.Folders) folder.Files = reader.Count();
            type = reader.Number();
        }
        if (type == 0x09)
        {
            foreach (var folder in streams.Folders) for (var i = 1; i < folder.Files; i++) reader.Number();
            type = reader.Number();
        }
        if (type == 0x0a)
        {
            reader.Digests(streams.Folders.Sum(folder => folder is { Files: 1, HasDigest: true } ? 0 : (long)folder.Files));
            type = reader.Number();
        }
        if (type != 0) throw new InvalidDataException($"block {type} among the files of a folder");
    }

    private byte[] Unpack(PackedStreams streams)
    {
        if (streams is not { Sizes: [var packedSize], Folders: [{ Method: { } method, Properties: { } properties, Size: var size }] } || size > MaxHeader) throw new InvalidDataException("a header that is packed in no usual way");
        var at = Start + (long)Math.Min(streams.At, long.MaxValue / 2) - _keptFrom;
        if (at < 0 || packedSize > (ulong)_kept!.Length || at > _kept.Length - (long)packedSize) throw new InvalidDataException("a packed header in another place");
        if (method == Copy) return _kept.AsSpan((int)at, (int)Math.Min(packedSize, size)).ToArray();
        // More than what comes out no window has to hold.
        var window = Math.Max(4096, (int)size);
        if (method == Lzma && properties.Length == 5) BinaryPrimitives.WriteInt32LittleEndian(properties.AsSpan(1), window);
        else if (method == Lzma2 && properties.Length == 1) properties[0] = 20;
        else throw new InvalidDataException("a header that is packed in no usual way");
        var header = new byte[size];
#pragma warning disable CA1031 // What the decoder makes of octets that are none of LZMA is its own affair: any kind of exception.
        try
        {
            using var packed = new MemoryStream(_kept, (int)at, (int)packedSize, writable: false);
            using var unpacked = LzmaStream.Create(properties, packed, (long)packedSize, (long)size);
            unpacked.ReadExactly(header);
        }
        catch (Exception fault) { throw new InvalidDataException("a header that cannot be unpacked", fault); }
#pragma warning restore CA1031
        return header;
    }

    private sealed class PackedStreams
    {
        public ulong At { get; set; }

        public List<ulong> Sizes { get; } = [];

        public List<Folder> Folders { get; } = [];
    }

    private sealed class Folder
    {
        /// <summary>Null when there are several, one behind the other.</summary>
        public ulong? Method { get; set; }

        public byte[]? Properties { get; set; }

        public int Outputs { get; set; }

        /// <summary>Unpacked.</summary>
        public ulong Size { get; set; }

        public bool HasDigest { get; set; }

        public int Files { get; set; } = 1;
    }

    /// <summary>Reads a header; whatever goes over its end is an error, and so nothing is longer than it.</summary>
    private ref struct Reader(ReadOnlySpan<byte> octets)
    {
        private ReadOnlySpan<byte> _rest = octets;

        public byte Octet() => Take(1)[0];

        public ReadOnlySpan<byte> Take(ulong count)
        {
            if (count > (ulong)_rest.Length) throw new InvalidDataException("the header ends too early");
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        public void Skip(ulong count) => Take(count);

        public void Expect(ulong type)
        {
            if (Number() is var found && found != type) throw new InvalidDataException($"block {found} instead of {type}");
        }

        /// <summary>The bits of the first octet, from the highest, say how many octets follow; what is left of it is the highest part.</summary>
        public ulong Number()
        {
            var first = Octet();
            ulong number = 0;
            var mask = 0x80;
            for (var i = 0; i < 8; i++, mask >>= 1)
            {
                if ((first & mask) == 0) return number | (ulong)(first & (mask - 1)) << (8 * i);
                number |= (ulong)Octet() << (8 * i);
            }
            return number;
        }

        /// <summary>Of things that take at least a bit each.</summary>
        public int Count(int atMost = int.MaxValue)
            => Number() is var count && count <= (ulong)Math.Min(atMost, 8L * _rest.Length) ? (int)count : throw new InvalidDataException("more than the header can hold");

        /// <returns>A bit for each of them that there is; empty for all.</returns>
        public ReadOnlySpan<byte> Digests(long count)
        {
            var defined = Octet() == 0 ? Take((ulong)(count + 7) / 8) : [];
            var there = count;
            if (!defined.IsEmpty)
            {
                there = 0;
                foreach (var bits in defined) there += BitOperations.PopCount(bits);
            }
            Skip((ulong)there * 4);
            return defined;
        }
    }
}
