using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Records;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoSharedRecordsTests : SharedRecordsContract
{
    private MongoServer? _server;

    protected override async Task<ISharedRecords> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Queue);
        return (await _server.OpenAsync()).SharedRecords;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();
}
