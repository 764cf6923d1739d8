using Merpati.Storage;
using Merpati.Storage.Sqlite;

namespace Merpati.Tests.Contracts.Records;

public sealed class SqliteSharedRecordsTests : SharedRecordsContract
{
    private readonly SqliteFolder _folder = new(SqliteMailQueue.Schema);

    protected override Task<ISharedRecords> StartAsync() => Task.FromResult<ISharedRecords>(new SqliteSharedRecords(_folder.Open(), Time));

    protected override async Task StopAsync() => await _folder.DisposeAsync();
}
