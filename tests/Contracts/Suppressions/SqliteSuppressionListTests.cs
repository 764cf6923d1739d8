using Merpati.Relaying;
using Merpati.Storage.Sqlite;

namespace Merpati.Tests.Contracts.Suppressions;

public sealed class SqliteSuppressionListTests : SuppressionListContract
{
    private readonly SqliteFolder _folder = new(SqliteDirectoryStore.Schema);

    protected override Task<ISuppressionList> StartAsync() => Task.FromResult<ISuppressionList>(new SqliteSuppressionList(_folder.Open(), Time));

    protected override async Task StopAsync() => await _folder.DisposeAsync();
}
