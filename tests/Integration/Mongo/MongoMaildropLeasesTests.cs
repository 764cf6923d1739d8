using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Locks;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoMaildropLeasesTests : MaildropLeasesContract
{
    private MongoServer? _server;

    protected override async Task<IMaildropLeases> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Maildrops);
        return (await _server.OpenAsync()).Maildrops;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();
}
