using System.Buffers;
using System.Text;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>
/// What scanners want to be different in a message. Its octets stay as they were received as long as nobody asks for more than fields on top of it: those go with our own trace headers.
/// </summary>
internal sealed class MessageEdit
{
    private readonly List<Field> _fields;
    private readonly int _maxAdded;
    private int _added;
    private bool _isCut;

    /// <param name="fields">The header of the message, as it was received.</param>
    /// <param name="body">Where the rest is.</param>
    public MessageEdit(IEnumerable<RawField> fields, StoredBody body, Envelope envelope, int maxAdded)
    {
        _fields = [.. fields.Select(field => new Field(field, IsNew: false))];
        (_maxAdded, Body, OriginalBody, Envelope) = (maxAdded, body, body, envelope);
    }

    private MessageEdit(MessageEdit other)
    {
        _fields = [.. other._fields];
        (_maxAdded, _added, _isCut, Body, OriginalBody, Envelope, HasEightBits) = (other._maxAdded, other._added, other._isCut, other.Body, other.OriginalBody, other.Envelope, other.HasEightBits);
    }

    private StoredBody OriginalBody { get; }

    public StoredBody Body { get; set; }

    public Envelope Envelope { get; set; }

    /// <summary>Without the lines that are none: those stay where they are, and nobody is told of them.</summary>
    public IReadOnlyList<RawField> Fields => [.. _fields.Select(one => one.Raw).Where(raw => raw.NameLength > 0)];

    /// <summary>Something above 127 came in.</summary>
    public bool HasEightBits { get; private set; }

    private IEnumerable<Field> OnTop => _fields.TakeWhile(one => one.IsNew);

    /// <summary>The fields that were put on top of the message, for our trace headers.</summary>
    public string Top => Encoding.UTF8.GetString(Concat(OnTop));

    /// <summary>The message itself is another one.</summary>
    public bool IsRewritten => !ReferenceEquals(Body, OriginalBody) || _isCut || _fields.SkipWhile(one => one.IsNew).Any(one => one.IsNew);

    /// <summary>The header of the message from the topmost field that was received, with its empty line.</summary>
    public ReadOnlyMemory<byte> RewrittenHeader
    {
        get
        {
            var header = Concat(_fields.SkipWhile(one => one.IsNew));
            return (byte[])[.. header, .. "\r\n"u8];
        }
    }

    /// <summary>To be changed by somebody who may fail half way.</summary>
    public MessageEdit Copy() => new(this);

    /// <param name="index">How many fields stand above it; more than there are means the end.</param>
    /// <param name="value">All behind the colon, folded with LF or CRLF.</param>
    public void Insert(int index, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _fields.Insert(PlaceOf(index), Make(name, value));

    /// <param name="which">Which field of that name, from 1. One that is not there is added at the end.</param>
    public void Change(int which, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Find(name, which) is not (>= 0 and var at))
        {
            Insert(int.MaxValue, name, value);
            return;
        }
        var field = Make(name, value);
        _isCut |= !_fields[at].IsNew;
        _fields[at] = field;
    }

    /// <param name="which">From 1; from the end when below 0.</param>
    public void Remove(int which, ReadOnlySpan<byte> name)
    {
        if (Find(name, which) is not (>= 0 and var at)) return;
        _isCut |= !_fields[at].IsNew;
        _fields.RemoveAt(at);
    }

    /// <summary>Every field of that name.</summary>
    public void RemoveAll(ReadOnlySpan<byte> name)
    {
        while (Find(name, 1) >= 0) Remove(1, name);
    }

    public void NoteBody(ReadOnlySpan<byte> octets) => HasEightBits = HasEightBits || !Ascii.IsValid(octets);

    private int PlaceOf(int index)
    {
        for (var at = 0; at < _fields.Count; at++)
        {
            if (_fields[at].Raw.NameLength > 0 && index-- <= 0) return at;
        }
        return _fields.Count;
    }

    private int Find(ReadOnlySpan<byte> name, int which)
    {
        for (var step = 0; step < _fields.Count; step++)
        {
            var at = which < 0 ? _fields.Count - 1 - step : step;
            if (_fields[at].Raw.Is(name) && (which = which < 0 ? which + 1 : which - 1) == 0) return at;
        }
        return -1;
    }

    /// <exception cref="InvalidDataException">The name is none, or it is too much altogether.</exception>
    private Field Make(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty || name.ContainsAnyExceptInRange((byte)'!', (byte)'~') || name.Contains((byte)':')) throw new InvalidDataException("A scanner names a header field by what is no name.");
        _added += name.Length + value.Length;
        if (_added > _maxAdded) throw new InvalidDataException($"Scanners add more than {_maxAdded} octets to the header.");
        var octets = new ArrayBufferWriter<byte>(name.Length + value.Length + 4);
        octets.Write(name);
        octets.Write(":"u8);
        var first = true;
        foreach (var range in value.TrimEnd("\r\n"u8).Split((byte)'\n'))
        {
            var line = value[range].TrimEnd((byte)'\r');
            // A line that is empty, or does not go on, would be the end of the header or another field.
            if (!first && line.Trim(" \t"u8).IsEmpty) continue;
            if (!first) octets.Write(line[0] is (byte)' ' or (byte)'\t' ? "\r\n"u8 : "\r\n\t"u8);
            foreach (var octet in line) octets.Write([octet is (byte)'\r' or 0 ? (byte)' ' : octet]);
            first = false;
        }
        octets.Write("\r\n"u8);
        HasEightBits = HasEightBits || !Ascii.IsValid(octets.WrittenSpan);
        return new Field(new RawField(octets.WrittenMemory, name.Length, name.Length + 1), IsNew: true);
    }

    private static byte[] Concat(IEnumerable<Field> fields)
    {
        var octets = new ArrayBufferWriter<byte>();
        foreach (var field in fields) octets.Write(field.Raw.Octets.Span);
        return octets.WrittenSpan.ToArray();
    }

    private readonly record struct Field(RawField Raw, bool IsNew);
}

/// <summary>The body of a message within a content.</summary>
internal sealed record StoredBody(ContentInfo Content, long Offset);
