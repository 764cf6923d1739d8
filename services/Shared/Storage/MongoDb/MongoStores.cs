using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The stores of the cluster, on one database. A service makes those that it needs; each makes and verifies its indexes when it is prepared.
/// </summary>
public sealed class MongoStores : IAsyncDisposable
{
    private static readonly (MongoStoreKinds Kind, MongoSchema Schema)[] Schemas =
    [
        (MongoStoreKinds.Content, ContentIndexes.Schema),
        (MongoStoreKinds.Queue, QueueIndexes.Schema),
        (MongoStoreKinds.Journal, JournalIndexes.Schema),
        (MongoStoreKinds.Directory, DirectoryIndexes.Schema),
        (MongoStoreKinds.Maildrops, MaildropIndexes.Schema),
        (MongoStoreKinds.Mailboxes, MailboxIndexes.Schema),
    ];

    private static readonly TimeSpan WhileBeingRaised = TimeSpan.FromMilliseconds(200);

    private readonly MongoClient _client;
    private readonly string _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Lazy<MongoConnection>> _connections = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _room;
    private volatile bool _prepared;
    private readonly Lazy<MongoContentStore> _content;
    private readonly Lazy<MongoMailQueue> _queue;
    private readonly Lazy<MongoSharedRecords> _sharedRecords;
    private readonly Lazy<MongoJournal> _journal;
    private readonly Lazy<MongoDirectoryStore> _directory;
    private readonly Lazy<MongoSuppressionList> _suppressions;
    private readonly Lazy<MongoMaildropLeases> _maildrops;
    private readonly Lazy<MongoMailboxStore> _mailboxes;
    private readonly Lazy<MongoSearchIndex> _searchIndex;

    /// <exception cref="StoreUnavailableException">The connection string cannot be used. Nothing is asked of the server yet.</exception>
    public MongoStores(MongoStoreOptions options, TimeProvider time, ILogger<MongoStores> logger)
    {
        _client = MongoConnection.CreateClient(options);
        _database = options.Database;
        _room = new SemaphoreSlim(options.MaxConnections);
        _time = time;
        _logger = logger;
        _content = new(() => new MongoContentStore(Connect("content"), time));
        _queue = new(() => new MongoMailQueue(Connect("queue"), time));
        _sharedRecords = new(() => new MongoSharedRecords(Connect("queue"), time));
        _journal = new(() => new MongoJournal(Connect("journal"), time));
        _directory = new(() => new MongoDirectoryStore(Connect("directory")));
        _suppressions = new(() => new MongoSuppressionList(Connect("directory"), time));
        _maildrops = new(() => new MongoMaildropLeases(Connect("maildrops"), time));
        _mailboxes = new(() => new MongoMailboxStore(Connect("mailboxes"), time));
        _searchIndex = new(() => new MongoSearchIndex(Connect("mailboxes"), Mailboxes, time));
    }

    public MongoContentStore Content => _content.Value;

    public MongoMailQueue Queue => _queue.Value;

    public MongoSharedRecords SharedRecords => _sharedRecords.Value;

    public MongoJournal Journal => _journal.Value;

    public MongoDirectoryStore Directory => _directory.Value;

    public MongoSuppressionList Suppressions => _suppressions.Value;

    public MongoMaildropLeases Maildrops => _maildrops.Value;

    public MongoMailboxStore Mailboxes => _mailboxes.Value;

    public MongoSearchIndex SearchIndex => _searchIndex.Value;

    /// <summary>For <see cref="ConsistencyCheck"/>.</summary>
    public IStoreInspection Inspection => new MongoInspection(new ContentInspection(Connect("content"), Content), new QueueInspection(Connect("queue"), _time), new MailboxInspection(new MailboxCollections(Connect("mailboxes"))));

    internal IMongoDatabase Database => _client.GetDatabase(_database);

    /// <summary>
    /// Makes sure of the server and of the schema of these stores: raises one that is older, works with one that is newer as far as that can be.
    /// </summary>
    /// <exception cref="StoreUnavailableException">With one sentence for the person who started us.</exception>
    public async Task PrepareAsync(MongoStoreKinds kinds, CancellationToken cancellationToken)
    {
        await RequireReplicaSetAsync(cancellationToken);
        await foreach (var outcome in RaiseAsync(kinds, cancellationToken))
        {
            if (!outcome.IsReady) throw new StoreUnavailableException(outcome.Store, outcome.Sentence + ".");
            if (outcome.State is SchemaState.Raised or SchemaState.Newer) DatabaseLog.Schema(_logger, outcome.Store, outcome.Sentence);
        }
    }

