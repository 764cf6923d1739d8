using Merpati.Accounts;
using Merpati.Rpc;
using Merpati.Tests.Contracts.Accounts;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>UserDirectory's directory, called over gRPC.</summary>
public sealed class RpcDirectoryTests : DirectoryContract
{
    private RpcPair<IDirectory>? _pair;

    protected override async Task<IDirectory> StartAsync(IDirectory directory)
    {
        _pair = await RpcPair.StartAsync(directory, endpoints => endpoints.MapDirectory(), services => services.AddDirectoryClient());
        return _pair.Client;
    }

    protected override async Task StopAsync() => await _pair!.DisposeAsync();
}
