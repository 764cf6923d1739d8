using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The collections of contents, in GridFS's own layout (any GridFS client can read them): <c>contents.files</c> has a document per visible content, <c>contents.chunks</c> its octets.
/// <c>contents.pending</c> names the contents whose chunks may lie there without a document, so that they are found without a search.
/// </summary>
internal static class ContentIndexes
{
    public const string Files = "contents.files";
    public const string Chunks = "contents.chunks";
    public const string Pending = "contents.pending";

    public static readonly MongoSchema Schema = new("content", Version: 1, ReadableBy: 1, [Files, Chunks, Pending],
    [
        new(Chunks, "files_id_1_n_1", new BsonDocument { { "files_id", 1 }, { "n", 1 } }, Unique: true),
        new(Files, "uploadDate_1", new BsonDocument("uploadDate", 1)),
        new(Pending, "since_1", new BsonDocument("since", 1)),
    ]);
}
