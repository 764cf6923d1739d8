using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Rpc;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Mailboxes;
using Xunit;

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

/// <summary>What a gateway no longer waits for, Delivery no longer does.</summary>
public sealed class RpcCancellation
{
    [Fact]
    public async Task A_search_that_is_given_up_is_given_up_by_who_serves_it()
    {
        var searching = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        var served = new InMemoryMailboxes(new LocalMailboxChangeFeed(), TimeProvider.System)
        {
            Searching = async cancellationToken =>
            {
                searching.SetResult(cancellationToken);
                await Task.Delay(Timeout.Infinite, cancellationToken);
            },
        };
        var account = AccountId.New(TimeProvider.System);
        await served.EnsureAccountAsync(account, CancellationToken.None);
        var inbox = await served.FindAsync(account, MailboxName.Inbox, CancellationToken.None);
        await using var pair = await RpcPair.StartAsync<IMailboxes>(served, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
        using var gone = new CancellationTokenSource();
        var found = pair.Client.SearchAsync(account, inbox!.Id, new SearchCriteria.All(), gone.Token).AsTask();
        var given = await searching.Task;
        var stopped = new TaskCompletionSource();
        await using var registration = given.Register(stopped.SetResult);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => found);
        await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }
}
