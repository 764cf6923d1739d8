using AwesomeAssertions;
using Merpati.Local;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.LocalServers;

/// <summary>Transactions and retryable writes, which the stores' promises rest on. The server is our own, with a transaction lifetime short enough to wait for.</summary>
public sealed class GatewayTransactionTests(GatewayTransactionTests.ImpatientServer server) : IClassFixture<GatewayTransactionTests.ImpatientServer>, IAsyncLifetime
{
    private readonly IMongoClient _client = new MongoClient(server.Mongo.ConnectionString);
    private IMongoCollection<BsonDocument> _things = null!;

    public async Task InitializeAsync()
    {
        _things = _client.GetDatabase($"transactions_{Guid.NewGuid():n}").GetCollection<BsonDocument>("things");
        await _things.InsertOneAsync(new BsonDocument { { "_id", 1 }, { "n", 0 } });
    }

    public async Task DisposeAsync()
    {
        await _client.DropDatabaseAsync(_things.Database.DatabaseNamespace.DatabaseName);
        _client.Dispose();
    }

    [Fact]
    public async Task What_is_committed_is_seen_and_what_is_aborted_is_not()
    {
        using var session = await _client.StartSessionAsync();
        session.StartTransaction();
        await _things.InsertOneAsync(session, new BsonDocument("_id", 2));
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(1, "nobody else sees an open transaction");
        (await _things.CountDocumentsAsync(session, new BsonDocument())).Should().Be(2);
        await session.CommitTransactionAsync();
        session.StartTransaction();
        await _things.InsertOneAsync(session, new BsonDocument("_id", 3));
        await session.AbortTransactionAsync();
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
    }

    [Fact]
    public async Task A_commit_that_is_asked_for_again_is_answered_again()
    {
        using var session = await _client.StartSessionAsync();
        session.StartTransaction();
        await _things.InsertOneAsync(session, new BsonDocument("_id", 2));
        await session.CommitTransactionAsync();
        await session.CommitTransactionAsync();
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(2);
    }

    [Fact]
    public async Task A_conflict_is_a_transient_error_and_the_whole_transaction_can_be_tried_again()
    {
        using var first = await _client.StartSessionAsync();
        using var second = await _client.StartSessionAsync();
        first.StartTransaction();
        second.StartTransaction();
        await Increment(first);
        (await _things.CountDocumentsAsync(second, new BsonDocument())).Should().Be(1); // its snapshot is taken
        var late = Increment(second);
        await first.CommitTransactionAsync();
        var failure = (await FluentActions.Awaiting(() => late).Should().ThrowAsync<MongoCommandException>()).Which;
        failure.Code.Should().Be(112);
        failure.HasErrorLabel("TransientTransactionError").Should().BeTrue();
        await second.AbortTransactionAsync();
    }

