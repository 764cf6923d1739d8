using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Tests.Contracts.Mailboxes;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>Searches over gRPC.</summary>
public sealed class RpcSearch : SearchIndexContract
{
    private RpcPair<IMailboxes>? _pair;

    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();

    protected override async Task<IMailboxes> ServeAsync(IMailboxes mailboxes)
    {
        _pair = await RpcPair.StartAsync(mailboxes, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
        return _pair.Client;
    }

    protected override async Task StopAsync() => await _pair!.DisposeAsync();
}

/// <summary>Delivery's mailboxes, called over gRPC.</summary>
public sealed class RpcMailboxes : MailboxesContract
{
    private RpcPair<IMailboxes>? _pair;

    protected override async Task<IMailboxes> StartAsync(IMailboxes mailboxes)
    {
        _pair = await RpcPair.StartAsync(mailboxes, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
        return _pair.Client;
    }

    protected override async Task StopAsync() => await _pair!.DisposeAsync();
}
