using Merpati.Rpc;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.Tests.Contracts.Queue;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>The queue over SQLite, called over gRPC.</summary>
public sealed class RpcMailQueueTests : MailQueueContract
{
    private readonly SqliteFolder _folder = new(SqliteMailQueue.Schema);
    private RpcPair<IMailQueue>? _pair;

    protected override Task<IMailQueue> StartAsync() => ServeAsync(_folder.Open());

    protected override async Task StopAsync()
    {
        await _pair!.DisposeAsync();
        await _folder.DisposeAsync();
    }

    protected override async Task<IMailQueue> CrashAsync()
    {
        await _pair!.DisposeAsync();
        return await ServeAsync(await _folder.CrashAsync());
    }

    protected override Task SetFullAsync(bool full) => _folder.LimitAsync(full);

    private async Task<IMailQueue> ServeAsync(SqliteDatabase database)
    {
        _pair = await RpcPair.StartAsync<IMailQueue>(new SqliteMailQueue(database, Time), endpoints => endpoints.MapQueue(), services => services.AddQueueClient());
        return _pair.Client;
    }
}
