using AwesomeAssertions;
using Merpati.Local.ForTests;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.GridFS;
using Xunit;

namespace Merpati.Tests.Integration.LocalServers;

/// <summary>The official driver against the gateway: what the stores build on has to hold here as on MongoDB itself.</summary>
public sealed class GatewayTests : IAsyncLifetime
{
    private IMongoClient _client = null!;
    private IMongoDatabase _database = null!;

    public async Task InitializeAsync()
    {
        _client = new MongoClient(await TestMongo.ConnectionStringAsync());
        _database = _client.GetDatabase($"gateway_{Guid.NewGuid():n}");
    }

    public async Task DisposeAsync()
    {
        await _client.DropDatabaseAsync(_database.DatabaseNamespace.DatabaseName);
        _client.Dispose();
    }

    [Fact]
    public async Task Documents_are_created_read_changed_and_deleted()
    {
        var things = _database.GetCollection<BsonDocument>("things");
        await things.InsertOneAsync(new BsonDocument { { "_id", 1 }, { "n", 1 } });
        (await things.UpdateOneAsync(Is(1), Builders<BsonDocument>.Update.Inc("n", 4))).ModifiedCount.Should().Be(1);
        (await things.ReplaceOneAsync(Is(2), new BsonDocument("n", 9), new ReplaceOptions { IsUpsert = true })).UpsertedId.Should().Be((BsonValue)2);
        (await things.Find(Is(1)).SingleAsync())["n"].Should().Be((BsonValue)5);
        (await things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
        (await things.EstimatedDocumentCountAsync()).Should().Be(2);
        (await (await things.DistinctAsync<int>("n", new BsonDocument())).ToListAsync()).Should().BeEquivalentTo([5, 9]);
        (await things.DeleteManyAsync(new BsonDocument())).DeletedCount.Should().Be(2);
    }

    [Fact]
    public async Task A_bulk_write_mixes_kinds_and_a_large_batch_comes_as_a_document_sequence()
    {
        var things = _database.GetCollection<BsonDocument>("things");
        await things.InsertManyAsync(Enumerable.Range(0, 5_000).Select(i => new BsonDocument { { "_id", i }, { "text", new string('x', 500) } }));
        var result = await things.BulkWriteAsync([new InsertOneModel<BsonDocument>(new BsonDocument("_id", -1)), new UpdateManyModel<BsonDocument>(new BsonDocument("_id", new BsonDocument("$lt", 10)), Builders<BsonDocument>.Update.Set("low", true)), new DeleteOneModel<BsonDocument>(Is(4_999))]);
        (result.InsertedCount, result.ModifiedCount, result.DeletedCount).Should().Be((1, 11, 1));
    }

    [Fact]
    public async Task A_cursor_goes_on_over_many_batches_and_can_be_given_up()
    {
        var things = _database.GetCollection<BsonDocument>("things");
        await things.InsertManyAsync(Enumerable.Range(0, 3_000).Select(i => new BsonDocument { { "_id", i }, { "text", new string('y', 1_000) } }));
        var seen = await things.Find(new BsonDocument(), new FindOptions { BatchSize = 100 }).Sort(new BsonDocument("_id", -1)).ToListAsync();
        seen.Select(thing => thing["_id"].AsInt32).Should().Equal(Enumerable.Range(0, 3_000).Reverse());
        using (var cursor = await things.Find(new BsonDocument(), new FindOptions { BatchSize = 10 }).ToCursorAsync()) (await cursor.MoveNextAsync()).Should().BeTrue();
        var grouped = await things.Aggregate(new AggregateOptions { BatchSize = 50 }).Group(new BsonDocument { { "_id", new BsonDocument("$mod", new BsonArray { "$_id", 500 }) }, { "n", new BsonDocument("$sum", 1) } }).ToListAsync();
        grouped.Should().HaveCount(500).And.OnlyContain(group => group["n"] == 6);
    }

    [Fact]
    public async Task A_unique_index_lets_one_of_many_racing_writers_win()
    {
        var names = _database.GetCollection<BsonDocument>("names");
        await names.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("name", 1), new CreateIndexOptions { Unique = true }));
        var won = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 64), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            try
            {
                await names.InsertOneAsync(new BsonDocument("name", $"n{i % 8}"), cancellationToken: CancellationToken.None);
                Interlocked.Increment(ref won);
            }
            catch (MongoWriteException e)
            {
                e.WriteError.Category.Should().Be(ServerErrorCategory.DuplicateKey);
            }
        });
        won.Should().Be(8);
    }

    [Fact]
    public async Task Services_that_start_together_create_the_same_collections_and_indexes_without_error()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), async (_, _) =>
        {
            foreach (var name in (string[])["a", "b", "c"])
            {
                var collection = _database.GetCollection<BsonDocument>(name);
                await collection.Indexes.CreateManyAsync([new CreateIndexModel<BsonDocument>(new BsonDocument("x", 1)), new CreateIndexModel<BsonDocument>(new BsonDocument { { "y", 1 }, { "z", -1 } }, new CreateIndexOptions { Unique = true, Name = "yz" })], CancellationToken.None);
            }
        });
        (await (await _database.GetCollection<BsonDocument>("b").Indexes.ListAsync()).ToListAsync()).Select(index => index["name"].AsString).Should().BeEquivalentTo(["_id_", "x_1", "yz"]);
        (await (await _database.ListCollectionNamesAsync()).ToListAsync()).Should().BeEquivalentTo(["a", "b", "c"]);
    }

    [Fact]
    public async Task FindAndModify_by_sixteen_writers_loses_no_count_and_hands_out_nothing_twice()
    {
        var counters = _database.GetCollection<BsonDocument>("counters");
        var jobs = _database.GetCollection<BsonDocument>("jobs");
        await counters.InsertOneAsync(new BsonDocument { { "_id", 1 }, { "n", 0 } });
        await jobs.InsertManyAsync(Enumerable.Range(0, 100).Select(i => new BsonDocument { { "_id", i }, { "taken", false } }));
        var taken = new System.Collections.Concurrent.ConcurrentBag<int>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
        {
            for (var i = 0; i < 10; i++)
            {
                await counters.FindOneAndUpdateAsync(Is(1), Builders<BsonDocument>.Update.Inc("n", 1), cancellationToken: CancellationToken.None);
                if (await jobs.FindOneAndUpdateAsync(new BsonDocument("taken", false), Builders<BsonDocument>.Update.Set("taken", true), cancellationToken: CancellationToken.None) is { } job) taken.Add(job["_id"].AsInt32);
            }
        });
        (await counters.Find(Is(1)).SingleAsync())["n"].Should().Be((BsonValue)160);
        taken.Should().OnlyHaveUniqueItems().And.HaveCount(100);
    }

    [Fact]
    public async Task GridFS_keeps_ten_megabytes_octet_for_octet()
    {
        var bucket = new GridFSBucket(_database, new GridFSBucketOptions { WriteConcern = WriteConcern.WMajority });
        var body = new byte[10 * 1024 * 1024];
        new Random(7).NextBytes(body);
        var id = await bucket.UploadFromBytesAsync("body", body);
        (await bucket.DownloadAsBytesAsync(id)).Should().Equal(body);
        await bucket.DeleteAsync(id);
        await FluentActions.Awaiting(() => bucket.DownloadAsBytesAsync(id)).Should().ThrowAsync<GridFSFileNotFoundException>();
    }

    [Fact]
    public async Task Expired_documents_go_by_a_TTL_index()
    {
        var sessions = _database.GetCollection<BsonDocument>("sessions");
        await sessions.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("at", 1), new CreateIndexOptions { ExpireAfter = TimeSpan.FromSeconds(1) }));
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await sessions.InsertManyAsync([new BsonDocument { { "_id", "old" }, { "at", now.AddHours(-1) } }, new BsonDocument { { "_id", "new" }, { "at", now.AddHours(1) } }]);
        await Eventually.Async(async () => (await sessions.Find(new BsonDocument()).ToListAsync()) is [{ } left] && left["_id"] == "new", TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task Writes_that_nobody_waits_for_arrive_in_order()
    {
        var things = _database.GetCollection<BsonDocument>("things").WithWriteConcern(WriteConcern.Unacknowledged);
        for (var i = 0; i < 50; i++) await things.InsertOneAsync(new BsonDocument("_id", i));
        await Eventually.Async(async () => await things.CountDocumentsAsync(new BsonDocument()) == 50, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Errors_have_the_codes_that_drivers_know()
    {
        var things = _database.GetCollection<BsonDocument>("things");
        await things.InsertOneAsync(new BsonDocument { { "_id", 1 }, { "text", "word" } });
        (await Code(() => things.UpdateOneAsync(Is(1), Builders<BsonDocument>.Update.Inc("text", 1)))).Should().Be(14);
        (await Code(() => _database.RunCommandAsync<BsonDocument>(new BsonDocument("noSuchThing", 1)))).Should().Be(59);
        (await Code(() => _database.RunCommandAsync<BsonDocument>(new BsonDocument { { "getMore", 12345L }, { "collection", "things" } }))).Should().Be(43);
        (await Code(() => things.Indexes.DropOneAsync("nothing"))).Should().Be(27);
        (await Code(() => things.Aggregate().AppendStage<BsonDocument>(new BsonDocument("$noSuchStage", 1)).ToListAsync())).Should().Be(40324);
    }

    private static async Task<int> Code(Func<Task> action)
    {
        try
        {
            await action();
            return 0;
        }
        catch (MongoWriteException e) { return e.WriteError.Code; }
        catch (MongoCommandException e) { return e.Code; }
    }

    private static FilterDefinition<BsonDocument> Is(int id) => Builders<BsonDocument>.Filter.Eq("_id", id);
}
