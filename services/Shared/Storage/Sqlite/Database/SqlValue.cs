namespace Merpati.Storage.Sqlite;

/// <summary>
/// A value bound to a statement. The implicit conversions are the one place that says how our types are stored:
/// ids as 16 bytes big-endian (so that order of bytes is order of UUIDv7, which is order of time), times as UTC ticks, flags as 0 and 1.
/// </summary>
public readonly struct SqlValue
{
    private readonly Kind _kind;
    private readonly long _integer;
    private readonly string? _text;
    private readonly Guid _guid;
    private readonly ReadOnlyMemory<byte> _blob;

    private SqlValue(Kind kind, long integer = 0, string? text = null, Guid guid = default, ReadOnlyMemory<byte> blob = default)
    {
        _kind = kind;
        _integer = integer;
        _text = text;
        _guid = guid;
        _blob = blob;
    }

    private enum Kind
    {
        Null = 0,
        Integer,
        Text,
        Guid,
        Blob,
    }

    public static SqlValue Null => default;

    public static implicit operator SqlValue(long value) => new(Kind.Integer, value);

    public static implicit operator SqlValue(long? value) => value is { } known ? known : Null;

    public static implicit operator SqlValue(int value) => new(Kind.Integer, value);

    public static implicit operator SqlValue(int? value) => value is { } known ? known : Null;

    public static implicit operator SqlValue(uint value) => new(Kind.Integer, value);

    public static implicit operator SqlValue(bool value) => new(Kind.Integer, value ? 1 : 0);

    public static implicit operator SqlValue(DateTimeOffset value) => new(Kind.Integer, value.UtcTicks);

    public static implicit operator SqlValue(DateTimeOffset? value) => value is { } known ? known : Null;

    public static implicit operator SqlValue(string? value) => value is null ? Null : new(Kind.Text, text: value);

    public static implicit operator SqlValue(Guid value) => new(Kind.Guid, guid: value);

    public static implicit operator SqlValue(Guid? value) => value is { } known ? known : Null;

    public static implicit operator SqlValue(byte[]? value) => value is null ? Null : new(Kind.Blob, blob: value);

    public static implicit operator SqlValue(ReadOnlyMemory<byte> value) => new(Kind.Blob, blob: value);

    internal void BindTo(Rows rows, int index)
    {
        switch (_kind)
        {
            case Kind.Null: rows.BindNull(index); break;
            case Kind.Integer: rows.Bind(index, _integer); break;
            case Kind.Text: rows.Bind(index, _text!); break;
            case Kind.Guid:
                Span<byte> bytes = stackalloc byte[16];
                _guid.TryWriteBytes(bytes, bigEndian: true, out _);
                rows.Bind(index, bytes);
                break;
            case Kind.Blob: rows.Bind(index, _blob.Span); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }
}