    [Fact]
    public async Task Sixteen_writers_in_transactions_on_one_document_lose_nothing()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (writer, _) =>
        {
            using var session = await _client.StartSessionAsync(cancellationToken: CancellationToken.None);
            for (var i = 0; i < 5; i++)
            {
                var id = $"{writer}-{i}";
                await session.WithTransactionAsync(async (own, cancellationToken) =>
                {
                    await Increment(own);
                    await _things.InsertOneAsync(own, new BsonDocument("_id", id), cancellationToken: cancellationToken);
                    return true;
                }, cancellationToken: CancellationToken.None);
            }
        });
        (await _things.Find(new BsonDocument("_id", 1)).SingleAsync())["n"].Should().Be((BsonValue)80);
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(81);
    }

    [Fact]
    public async Task An_error_ends_the_transaction()
    {
        using var session = await _client.StartSessionAsync();
        session.StartTransaction();
        await _things.InsertOneAsync(session, new BsonDocument("_id", 2));
        await FluentActions.Awaiting(() => _things.InsertOneAsync(session, new BsonDocument("_id", 1))).Should().ThrowAsync<MongoWriteException>();
        await FluentActions.Awaiting(() => session.CommitTransactionAsync()).Should().ThrowAsync<MongoCommandException>();
        (await _things.CountDocumentsAsync(new BsonDocument())).Should().Be(1);
    }

    [Fact]
    public async Task An_abandoned_transaction_is_rolled_back_and_its_locks_go()
    {
        using var session = await _client.StartSessionAsync();
        session.StartTransaction();
        await Increment(session);
        // Waits for the lock, and gets it when the lifetime of the transaction is over.
        (await _things.UpdateOneAsync(new BsonDocument("_id", 1), Builders<BsonDocument>.Update.Inc("n", 10))).ModifiedCount.Should().Be(1);
        (await _things.Find(new BsonDocument("_id", 1)).SingleAsync())["n"].Should().Be((BsonValue)10);
        var failure = (await FluentActions.Awaiting(() => session.CommitTransactionAsync()).Should().ThrowAsync<MongoCommandException>()).Which;
        failure.Code.Should().Be(251);
        failure.HasErrorLabel("TransientTransactionError").Should().BeTrue();
    }

    [Fact]
    public async Task A_cursor_inside_a_transaction_reads_its_snapshot()
    {
        await _things.InsertManyAsync(Enumerable.Range(10, 500).Select(i => new BsonDocument("_id", i)));
        using var session = await _client.StartSessionAsync();
        session.StartTransaction();
        using var cursor = await _things.Find(session, new BsonDocument(), new FindOptions { BatchSize = 50 }).ToCursorAsync();
        await cursor.MoveNextAsync();
        await _things.DeleteManyAsync(new BsonDocument("_id", new BsonDocument("$gte", 400)));
        var rest = await cursor.ToListAsync();
        (50 + rest.Count).Should().Be(501);
        await session.CommitTransactionAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_write_that_is_sent_twice_is_done_once(int statements)
    {
        var updates = new BsonArray(Enumerable.Range(0, statements).Select(_ => new BsonDocument { { "q", new BsonDocument("_id", 1) }, { "u", new BsonDocument("$inc", new BsonDocument("n", 1)) } }));
        var inserts = new BsonArray(Enumerable.Range(100, statements).Select(i => new BsonDocument("_id", i)));
        var lsid = new BsonDocument("id", new BsonBinaryData(Guid.NewGuid(), GuidRepresentation.Standard));
        async Task<BsonDocument> Twice(BsonDocument command)
        {
            var first = await _things.Database.RunCommandAsync<BsonDocument>(command.Add("lsid", lsid));
            (await _things.Database.RunCommandAsync<BsonDocument>(command)).Should().BeEquivalentTo(first);
            return first;
        }

        (await Twice(new BsonDocument { { "update", "things" }, { "updates", updates }, { "txnNumber", 1L } }))["n"].ToInt32().Should().Be(statements);
        (await Twice(new BsonDocument { { "insert", "things" }, { "documents", inserts }, { "txnNumber", 2L } })).Contains("writeErrors").Should().BeFalse();
        (await Twice(new BsonDocument { { "findAndModify", "things" }, { "query", new BsonDocument("_id", 1) }, { "update", new BsonDocument("$inc", new BsonDocument("m", 1)) }, { "new", true }, { "txnNumber", 3L } }))["value"]["m"].ToInt32().Should().Be(1);
        (await _things.Find(new BsonDocument("_id", 1)).SingleAsync())["n"].ToInt32().Should().Be(statements);
    }

    private async Task Increment(IClientSessionHandle session) => await _things.UpdateOneAsync(session, new BsonDocument("_id", 1), Builders<BsonDocument>.Update.Inc("n", 1));

    public sealed class ImpatientServer : IAsyncLifetime
    {
        public LocalMongo Mongo { get; private set; } = null!;

        public async Task InitializeAsync() => Mongo = await LocalMongo.StartNewAsync(CancellationToken.None, configure: options => options with { TransactionLifetime = TimeSpan.FromSeconds(3) });

        public async Task DisposeAsync() => await Mongo.DisposeAsync();
    }
}
