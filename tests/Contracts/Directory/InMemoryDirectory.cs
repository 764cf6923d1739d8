using Merpati.Storage;
using Merpati.TestKit.Accounts;

namespace Merpati.Tests.Contracts.Accounts;

/// <summary>The store that other tests stand on keeps the contract too.</summary>
public sealed class InMemoryDirectory : DirectoryStoreContract
{
    protected override ValueTask<IDirectoryStoreHost> OpenHostAsync() => ValueTask.FromResult<IDirectoryStoreHost>(new Host());

    private sealed class Host : IDirectoryStoreHost
    {
        public IDirectoryStore Store { get; } = new InMemoryDirectoryStore();

        public ValueTask ReopenAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
