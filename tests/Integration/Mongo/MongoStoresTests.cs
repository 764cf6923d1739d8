using AwesomeAssertions;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.Mongo;

/// <summary>What the stores of the cluster ask of their server, and what they say when it is not so.</summary>
public sealed class MongoStoresTests : IAsyncLifetime
{
    private readonly MongoServer _server = new(TimeProvider.System, MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Journal | MongoStoreKinds.Directory | MongoStoreKinds.Mailboxes);

    public Task InitializeAsync() => _server.OpenAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Every_index_is_there_after_the_start_and_a_second_start_changes_nothing()
    {
        foreach (var index in new[] { ContentIndexes.Schema, QueueIndexes.Schema, JournalIndexes.Schema, DirectoryIndexes.Schema, MailboxIndexes.Schema }.SelectMany(schema => schema.Indexes))
        {
            using var cursor = await _server.Database.GetCollection<BsonDocument>(index.Collection).Indexes.ListAsync();
            (await cursor.ToListAsync()).Should().Contain(found => found["name"] == index.Name && found["key"].AsBsonDocument.Names.SequenceEqual(index.Keys.Names));
        }
        await _server.OpenAsync();
    }

    [Fact]
    public async Task An_index_that_is_not_as_it_must_be_is_named()
    {
        var entries = _server.Database.GetCollection<BsonDocument>(QueueIndexes.Entries);
        await entries.Indexes.DropOneAsync("content_1");
        await entries.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("size", 1), new CreateIndexOptions { Name = "content_1" }));
        (await FluentActions.Awaiting(_server.OpenAsync).Should().ThrowAsync<StoreUnavailableException>()).Which.Message.Should().Contain("content_1").And.Contain("drop it");
    }

    [Theory]
    [InlineData("mongodb://127.0.0.1:1/?replicaSet=rs0", "no server answers")]
    [InlineData("http://example.test", "connection string")]
    public async Task A_server_that_cannot_be_used_is_one_sentence(string connectionString, string words)
    {
        (await FluentActions.Awaiting(async () =>
        {
            await using var stores = new MongoStores(new MongoStoreOptions { ConnectionString = connectionString, ServerSelectionTimeout = TimeSpan.FromMilliseconds(300) }, TimeProvider.System, NullLogger<MongoStores>.Instance);
            await stores.PrepareAsync(MongoStoreKinds.Queue, CancellationToken.None);
        }).Should().ThrowAsync<StoreUnavailableException>()).Which.Message.Should().Contain(words).And.NotContain("\n");
    }

    [Fact]
    public async Task A_writer_that_was_killed_leaves_a_marker_by_which_all_of_it_is_found_and_removed()
    {
        var writer = await _server.Stores.Content.CreateAsync(default);
        await writer.WriteAsync(new byte[5 * 64 * 1024], default);
        await writer.WriteAsync(new byte[1], default);
        // No commit and no disposal: the process is gone.
        var later = await _server.OpenAsync();
        (await CountAsync(ContentIndexes.Pending)).Should().Be(1);
        (await later.Content.RemoveUnfinishedAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), default)).Should().Be(1);
        (await CountAsync(ContentIndexes.Pending)).Should().Be(0);
        (await CountAsync(ContentIndexes.Chunks)).Should().Be(0);
    }

    [Fact]
    public async Task A_removal_that_was_interrupted_is_finished_later()
    {
        await using var writer = await _server.Stores.Content.CreateAsync(default);
        await writer.WriteAsync(new byte[200_000], default);
        var info = await writer.CommitAsync(default);
        await _server.Database.GetCollection<BsonDocument>(ContentIndexes.Pending).InsertOneAsync(new BsonDocument { { "_id", Bson.Id(info.Id.Value) }, { "since", Bson.Time(TimeProvider.System.GetUtcNow().AddHours(-1)) } });
        (await _server.Stores.Content.RemoveUnfinishedAsync(TimeProvider.System.GetUtcNow(), default)).Should().Be(1);
        (await CountAsync(ContentIndexes.Files)).Should().Be(0);
        (await CountAsync(ContentIndexes.Chunks)).Should().Be(0);
    }

    [Fact]
    public void Whatever_the_connection_string_says_writes_wait_for_a_majority_and_its_journal()
    {
        using var client = MongoConnection.CreateClient(new MongoStoreOptions { ConnectionString = "mongodb://127.0.0.1:1/?w=0&journal=false&readPreference=secondary" });
        client.Settings.WriteConcern.Should().Be(WriteConcern.WMajority.With(journal: true));
        client.Settings.ReadPreference.Should().Be(ReadPreference.Primary);
    }

    [Fact]
    public async Task A_GridFS_client_reads_the_contents_as_files()
    {
        await using var writer = await _server.Stores.Content.CreateAsync(default);
        var octets = new byte[150_000];
        Random.Shared.NextBytes(octets);
        await writer.WriteAsync(octets, default);
        var info = await writer.CommitAsync(default);
        var bucket = new MongoDB.Driver.GridFS.GridFSBucket<BsonValue>(_server.Database, new MongoDB.Driver.GridFS.GridFSBucketOptions { BucketName = "contents" });
        (await bucket.DownloadAsBytesAsync(Bson.Id(info.Id.Value))).Should().Equal(octets);
    }

    private async Task<long> CountAsync(string collection) => await _server.Database.GetCollection<BsonDocument>(collection).CountDocumentsAsync(new BsonDocument());
}
