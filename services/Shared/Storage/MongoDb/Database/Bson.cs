using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Values as they are stored: ids as UUIDs in network order (so that a UUIDv7 sorts by time), times in UTC with milliseconds, absent for null.</summary>
internal static class Bson
{
    public static BsonBinaryData Id(Guid id) => new(id, GuidRepresentation.Standard);

    public static BsonValue Id(Guid? id) => id is { } value ? Id(value) : BsonNull.Value;

    public static BsonDateTime Time(DateTimeOffset time) => new(time.UtcDateTime);

    public static BsonValue Text(string? text) => text is null ? BsonNull.Value : new BsonString(text);

    public static BsonBinaryData Octets(ReadOnlyMemory<byte> octets) => new(octets.ToArray());

    public static BsonArray Ids(IEnumerable<Guid> ids) => new(ids.Select(Id));

    /// <summary>Documents whose field is one of the values.</summary>
    public static BsonDocument In(string field, BsonArray values) => new(field, new BsonDocument("$in", values));

    public static BsonDocument Set(BsonDocument fields) => new("$set", fields);

    public static BsonDocument Inc(string field, BsonValue by) => new("$inc", new BsonDocument(field, by));

    public static Guid Guid(this BsonDocument document, string field) => document[field].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard);

    public static DateTimeOffset Instant(this BsonDocument document, string field) => new(document[field].ToUniversalTime(), TimeSpan.Zero);

    public static string? TextOrNull(this BsonDocument document, string field) => document.TryGetValue(field, out var value) && !value.IsBsonNull ? value.AsString : null;

    public static long? LongOrNull(this BsonDocument document, string field) => document.TryGetValue(field, out var value) && !value.IsBsonNull ? value.ToInt64() : null;

    public static byte[] Octets(this BsonDocument document, string field) => document[field].AsByteArray;

    public static ProjectionDefinition<BsonDocument> Only(params ReadOnlySpan<string> fields)
    {
        var projection = new BsonDocument();
        foreach (var field in fields) projection[field] = 1;
        return projection;
    }
}
