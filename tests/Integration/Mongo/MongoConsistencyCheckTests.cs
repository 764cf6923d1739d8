using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Inspection;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoConsistencyCheckTests : ConsistencyCheckContract
{
    private MongoServer _server = null!;

    [Theory]
    [InlineData(DamageKind.ContentDamaged, "content LARGE", "chunk 1 of 3 is missing", false)]
    [InlineData(DamageKind.EntryUnreadable, "queue entry QUEUED", "BsonString", false)]
    [InlineData(DamageKind.MailboxTwice, "account ANN", "2 mailboxes have the name Junk", false)]
    [InlineData(DamageKind.MessageWithoutMailbox, "account ANN, mailbox ", "1 messages are there", false)]
    [InlineData(DamageKind.DeletedMark, "account ANN, mailbox INBOX", "of 1 messages", true)]
    [InlineData(DamageKind.CopyCount, "account ANN, content LARGE", "1 copies are said to be there, and 2 are", true)]
    public Task Damage_of_this_backend_is_found_and_named(DamageKind kind, string where, string what, bool mends) => FindsAsync(kind, where, what, mends);

    [Fact]
    public async Task The_command_says_what_it_found_and_repairs_when_it_is_told_to()
    {
        var well = await FsckAsync("--read-bodies");
        well.ExitCode.Should().Be(0, well.ToString());
        well.Output.Should().StartWith("All is well: ledger, queue, mailboxes and every octet of the contents, in ");
        await BreakAsync(DamageKind.UidNext);
        await BreakAsync(DamageKind.EntryStuck);
        await BreakAsync(DamageKind.ContentDamaged);
        var found = await FsckAsync();
        found.ExitCode.Should().Be(1);
        found.Output.Should().Contain($"uid-next: account {Ann}, mailbox INBOX: UIDNEXT is 3, and a message has the UID 3\n").And.Contain($"entry-stuck: queue entry {Queued}: ").And.Contain("1 content-damaged, 128 KiB");
        found.Error.Should().Be("merpati: 3 things are wrong; see docs/operations/runbooks.md, FsckFoundDamage.\n");
        (await LastCheck.ReadAsync(Stores.Records, default))!.Counts.Select(count => (count.Kind, count.Found, count.Repaired)).Should().Equal(("content-damaged", 1, 0), ("entry-stuck", 1, 0), ("uid-next", 1, 0));
        var repaired = await FsckAsync("--repair", "--json");
        repaired.ExitCode.Should().Be(1, "a content cannot be repaired");
        repaired.Output.Should().Contain("\"repaired\": true").And.Contain("chunk 1 of 3 is missing");
        repaired.Error.Should().Contain("1 thing is wrong");
    }

    [Fact]
    public async Task Without_a_schema_there_is_nothing_to_check_yet()
    {
        await _server.Database.DropCollectionAsync(MongoSchema.Versions);
        var refused = await _server.MerpatiAsync("fsck");
        refused.ExitCode.Should().Be(1);
        refused.Error.Should().Contain("run merpati migrate first");
        (await (await _server.Database.ListCollectionNamesAsync()).ToListAsync()).Should().NotContain(MongoSchema.Versions, "it only looks");
    }

    protected override async Task<CheckedStores> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.All);
        var stores = await _server.OpenAsync();
        return new CheckedStores(stores.Content, stores.Queue, stores.Mailboxes, stores.SharedRecords, stores.Inspection);
    }

    protected override async Task StopAsync() => await _server.DisposeAsync();

    protected override Task BreakOctetAsync(ContentId content)
        => Of(ContentIndexes.Chunks).UpdateOneAsync(new BsonDocument("files_id", Bson.Id(content.Value)), Bson.Set(new BsonDocument("data", new BsonBinaryData("smalm"u8.ToArray()))));

    protected override Task BreakAsync(DamageKind kind)
    {
        var entry = new BsonDocument("_id", Bson.Id(Queued.Value));
        var inbox = new BsonDocument("_id", Bson.Id(Inbox.Value));
        return kind switch
        {
            DamageKind.ContentDamaged => Of(ContentIndexes.Chunks).DeleteOneAsync(new BsonDocument { { "files_id", Bson.Id(Large.Value) }, { "n", 1 } }),
            DamageKind.ChunksOrphaned => Of(ContentIndexes.Chunks).InsertManyAsync(Enumerable.Range(0, 2).Select(number => MongoContentStore.ChunkDocument(new ContentId(new Guid(1, 2, 3, new byte[8])), number, new byte[1]))),
            DamageKind.EntryUnreadable => Of(QueueIndexes.Entries).UpdateOneAsync(entry, Bson.Set(new BsonDocument("reversePath", "nobody"))),
            DamageKind.EntryStuck => Of(QueueIndexes.Entries).UpdateOneAsync(entry, Bson.Set(new BsonDocument("due", BsonNull.Value))),
            DamageKind.EntryClosed => CloseAsync(),
            DamageKind.Unaccounted => BookAsync(3),
            DamageKind.FenceBehind => Of(QueueIndexes.Fence).UpdateOneAsync(new BsonDocument("_id", "fence"), Bson.Set(new BsonDocument("lastToken", 1L))),
            DamageKind.MailboxCounts => Of(MailboxIndexes.Mailboxes).UpdateOneAsync(inbox, Bson.Set(new BsonDocument("unseen", 9L))),
            DamageKind.UidNext => Of(MailboxIndexes.Mailboxes).UpdateOneAsync(inbox, Bson.Set(new BsonDocument("uidNext", 3L))),
            DamageKind.HighestModSeq => Of(MailboxIndexes.Mailboxes).UpdateOneAsync(inbox, Bson.Set(new BsonDocument("highestModSeq", 2L))),
            DamageKind.MailboxTwice => Of(MailboxIndexes.Mailboxes).UpdateOneAsync(new BsonDocument("key", $"{Ann}/Trash"), Bson.Set(new BsonDocument("key", $"{Ann}/Junk"))),
            DamageKind.MessageWithoutMailbox => StrayAsync(),
            DamageKind.MessageWithoutDetails => Of(MailboxIndexes.Details).DeleteOneAsync(new BsonDocument("content", Bson.Id(Small.Value))),
            DamageKind.DeletedMark => Of(MailboxIndexes.Messages).UpdateOneAsync(new BsonDocument("_id", MailboxKeys.Message(Inbox, new Uid(3))), new BsonDocument("$unset", new BsonDocument("deleted", ""))),
            DamageKind.CopyCount => Of(MailboxIndexes.Details).UpdateOneAsync(new BsonDocument("content", Bson.Id(Large.Value)), Bson.Set(new BsonDocument("messages", 1))),
            DamageKind.Usage => Of(MailboxIndexes.Accounts).UpdateOneAsync(new BsonDocument("_id", Bson.Id(Ann.Value)), Bson.Set(new BsonDocument("octets", 1L))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "MongoDB is not broken like this here."),
        };
    }

    /// <summary>The mail of these tests is of another year than the command's clock.</summary>
    private Task<CommandResult> FsckAsync(params string[] options) => _server.MerpatiAsync(["fsck", "--grace", "3650.00:00:00", .. options]);

    private async Task CloseAsync()
    {
        await Of(QueueIndexes.Entries).UpdateOneAsync(new BsonDocument(), Bson.Set(new BsonDocument { { "recipients.1.state", 2 }, { "due", BsonNull.Value } }));
        await Of(QueueIndexes.Ledger).UpdateOneAsync(new BsonDocument("accepted", new BsonDocument("$gt", 0)), Bson.Inc("closed.2", 1L));
    }

    private Task BookAsync(long more) => Of(QueueIndexes.Ledger).UpdateOneAsync(new BsonDocument("accepted", new BsonDocument("$gt", 0)), Bson.Inc("accepted", more));

    /// <summary>A copy whose details count it.</summary>
    private async Task StrayAsync()
    {
        var messages = Of(MailboxIndexes.Messages);
        var message = await messages.Find(new BsonDocument("_id", MailboxKeys.Message(Inbox, new Uid(2)))).SingleAsync();
        message["_id"] = MailboxKeys.Message(MailboxId.New(Time), new Uid(1));
        await messages.InsertOneAsync(message);
    }

    private IMongoCollection<BsonDocument> Of(string collection) => _server.Database.GetCollection<BsonDocument>(collection);
}
