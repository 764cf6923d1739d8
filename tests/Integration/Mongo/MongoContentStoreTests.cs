using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Content;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoContentStoreTests : ContentStoreContract
{
    private MongoServer? _server;

    protected override async Task<IContentStore> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Content);
        return (await _server.OpenAsync()).Content;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();

    protected override async Task<IContentStore> CrashAsync() => (await _server!.OpenAsync()).Content;

    protected override async Task DamageAsync(ContentId content, long offset)
    {
        var chunks = _server!.Database.GetCollection<BsonDocument>("contents.chunks");
        var key = new BsonDocument { { "files_id", new BsonBinaryData(content.Value, GuidRepresentation.Standard) }, { "n", (int)(offset / (64 * 1024)) } };
        using var found = await chunks.FindAsync(key);
        var chunk = await found.SingleAsync();
        var octets = chunk["data"].AsByteArray;
        octets[offset % (64 * 1024)] ^= 0x20;
        await chunks.UpdateOneAsync(key, new BsonDocument("$set", new BsonDocument("data", octets)));
    }

    protected override Task SetFullAsync(bool full) => _server!.SetFullAsync(full);
}
