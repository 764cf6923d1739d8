using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Merpati.Tests.Contracts.Locks;
using Merpati.Tests.Contracts.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>The maildrop lock over gRPC, with two Deliveries that share the leases.</summary>
public sealed class MaildropLockTests : MaildropLockContract
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly InMemoryMaildropLeases _leases = new(TimeProvider.System);
    private readonly TcpRelay _relay = new();
    private RpcServerUnderTest _first = null!;
    private RpcServerUnderTest _second = null!;
    private RpcClientUnderTest _client = null!;

    protected override async Task<IMaildropLock> StartAsync()
    {
        _first = await ServeAsync();
        _second = await ServeAsync();
        _relay.To(_first.Port);
        _client = new RpcClientUnderTest($"{_relay.Address},{_second.Address}", services => services.AddMaildropLockClient());
        return _client.Get<IMaildropLock>();
    }

    protected override async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _relay.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task A_gateway_that_is_gone_lets_the_maildrop_go_within_seconds()
    {
        var ann = new AccountId(Guid.NewGuid());
        await using (var gateway = new RpcClientUnderTest(_relay.Address, services => services.AddMaildropLockClient()))
        {
            (await gateway.Get<IMaildropLock>().TryAcquireAsync(ann, default)).Should().NotBeNull();
            (await Lock.TryAcquireAsync(ann, default)).Should().BeNull();
            await _relay.RefuseAsync();
            _relay.Cut();
        }
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(12));
        while (await Lock.TryAcquireAsync(ann, limit.Token) is null) await Task.Delay(100, limit.Token);
    }

    [Fact]
    public async Task A_session_keeps_its_maildrop_when_its_Delivery_stops()
    {
        var ann = new AccountId(Guid.NewGuid());
        await using var gateway = new RpcClientUnderTest($"{_first.Address},{_second.Address}", services => services.AddMaildropLockClient());
        var held = (await gateway.Get<IMaildropLock>().TryAcquireAsync(ann, default))!;
        await using var other = new RpcClientUnderTest(_second.Address, services => services.AddMaildropLockClient());

        await _first.StopAsync().WaitAsync(Soon); // an open call does not hold it up
        for (var i = 0; i < 20; i++)
        {
            (await other.Get<IMaildropLock>().TryAcquireAsync(ann, default)).Should().BeNull();
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
        await held.DisposeAsync();
        await (await other.Get<IMaildropLock>().TryAcquireAsync(ann, default))!.DisposeAsync();
    }

    [Fact]
    public async Task Leases_that_cannot_be_reached_are_a_fault_and_not_a_refusal()
    {
        _leases.Outage = new StoreUnavailableException("maildrops", "away");
        await FluentActions.Awaiting(() => Lock.TryAcquireAsync(new AccountId(Guid.NewGuid()), default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
    }

    private Task<RpcServerUnderTest> ServeAsync()
        => RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMaildropLeases>(_leases), endpoints => endpoints.MapMaildropLocks());
}
