using System.Collections.Concurrent;
using AwesomeAssertions;
using Merpati.Local;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.LocalServers;

/// <summary>The database goes and comes back under a client that goes on.</summary>
public sealed class MongoOutageTests : IAsyncLifetime
{
    private LocalMongo _mongo = null!;
    private IMongoClient _client = null!;
    private IMongoCollection<BsonDocument> _things = null!;

    public async Task InitializeAsync()
    {
        _mongo = await LocalMongo.StartNewAsync(CancellationToken.None);
        var settings = MongoClientSettings.FromConnectionString(_mongo.ConnectionString);
        settings.ServerSelectionTimeout = TimeSpan.FromSeconds(20);
        _client = new MongoClient(settings);
        _things = _client.GetDatabase("outage").GetCollection<BsonDocument>("things").WithWriteConcern(WriteConcern.WMajority);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _mongo.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SIGKILL_of_the_engine_under_writers_loses_nothing_that_was_acknowledged_and_doubles_nothing(bool inTransactions)
    {
        using var done = new CancellationTokenSource();
        var acknowledged = new ConcurrentBag<string>();
        await _things.InsertOneAsync(new BsonDocument { { "_id", "counter" }, { "n", 0 } });
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                var id = $"{writer}-{i}";
                try
                {
                    if (inTransactions) await InTransactionAsync(id);
                    else await _things.InsertOneAsync(new BsonDocument("_id", id));
                    acknowledged.Add(id);
                }
                catch (Exception e) when (e is MongoException or TimeoutException)
                {
                    // Not acknowledged: it may be there or not.
                }
            }
        })).ToArray();
        for (var kill = 1; kill <= 2; kill++)
        {
            await Eventually.Async(() => Task.FromResult(acknowledged.Count >= 60 * kill), TimeSpan.FromSeconds(60));
            await _mongo.Engine.KillAsync();
            await _mongo.Engine.StartAsync(CancellationToken.None);
        }
        var before = acknowledged.Count;
        await Eventually.Async(() => Task.FromResult(acknowledged.Count > before + 60), TimeSpan.FromSeconds(60));
        await done.CancelAsync();
        await Task.WhenAll(writers);
        var stored = (await _things.Find(new BsonDocument("_id", new BsonDocument("$ne", "counter"))).ToListAsync()).Select(thing => thing["_id"].AsString).ToHashSet();
        acknowledged.Except(stored).Should().BeEmpty();
        if (inTransactions) (await _things.Find(new BsonDocument("_id", "counter")).SingleAsync())["n"].ToInt32().Should().Be(stored.Count, "each transaction counted once what it inserted once");
    }

    [Fact]
    public async Task A_server_that_is_stopped_and_started_is_found_again_by_the_same_client()
    {
        await _things.InsertOneAsync(new BsonDocument("_id", 1));
        await _mongo.StopAsync();
        var waiting = _things.InsertOneAsync(new BsonDocument("_id", 2));
        await _mongo.StartAsync(CancellationToken.None);
        await waiting;
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
        await _mongo.KillAsync();
        await _mongo.StartAsync(CancellationToken.None);
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
    }

    [Fact]
    public async Task Without_its_engine_the_gateway_answers_at_once_that_it_is_no_primary()
    {
        await _things.InsertOneAsync(new BsonDocument("_id", 1));
        await _mongo.Engine.StopAsync();
        using var direct = new MongoClient(_mongo.ConnectionString + "&directConnection=true&retryReads=false&retryWrites=false");
        var started = TimeProvider.System.GetTimestamp();
        await FluentActions.Awaiting(() => direct.GetDatabase("outage").GetCollection<BsonDocument>("things").InsertOneAsync(new BsonDocument("_id", 2))).Should().ThrowAsync<MongoException>();
        TimeProvider.System.GetElapsedTime(started).Should().BeLessThan(TimeSpan.FromSeconds(5));
        var waiting = _things.InsertOneAsync(new BsonDocument("_id", 3));
        await _mongo.Engine.StartAsync(CancellationToken.None);
        await waiting;
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
    }

    private async Task InTransactionAsync(string id)
    {
        using var session = await _client.StartSessionAsync();
        await session.WithTransactionAsync(async (own, cancellationToken) =>
        {
            await _things.InsertOneAsync(own, new BsonDocument("_id", id), cancellationToken: cancellationToken);
            await _things.UpdateOneAsync(own, new BsonDocument("_id", "counter"), Builders<BsonDocument>.Update.Inc("n", 1), cancellationToken: cancellationToken);
            return true;
        }, new TransactionOptions(writeConcern: WriteConcern.WMajority));
    }
}
