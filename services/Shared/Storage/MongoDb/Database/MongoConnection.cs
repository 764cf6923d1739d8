using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using Polly;
using Polly.Retry;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The database of the cluster as the stores use it: majority and journal for every write, transactions that are run again when they lost a race,
/// and the driver's exceptions in the words of the storage contracts.
/// </summary>
internal sealed class MongoConnection : IDisposable
{
    private static readonly TransactionOptions Snapshot = new(ReadConcern.Snapshot, ReadPreference.Primary, Durable);

    private readonly ResiliencePipeline _retries;
    private readonly SemaphoreSlim _room;
    private readonly string _store;
    private int _waiting;

    /// <param name="room">A place for each connection of the pool: the driver refuses those who wait when there are many, here they wait in line.</param>
    public MongoConnection(string store, IMongoClient client, string database, SemaphoreSlim room, ILogger logger)
    {
        _store = store;
        _room = room;
        Client = client;
        Database = client.GetDatabase(database);
        Metrics = new StorageMetrics(store, () => Volatile.Read(ref _waiting));
        Logger = logger;
        // Losers of a race wait a moment before they try again; the last of them waits a few seconds in all.
        _retries = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = static lost => ValueTask.FromResult(lost.Outcome.Exception is { } failure && (MongoErrors.HasLabel(failure, MongoErrors.TransientTransaction) || MongoErrors.IsDuplicateKey(failure))),
            MaxRetryAttempts = 60,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(4),
            MaxDelay = TimeSpan.FromMilliseconds(200),
            OnRetry = _ =>
            {
                Metrics.Retried();
                return ValueTask.CompletedTask;
            },
        }).Build();
    }

    public static WriteConcern Durable { get; } = WriteConcern.WMajority.With(journal: true);

    public string Store => _store;

    public IMongoClient Client { get; }

    public IMongoDatabase Database { get; }

    public StorageMetrics Metrics { get; }

    public ILogger Logger { get; }

    /// <summary>A client with the settings that the promises of the stores rest on, whatever the connection string says.</summary>
    /// <exception cref="StoreUnavailableException">The connection string is wrong.</exception>
    public static MongoClient CreateClient(MongoStoreOptions options)
    {
        MongoClientSettings settings;
        try
        {
            var text = options.ConnectionStringFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : options.ConnectionString;
            settings = MongoClientSettings.FromConnectionString(text);
        }
        catch (Exception e) when (e is MongoConfigurationException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StoreUnavailableException("mongo", $"the connection string cannot be used: {e.Message}", e);
        }
        settings.ApplicationName ??= "merpati";
        settings.WriteConcern = Durable;
        settings.ReadConcern = ReadConcern.Majority;
        settings.ReadPreference = ReadPreference.Primary;
        settings.RetryWrites = true;
        settings.RetryReads = true;
        settings.ServerSelectionTimeout = options.ServerSelectionTimeout;
        settings.ConnectTimeout = options.ServerSelectionTimeout;
        settings.WaitQueueTimeout = options.ServerSelectionTimeout;
        settings.SocketTimeout = TimeSpan.FromSeconds(60);
        settings.MaxConnectionPoolSize = options.MaxConnections;
        settings.MaxConnecting = 8;
        return new MongoClient(settings);
    }

    public IMongoCollection<BsonDocument> Collection(string name) => Database.GetCollection<BsonDocument>(name);

    /// <summary>Runs an operation outside of a transaction and translates its failure.</summary>
    public async ValueTask<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        try { return await operation(cancellationToken); }
        catch (Exception failure) when (failure is MongoException or TimeoutException)
        {
            throw Failed(failure, cancellationToken);
        }
        finally { _room.Release(); }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public async ValueTask RunAsync(Func<CancellationToken, Task> operation, CancellationToken cancellationToken)
        => await RunAsync(async token =>
        {
            await operation(token);
            return true;
        }, cancellationToken);

    /// <summary>
    /// Runs <paramref name="body"/> in a transaction and commits it, durable on return. It may be run more than once: it must do nothing but use the session, and must not call this class again.
    /// A body looks before it inserts; so a duplicate key is a lost race as well, and the next time it sees what was there first.
    /// </summary>
    public async ValueTask<T> TransactAsync<T>(Func<IClientSessionHandle, CancellationToken, Task<T>> body, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        try
        {
            using var session = await Client.StartSessionAsync(new ClientSessionOptions { CausalConsistency = false }, cancellationToken);
            return await _retries.ExecuteAsync(async token =>
            {
                session.StartTransaction(Snapshot);
                T result;
                try { result = await body(session, token); }
                catch
                {
                    await AbortAsync(session);
                    throw;
                }
                await CommitAsync(session, token);
                return result;
            }, cancellationToken);
        }
        catch (Exception failure) when (failure is MongoException or TimeoutException)
        {
            throw Failed(failure, cancellationToken);
        }
        finally { _room.Release(); }
    }

    /// <summary>An operation waits for its group, or no longer.</summary>
    public void CountWaiting(int change) => Interlocked.Add(ref _waiting, change);

    public void Dispose() => Metrics.Dispose();

    private Exception Failed(Exception failure, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException(failure.Message, failure, cancellationToken);
        Metrics.Failed();
        return MongoErrors.Translate(failure, _store);
    }

    /// <summary>A commit whose reply was lost is asked for again: the server knows whether it was done.</summary>
    private static async Task CommitAsync(IClientSessionHandle session, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await session.CommitTransactionAsync(cancellationToken);
                return;
            }
            catch (MongoException unknown) when (attempt < 3 && unknown.HasErrorLabel(MongoErrors.UnknownCommit))
            {
            }
        }
    }

    private static async Task AbortAsync(IClientSessionHandle session)
    {
        if (!session.IsInTransaction) return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try { await session.AbortTransactionAsync(patience.Token); }
        catch (Exception gone) when (gone is MongoException or TimeoutException or OperationCanceledException)
        {
            // The server gives it up by itself.
        }
    }
}
