using Merpati.Storage;
using Merpati.Storage.Sqlite;

namespace Merpati.Tests.Contracts.Accounts;

public sealed class SqliteDirectory : DirectoryStoreContract
{
    protected override ValueTask<IDirectoryStoreHost> OpenHostAsync() => ValueTask.FromResult<IDirectoryStoreHost>(new Host());

    private sealed class Host : IDirectoryStoreHost
    {
        private readonly SqliteFolder _folder = new(SqliteDirectoryStore.Schema);

        public Host() => Store = new SqliteDirectoryStore(_folder.Open());

        public IDirectoryStore Store { get; private set; }

        public async ValueTask ReopenAsync() => Store = new SqliteDirectoryStore(await _folder.CrashAsync());

        public ValueTask DisposeAsync() => _folder.DisposeAsync();
    }
}