    /// <summary>Brings the schema of all stores up to our version, as <c>merpati migrate</c> does before the services are replaced.</summary>
    /// <exception cref="StoreUnavailableException">The server is away, or cannot be used.</exception>
    public async ValueTask<IReadOnlyList<SchemaOutcome>> MigrateAsync(CancellationToken cancellationToken)
    {
        await RequireReplicaSetAsync(cancellationToken);
        return await RaiseAsync(MongoStoreKinds.All, cancellationToken).ToListAsync(cancellationToken);
    }

    /// <summary>How the schema of all stores stands; nothing is written.</summary>
    /// <exception cref="StoreUnavailableException">The server is away, or cannot be used.</exception>
    public async ValueTask<IReadOnlyList<SchemaOutcome>> FindSchemaAsync(CancellationToken cancellationToken)
    {
        await RequireReplicaSetAsync(cancellationToken);
        var outcomes = new List<SchemaOutcome>();
        foreach (var (_, schema) in Schemas) outcomes.Add(await schema.FindAsync(Connect(schema.Store), cancellationToken));
        return outcomes;
    }

    private async IAsyncEnumerable<SchemaOutcome> RaiseAsync(MongoStoreKinds kinds, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (_, schema) in Schemas.Where(known => kinds.HasFlag(known.Kind)))
        {
            SchemaOutcome outcome;
            // Mostly that is the other pods of the same upgrade, and soon over.
            while ((outcome = await schema.RaiseAsync(Connect(schema.Store), schema == QueueIndexes.Schema ? MongoMailQueue.PrepareAsync : static (_, _) => Task.CompletedTask, _time, cancellationToken)).State == SchemaState.BeingRaised)
                await Task.Delay(WhileBeingRaised, _time, cancellationToken);
            yield return outcome;
        }
    }

    /// <summary>For a host that waits for its database, and watches it: prepares these stores the first time, and later asks the server something small.</summary>
    /// <exception cref="StoreUnavailableException">With one sentence for a person.</exception>
    public async ValueTask CheckAsync(MongoStoreKinds kinds, CancellationToken cancellationToken)
    {
        if (_prepared)
        {
            await PingAsync(cancellationToken);
            return;
        }
        await PrepareAsync(kinds, cancellationToken);
        _prepared = true;
    }

    /// <summary>Asks the server something small.</summary>
    /// <exception cref="StoreUnavailableException">It does not answer.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
        => await Connect("mongo").RunAsync(token => Database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: token), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_content.IsValueCreated) await Content.DisposeAsync();
        if (_queue.IsValueCreated) await Queue.DisposeAsync();
        if (_journal.IsValueCreated) await Journal.DisposeAsync();
        if (_mailboxes.IsValueCreated) await Mailboxes.DisposeAsync();
        _client.Dispose();
        _room.Dispose();
        foreach (var connection in _connections.Values) connection.Value.Dispose();
    }

    private MongoConnection Connect(string store)
        => _connections.GetOrAdd(store, static (name, stores) => new Lazy<MongoConnection>(() => new MongoConnection(name, stores._client, stores._database, stores._room, stores._logger)), this).Value;

    /// <summary>A server alone has no transactions; better said now than at the first message.</summary>
    private async Task RequireReplicaSetAsync(CancellationToken cancellationToken)
    {
        var hello = await Connect("mongo").RunAsync(token => _client.GetDatabase("admin").RunCommandAsync<BsonDocument>(new BsonDocument("hello", 1), cancellationToken: token), cancellationToken);
        if (!hello.Contains("setName") && hello.GetValue("msg", "") != "isdbgrid")
            throw new StoreUnavailableException("mongo", "the server is no member of a replica set, and the stores need transactions. Start mongod with --replSet rs0, run rs.initiate() once, and add ?replicaSet=rs0 to mongo:connectionString.");
    }
}

/// <summary>Which stores a service uses: it makes their indexes, and needs rights to their collections alone.</summary>
[Flags]
public enum MongoStoreKinds
{
    None = 0,
    Content = 1,
    Queue = 2,
    Journal = 4,
    Directory = 8,
    Mailboxes = 16,
    Maildrops = 32,
    All = Content | Queue | Journal | Directory | Mailboxes | Maildrops,
}
