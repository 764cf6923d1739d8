using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Journal;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoJournalTests : JournalContract
{
    private MongoServer? _server;

    protected override async Task<IJournal> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Journal);
        return (await _server.OpenAsync()).Journal;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();

    protected override async Task<IJournal> CrashAsync() => (await _server!.OpenAsync()).Journal;
}
