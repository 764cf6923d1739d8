using Merpati.Rpc;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.Tests.Contracts.Journal;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>The journal over SQLite, called over gRPC.</summary>
public sealed class RpcJournalTests : JournalContract
{
    private readonly SqliteFolder _folder = new(SqliteJournal.Schema);
    private RpcPair<IJournal>? _pair;

    protected override Task<IJournal> StartAsync() => ServeAsync(_folder.Open());

    protected override async Task StopAsync()
    {
        await _pair!.DisposeAsync();
        await _folder.DisposeAsync();
    }

    protected override async Task<IJournal> CrashAsync()
    {
        await _pair!.DisposeAsync();
        return await ServeAsync(await _folder.CrashAsync());
    }

    private async Task<IJournal> ServeAsync(SqliteDatabase database)
    {
        _pair = await RpcPair.StartAsync<IJournal>(new SqliteJournal(database), endpoints => endpoints.MapTimeline(), services => services.AddJournalClient());
        return _pair.Client;
    }
}
