using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

internal sealed class MongoContentStream(MongoConnection connection, IMongoCollection<BsonDocument> chunks, ContentId content, long size, long start, long end) : ChunkedContentStream(content, size, start, end)
{
    private static readonly FindOptions<BsonDocument> One = new() { Limit = 1, Projection = Bson.Only("data", "crc32c") };

    private readonly BsonBinaryData _content = Bson.Id(content.Value);

    protected override async ValueTask ReadChunkAsync(long number, CancellationToken cancellationToken)
        => Accept(number, await connection.RunAsync(async token =>
        {
            using var found = await chunks.FindAsync(Key(number), One, token);
            return await found.FirstOrDefaultAsync(token);
        }, cancellationToken));

    protected override void ReadChunk(long number)
    {
        try
        {
            using var found = chunks.FindSync(Key(number), One);
            Accept(number, found.FirstOrDefault());
        }
        catch (Exception failure) when (failure is MongoException or TimeoutException)
        {
            throw MongoErrors.Translate(failure, connection.Store);
        }
    }

    private void Accept(long number, BsonDocument? chunk)
    {
        if (chunk is null) throw Missing(number);
        Accept(number, chunk["data"].AsByteArray, (uint)chunk["crc32c"].ToInt64());
    }

    private BsonDocument Key(long number) => new() { { "files_id", _content }, { "n", (int)number } };
}
