using AwesomeAssertions;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.Mongo;

/// <summary>How the schema of the cluster's database is raised: by <c>merpati migrate</c>, by services that start, by several at once, and never down.</summary>
public sealed class MongoSchemaTests : IAsyncLifetime
{
    private const MongoStoreKinds All = MongoStoreKinds.All;

    private readonly MongoServer _server = new(TimeProvider.System, All);

    private IMongoCollection<BsonDocument> Versions => _server.Database.GetCollection<BsonDocument>(MongoSchema.Versions);

    private IMongoCollection<BsonDocument> Entries => _server.Database.GetCollection<BsonDocument>(QueueIndexes.Entries);

    public Task InitializeAsync() => _server.OpenAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Many_that_start_at_once_on_an_empty_database_make_one_schema()
    {
        await _server.Database.Client.DropDatabaseAsync(_server.Database.DatabaseNamespace.DatabaseName);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _server.Stores.PrepareAsync(All, CancellationToken.None)));
        (await Versions.Find(new BsonDocument()).ToListAsync()).Should().HaveCount(6).And.OnlyContain(version => version["version"] == 1 && !version.Contains("raisedUntil"));
        (await NamesAsync()).Should().Contain("content_1");
    }

    [Fact]
    public async Task Migrate_raises_what_is_older_and_leaves_what_is_there()
    {
        // As the version before it was: indexes, and nothing that says so.
        await _server.Database.DropCollectionAsync(MongoSchema.Versions);
        await Entries.Indexes.DropOneAsync("content_1");
        await Entries.InsertOneAsync(new BsonDocument("_id", "mail"));
        var first = await MigrateAsync();
        first.ExitCode.Should().Be(0, first.ToString());
        first.Output.Should().Contain("queue: version 1, was 0.");
        (await NamesAsync()).Should().Contain("content_1");
        (await MigrateAsync()).Output.Should().Contain("queue: version 1, as it was.");
        (await Entries.CountDocumentsAsync(new BsonDocument())).Should().Be(1);
    }

    [Fact]
    public async Task An_index_that_was_dropped_is_made_again()
    {
        await Entries.Indexes.DropOneAsync("content_1");
        (await MigrateAsync()).Output.Should().Contain("queue: version 1, made whole.");
        (await NamesAsync()).Should().Contain("content_1");
    }

    [Fact]
    public async Task The_version_before_works_with_a_newer_schema_that_lets_it()
    {
        await SetAsync(version: 7, readableBy: 1);
        await _server.Stores.PrepareAsync(All, CancellationToken.None);
        var again = await MigrateAsync();
        again.ExitCode.Should().Be(0);
        again.Output.Should().Contain("queue: version 7 of Merpati 9.9.9, newer than the 1 that is known here; this Merpati works with it, and it stays as it is.");
        (await Versions.Find(new BsonDocument("_id", "queue")).SingleAsync())["version"].AsInt32.Should().Be(7);
    }

    [Fact]
    public async Task A_schema_that_is_too_new_is_one_sentence_and_stays_as_it_is()
    {
        await SetAsync(version: 7, readableBy: 6);
        await Entries.Indexes.DropOneAsync("content_1");
        (await FluentActions.Awaiting(() => _server.Stores.PrepareAsync(All, CancellationToken.None)).Should().ThrowAsync<StoreUnavailableException>()).Which.Message.Should().Contain("queue").And.Contain("version 7").And.Contain("9.9.9");
        var refused = await MigrateAsync();
        refused.ExitCode.Should().Be(1);
        refused.Error.Should().StartWith("merpati: The queue store cannot be used: its schema has version 7, made by Merpati 9.9.9, and this Merpati knows 1").And.Contain("never goes down");
        (await NamesAsync()).Should().NotContain("content_1");
    }

    [Fact]
    public async Task Whoever_comes_second_waits_for_the_first_and_takes_over_from_one_that_died()
    {
        await Entries.Indexes.DropOneAsync("content_1");
        await Versions.UpdateOneAsync(new BsonDocument("_id", "queue"), Bson.Set(new BsonDocument { { "raisedBy", Bson.Id(Guid.NewGuid()) }, { "raisedUntil", Bson.Time(TimeProvider.System.GetUtcNow().AddSeconds(3)) }, { "raising", "9.9.9" } }));
        await _server.Stores.PrepareAsync(All, CancellationToken.None);
        TimeProvider.System.GetUtcNow().Should().BeAfter((await Versions.Find(new BsonDocument("_id", "queue")).SingleAsync()).Instant("at").AddMilliseconds(-1));
        (await NamesAsync()).Should().Contain("content_1");
        (await Versions.Find(new BsonDocument("_id", "queue")).SingleAsync()).Contains("raisedUntil").Should().BeFalse();
    }

    [Fact]
    public async Task Migrate_says_for_what_it_waits_and_gives_up()
    {
        var away = await Command.RunAsync("dotnet", [MongoServer.Merpati, "migrate", "--mongo", "mongodb://127.0.0.1:1/?replicaSet=rs0", "--wait", "00:00:07"]);
        away.ExitCode.Should().Be(3);
        away.Error.Should().Contain("Waiting: The mongo store is not available: no server answers").And.Contain("merpati: The mongo store is not available");
    }

    private Task<CommandResult> MigrateAsync() => _server.MerpatiAsync("migrate");

    private Task SetAsync(int version, int readableBy)
        => Versions.UpdateOneAsync(new BsonDocument("_id", "queue"), Bson.Set(new BsonDocument { { "version", version }, { "readableBy", readableBy }, { "by", "9.9.9" } }));

    private async Task<IEnumerable<string>> NamesAsync()
    {
        using var cursor = await Entries.Indexes.ListAsync();
        return (await cursor.ToListAsync()).Select(index => index["name"].AsString);
    }
}
