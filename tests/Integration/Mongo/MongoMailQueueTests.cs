using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Queue;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoMailQueueTests : MailQueueContract
{
    private MongoServer? _server;

    protected override async Task<IMailQueue> StartAsync()
    {
        _server = new MongoServer(Time, MongoStoreKinds.Queue);
        return (await _server.OpenAsync()).Queue;
    }

    protected override async Task StopAsync() => await _server!.DisposeAsync();

    protected override async Task<IMailQueue> CrashAsync() => (await _server!.OpenAsync()).Queue;

    protected override Task SetFullAsync(bool full) => _server!.SetFullAsync(full);
}
