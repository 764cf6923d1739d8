using Merpati.Local.ForTests;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Tests.Integration.Mongo;

/// <summary>A database of a test's own on the server that all tests share.</summary>
internal sealed class MongoServer(TimeProvider time, MongoStoreKinds kinds) : IAsyncDisposable
{
    private readonly string _database = "test-" + Guid.NewGuid().ToString("N")[..20];
    private readonly List<MongoStores> _opened = [];

    /// <summary>The server, and this test's name for itself there; known once it was opened.</summary>
    public string ConnectionString { get; private set; } = "";

    public static string Merpati { get; } = Path.Combine(AppContext.BaseDirectory, "merpati.dll");

    public MongoStores Stores => _opened[^1];

    public IMongoDatabase Database => Stores.Database;

    /// <summary>Another client on the same database, as another process has it.</summary>
    public async Task<MongoStores> OpenAsync()
    {
        ConnectionString = $"{await TestMongo.ConnectionStringAsync()}&appName={_database}";
        _opened.Add(new MongoStores(new MongoStoreOptions { ConnectionString = ConnectionString, Database = _database }, time, NullLogger<MongoStores>.Instance));
        await Stores.PrepareAsync(kinds, CancellationToken.None);
        return Stores;
    }

    /// <summary>The <c>merpati</c> command on this database.</summary>
    public Task<CommandResult> MerpatiAsync(params string[] arguments) => Command.RunAsync("dotnet", [Merpati, .. arguments, "--mongo", ConnectionString, "--database", _database]);

    /// <summary>The server says that its disk is full to everything of this test that writes, or no longer.</summary>
    public Task SetFullAsync(bool full) => TestMongo.SetFullAsync(_database, full, "insert", "update", "findAndModify");

    public async ValueTask DisposeAsync()
    {
        await Database.Client.DropDatabaseAsync(_database);
        foreach (var stores in _opened) await stores.DisposeAsync();
    }
}
