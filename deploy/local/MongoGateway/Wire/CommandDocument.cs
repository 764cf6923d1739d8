using System.Buffers.Binary;
using System.Text;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Wire;

/// <summary>
/// The top level of a command's BSON, found in one pass that checks every length against the bounds. Values stay where they are in the message;
/// what is deeper than the top level is the engine's to judge.
/// </summary>
internal sealed class CommandDocument
{
    private const int MaxFields = 256;

    private readonly List<(string Name, BsonType Type, ReadOnlyMemory<byte> Value)> _fields = [];

    private CommandDocument(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The whole document as received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The first field's name: the command.</summary>
    public string Command => _fields[0].Name;

    /// <exception cref="WireFormatException">It is not BSON, as far as its top level shows.</exception>
    public static CommandDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        var document = new CommandDocument(bytes);
        var span = bytes.Span;
        if (span.Length < 5 || BinaryPrimitives.ReadInt32LittleEndian(span) != span.Length || span[^1] != 0) throw Invalid();
        var at = 4;
        while (span[at] != 0)
        {
            var type = (BsonType)span[at++];
            var name = CString(span, ref at);
            var length = ValueLength(type, span[at..]);
            if (length < 0 || length > span.Length - 1 - at || document._fields.Count == MaxFields) throw Invalid();
            document._fields.Add((name, type, bytes.Slice(at, length)));
            at += length;
        }
        if (at != span.Length - 1 || document._fields.Count == 0) throw Invalid();
        return document;
    }

    public bool Has(string name) => Find(name) >= 0;

    /// <summary>A number of any BSON type that holds a whole one; null when the field is missing or something else.</summary>
    public long? Number(string name)
    {
        if (Find(name) is var index && index < 0) return null;
        var (_, type, value) = _fields[index];
        return type switch
        {
            BsonType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(value.Span),
            BsonType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(value.Span),
            BsonType.Double when BinaryPrimitives.ReadDoubleLittleEndian(value.Span) is var number && Math.Abs(number) < long.MaxValue => (long)number,
            _ => null,
        };
    }

    /// <summary>True or false, as MongoDB takes numbers too; null when the field is missing or something else.</summary>
    public bool? Flag(string name)
    {
        if (Find(name) is var index && index < 0) return null;
        return _fields[index].Type == BsonType.Boolean ? _fields[index].Value.Span[0] != 0 : Number(name) is { } number ? number != 0 : null;
    }

    public string? Text(string name)
    {
        if (Find(name) is var index && index < 0 || _fields[index].Type != BsonType.String) return null;
        return Encoding.UTF8.GetString(_fields[index].Value.Span[4..^1]);
    }

    /// <summary>An embedded document or an array, not looked into.</summary>
    public ReadOnlyMemory<byte>? Nested(string name)
    {
        if (Find(name) is var index && index < 0) return null;
        return _fields[index].Type is BsonType.Document or BsonType.Array ? _fields[index].Value : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>The bytes of a binary value, without its length and subtype.</summary>
    public ReadOnlyMemory<byte>? Binary(string name)
    {
        if (Find(name) is var index && index < 0 || _fields[index].Type != BsonType.Binary) return null;
        return _fields[index].Value[5..];
    }

    private int Find(string name)
    {
        for (var i = 0; i < _fields.Count; i++)
        {
            if (_fields[i].Name == name) return i;
        }
        return -1;
    }

    private static string CString(ReadOnlySpan<byte> span, ref int at)
    {
        var end = span[at..].IndexOf((byte)0);
        if (end < 0 || at + end >= span.Length - 1) throw Invalid();
        var text = Encoding.UTF8.GetString(span.Slice(at, end));
        at += end + 1;
        return text;
    }

    /// <returns>-1: no such type, or not enough bytes.</returns>
    private static int ValueLength(BsonType type, ReadOnlySpan<byte> rest)
    {
        switch (type)
        {
            case BsonType.Null or BsonType.Undefined or BsonType.MinKey or BsonType.MaxKey: return 0;
            case BsonType.Boolean: return 1;
            case BsonType.Int32: return 4;
            case BsonType.Int64 or BsonType.Double or BsonType.DateTime or BsonType.Timestamp: return 8;
            case BsonType.ObjectId: return 12;
            case BsonType.Decimal128: return 16;
            case BsonType.RegularExpression:
                var pattern = rest.IndexOf((byte)0);
                var options = pattern < 0 ? -1 : rest[(pattern + 1)..].IndexOf((byte)0);
                return options < 0 ? -1 : pattern + options + 2;
        }
        if (rest.Length < 4) return -1;
        var length = (long)BinaryPrimitives.ReadInt32LittleEndian(rest);
        var total = type switch
        {
            BsonType.String or BsonType.JavaScript or BsonType.Symbol when length >= 1 => length + 4,
            BsonType.Document or BsonType.Array or BsonType.JavaScriptWithScope when length >= 5 => length,
            BsonType.Binary when length >= 0 => length + 5,
            _ => -1,
        };
        return total > rest.Length ? -1 : (int)total;
    }

    private static WireFormatException Invalid() => new("a command that is not BSON");
}
