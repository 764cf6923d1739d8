using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Tests.Contracts.Accounts;

public sealed class SqliteDirectory : DirectoryStoreContract
{
    protected override ValueTask<IDirectoryStoreHost> OpenHostAsync() => ValueTask.FromResult<IDirectoryStoreHost>(new Host());

    private sealed class Host : IDirectoryStoreHost
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("merpati-directory-").FullName;
        private SqliteDirectoryStore _store;

        public Host() => _store = Open();

        public IDirectoryStore Store => _store;

        public async ValueTask ReopenAsync()
        {
            await _store.DisposeAsync();
            _store = Open();
        }

        public async ValueTask DisposeAsync()
        {
            await _store.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private SqliteDirectoryStore Open() => SqliteDirectoryStore.Open(_folder, NullLogger<SqliteDirectoryStore>.Instance);
    }
}
