using Merpati.Relaying;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Suppressions;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoSuppressionListTests : SuppressionListContract
{
    private MongoServer? _server;

    protected override async Task<ISuppressionList> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Directory);
        return (await _server.OpenAsync()).Suppressions;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();
}
