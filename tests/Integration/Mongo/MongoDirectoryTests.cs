using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Accounts;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoDirectoryTests : DirectoryStoreContract
{
    protected override async ValueTask<IDirectoryStoreHost> OpenHostAsync()
    {
        var host = new Host();
        await host.ReopenAsync();
        return host;
    }

    private sealed class Host : IDirectoryStoreHost
    {
        private readonly MongoServer _server = new(TimeProvider.System, MongoStoreKinds.Directory);

        public IDirectoryStore Store => _server.Stores.Directory;

        public async ValueTask ReopenAsync() => await _server.OpenAsync();

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}
