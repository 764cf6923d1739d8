using System.Diagnostics.Metrics;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Mailboxes;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit;

namespace Merpati.Tests.Integration.Mongo;

/// <summary>Several processes on the same mailboxes, each with a client of its own.</summary>
public sealed class MongoMailboxProcessesTests : IAsyncLifetime
{
    private readonly MongoServer _server = new(TimeProvider.System, MongoStoreKinds.Mailboxes);
    private readonly AccountId _ann = AccountId.New(TimeProvider.System);
    private MongoMailboxStore _one = null!;
    private MongoMailboxStore _other = null!;
    private MailboxInfo _inbox = null!;

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        _one = (await _server.OpenAsync()).Mailboxes;
        _other = (await _server.OpenAsync()).Mailboxes;
        await _one.EnsureAccountAsync(_ann, None);
        _inbox = (await _one.FindAsync(_ann, MailboxName.Inbox, None))!;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_third_reader_sees_UIDs_and_MODSEQs_in_order_and_misses_nothing()
    {
        const int Each = 25;
        var reader = (await _server.OpenAsync()).Mailboxes;
        // Before the first message: a snapshot has UIDs only, and what does not change any more would never be told.
        var (mailbox, uids) = (await reader.SnapshotAsync(_ann, _inbox.Id, None))!.Value;
        var picture = uids.ToDictionary(uid => uid, _ => default(MessageState));
        var writing = Task.WhenAll(new[] { _one, _other }.SelectMany(store => Enumerable.Range(0, 5).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                var mine = UidSet.Of((await AppendAsync(store, 1 + i % 3)).Select(message => message.Uid));
                if (i % 3 == 1) await store.StoreFlagsAsync(_ann, _inbox.Id, mine, FlagOperation.Add, new MessageFlags(SystemFlags.Seen | SystemFlags.Deleted, ["k"]), null, None);
                if (i % 6 == 1) await store.ExpungeAsync(_ann, _inbox.Id, mine, onlyDeleted: true, None);
            }
        }))));

        while (true)
        {
            var last = writing.IsCompleted;
            var changes = (await reader.ChangesAsync(_ann, _inbox.Id, mailbox.HighestModSeq, None))!;
            changes.Changed.Should().OnlyContain(state => state.ModSeq > mailbox.HighestModSeq && state.ModSeq <= changes.Mailbox.HighestModSeq);
            // Whatever has a UID that was given before the last look was there at the last look, or is no news of an arrival.
            changes.Changed.Where(state => !picture.ContainsKey(state.Uid)).Should().OnlyContain(state => state.Uid >= mailbox.UidNext && state.Uid < changes.Mailbox.UidNext);
            foreach (var state in changes.Changed) picture[state.Uid] = state;
            foreach (var uid in picture.Keys.Where(changes.Expunged.Contains).ToList()) picture.Remove(uid);
            picture.Should().HaveCount((int)changes.Mailbox.Messages);
            mailbox = changes.Mailbox;
            if (last) break;
        }
        await writing;

        var states = new List<MessageState>();
        await foreach (var state in reader.StatesAsync(_ann, _inbox.Id, UidSet.All, None)) states.Add(state);
        states.Should().Equal(picture.Values.OrderBy(state => state.Uid));
        mailbox.UidNext.Value.Should().Be(2 * 5 * (uint)Enumerable.Range(0, Each).Sum(i => 1 + i % 3) + 1);
        (await reader.QuotaAsync(_ann, None)).Messages.Should().Be(states.Count);
    }

    [Fact]
    public async Task A_delivery_that_two_processes_make_at_once_is_made_once()
    {
        var deliveries = Enumerable.Range(0, 20).Select(_ => new DeliveryKey(QueueId.New(TimeProvider.System), "ann@example.test")).ToArray();

        var outcomes = await Task.WhenAll(deliveries.SelectMany(delivery => new[] { _one, _other, _one, _other }.Select(store => Task.Run(async () => (delivery, outcome: await store.AppendAsync(_ann, _inbox.Id, [Message(1)], delivery, null, None))))));

        foreach (var race in outcomes.GroupBy(result => result.delivery))
        {
            var winner = race.Select(result => result.outcome).OfType<AppendOutcome.Done>().Should().ContainSingle().Which.Messages.Single();
            race.Select(result => result.outcome).OfType<AppendOutcome.AlreadyDelivered>().Should().HaveCount(3).And.OnlyContain(replay => replay.Message == winner);
        }
        (await _one.GetAsync(_ann, _inbox.Id, None))!.Messages.Should().Be(20);
    }

    [Fact]
    public async Task Two_processes_that_make_the_same_mailbox_make_it_once_and_stay_within_the_quota_together()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(async () => await (n % 2 == 0 ? _one : _other).CreateAsync(_ann, MailboxName.Parse("a/b"), SpecialUse.None, None))));
        made.Count(outcome => outcome == MailboxOutcome.Done).Should().Be(1);
        (await _one.ListAsync(_ann, None)).Count(mailbox => mailbox.Name.Value is "a" or "a/b").Should().Be(2);

        var archive = (await _one.FindAsync(_ann, MailboxName.Parse("a/b"), None))!;
        var limit = new QuotaUsage(0, 0, 1050, null);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Task.Run(async () => await (n % 2 == 0 ? _one : _other).AppendAsync(_ann, n % 3 == 0 ? archive.Id : _inbox.Id, [Message(n)], null, limit, None))));
        outcomes.Count(outcome => outcome is AppendOutcome.Done).Should().Be(10);
        (await _other.QuotaAsync(_ann, None)).Octets.Should().Be(1000);
    }

    [Fact]
    public async Task A_writer_that_dies_before_its_commit_leaves_nothing_and_whoever_it_stopped_tries_again()
    {
        using var retries = new RetryCounter();
        using var dying = Connect();
        var collections = new MailboxCollections(dying);
        using var session = await dying.Client.StartSessionAsync();
        session.StartTransaction(new TransactionOptions(ReadConcern.Snapshot));
        var work = new AccountWork(collections, session, _ann, TimeProvider.System, 10, None);
        var append = new AppendMessages(_inbox.Id, [Message(1), Message(2)], new DeliveryKey(QueueId.New(TimeProvider.System), "ann@example.test"), quota: null);
        append.Declare(work.Needs);
        await work.LoadAsync();
        await append.RunAsync(work);
        await work.SaveAsync();

        (await _one.SnapshotAsync(_ann, _inbox.Id, None))!.Value.Should().BeEquivalentTo((_inbox, Array.Empty<Uid>()));
        await session.AbortTransactionAsync(); // what the server does with a transaction whose client is gone
        (await AppendAsync(_one, 1)).Single().Uid.Should().Be(new Uid(1));
        (await CountAsync(MailboxIndexes.Messages), await CountAsync(MailboxIndexes.Details), await CountAsync(MailboxIndexes.Deliveries)).Should().Be((1, 1, 0));

        // A transaction that began before another's commit has to begin again.
        using var slow = await dying.Client.StartSessionAsync();
        slow.StartTransaction(new TransactionOptions(ReadConcern.Snapshot));
        var late = new AccountWork(collections, slow, _ann, TimeProvider.System, 10, None);
        late.Needs.Mailboxes.Add(_inbox.Id);
        await late.LoadAsync();
        var waiting = AppendAsync(_other, 1);
        late.Find(_inbox.Id)!.ClaimRecent();
        await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromMilliseconds(200)));
        waiting.IsCompleted.Should().BeFalse();
        await late.SaveAsync();
        await slow.CommitTransactionAsync();
        (await waiting).Single().Uid.Should().Be(new Uid(2));
        retries.Count.Should().BePositive();
        (await _one.GetAsync(_ann, _inbox.Id, None))!.Recent.Should().Be(1);
    }

    [Fact]
    public async Task More_messages_than_a_transaction_holds_are_changed_in_several_and_none_is_left_out()
    {
        await using var store = new MongoMailboxStore(Connect(), TimeProvider.System, messagesPerTransaction: 10);
        var archive = (await store.FindAsync(_ann, MailboxName.Parse("Archive"), None))!;
        await AppendAsync(store, 35);

        (await store.StoreFlagsAsync(_ann, _inbox.Id, UidSet.All, FlagOperation.Add, new MessageFlags(SystemFlags.Seen, []), null, None)).Changed.Should().HaveCount(35).And.BeInAscendingOrder(state => state.Uid);
        (await store.CopyAsync(_ann, _inbox.Id, UidSet.All, archive.Id, new QuotaUsage(0, 0, null, 60), None)).Should().BeOfType<CopyOutcome.OverQuota>();
        (await store.GetAsync(_ann, archive.Id, None))!.Messages.Should().Be(0, "a COPY is all or nothing");
        (await store.CopyAsync(_ann, _inbox.Id, UidSet.All, _inbox.Id, None)).Should().BeOfType<CopyOutcome.Done>().Which.Messages.Should().HaveCount(35, "its own copies are none of it");
        (await store.MoveAsync(_ann, _inbox.Id, UidSet.All, archive.Id, None)).Should().BeOfType<CopyOutcome.Done>().Which.Messages.Should().HaveCount(70).And.BeInAscendingOrder(message => message.Source);
        await store.StoreFlagsAsync(_ann, archive.Id, UidSet.All, FlagOperation.Add, new MessageFlags(SystemFlags.Deleted, []), null, None);
        (await store.ExpungeAsync(_ann, archive.Id, UidSet.Of([new UidRange(new Uid(1), new Uid(archive.UidNext.Value + 55))]), onlyDeleted: true, None)).Should().BeInAscendingOrder();
        var left = (await store.GetAsync(_ann, archive.Id, None))!;
        (await store.QuotaAsync(_ann, None)).Messages.Should().Be(left.Messages);
        (await CountAsync(MailboxIndexes.Messages)).Should().Be(left.Messages);

        await store.MoveAsync(_ann, archive.Id, UidSet.All, _inbox.Id, None);
        (await store.RenameAsync(_ann, MailboxName.Inbox, MailboxName.Parse("old"), None)).Should().Be(MailboxOutcome.Done);
        (await store.FindAsync(_ann, MailboxName.Parse("old"), None))!.Messages.Should().Be(left.Messages);
        await store.ExpungeAsync(_ann, (await store.FindAsync(_ann, MailboxName.Parse("old"), None))!.Id, UidSet.All, onlyDeleted: false, None);
        (await CountAsync(MailboxIndexes.Messages), await CountAsync(MailboxIndexes.Details)).Should().Be((0, 0));
    }

    [Fact]
    public async Task A_damaged_structure_is_one_messages_own_trouble()
    {
        await AppendAsync(_one, 3);
        var details = _server.Database.GetCollection<BsonDocument>(MailboxIndexes.Details);
        using var found = await details.FindAsync(new BsonDocument("emailId", "M2"));
        var damaged = await found.SingleAsync();
        await details.UpdateOneAsync(new BsonDocument("_id", damaged["_id"]), new BsonDocument("$set", new BsonDocument("structure", new byte[] { 255, 255, 255 })));

        var types = new List<string>();
        await foreach (var message in _other.MessagesAsync(_ann, _inbox.Id, UidSet.All, None)) types.Add(message.Structure.Root.Type);
        types.Should().Equal("multipart", "application", "multipart");
    }

    private static NewMessage Message(int n) => new()
    {
        Flags = MessageFlags.None,
        InternalDate = DateTimeOffset.UnixEpoch,
        Content = ContentId.New(TimeProvider.System),
        Size = 100,
        EmailId = $"M{n}",
        ThreadId = "T",
        Structure = Samples.Structure($"{n}"),
    };

    private async Task<IReadOnlyList<Appended>> AppendAsync(MongoMailboxStore store, int count)
        => ((AppendOutcome.Done)await store.AppendAsync(_ann, _inbox.Id, [.. Enumerable.Range(1, count).Select(Message)], null, null, None)).Messages;

    private Task<long> CountAsync(string collection) => _server.Database.GetCollection<BsonDocument>(collection).CountDocumentsAsync(new BsonDocument());

    private MongoConnection Connect()
        => new("mailboxes", MongoConnection.CreateClient(new MongoStoreOptions { ConnectionString = _server.ConnectionString }), _server.Database.DatabaseNamespace.DatabaseName, new SemaphoreSlim(100), NullLogger.Instance);

    private sealed class RetryCounter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public RetryCounter()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "merpati.storage.transaction.retries") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => Interlocked.Add(ref _count, measurement));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
