using Merpati.Relaying;
using Merpati.Rpc;
using Merpati.Storage.Sqlite;
using Merpati.Tests.Contracts.Suppressions;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>The suppression list over SQLite, called over gRPC.</summary>
public sealed class RpcSuppressionListTests : SuppressionListContract
{
    private readonly SqliteFolder _folder = new(SqliteDirectoryStore.Schema);
    private RpcPair<ISuppressionList>? _pair;

    protected override async Task<ISuppressionList> StartAsync()
    {
        _pair = await RpcPair.StartAsync<ISuppressionList>(new SqliteSuppressionList(_folder.Open(), Time), endpoints => endpoints.MapSuppressions(), services => services.AddSuppressionsClient());
        return _pair.Client;
    }

    protected override async Task StopAsync()
    {
        await _pair!.DisposeAsync();
        await _folder.DisposeAsync();
    }
}
