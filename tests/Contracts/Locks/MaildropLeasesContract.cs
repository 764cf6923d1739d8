using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Locks;

/// <summary><see cref="IMaildropLeases"/>: never two holders.</summary>
public abstract class MaildropLeasesContract : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private IMaildropLeases _leases = null!;
    private AccountId _ann;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static Guid First { get; } = Guid.NewGuid();

    private static Guid Second { get; } = Guid.NewGuid();

    public async Task InitializeAsync()
    {
        _leases = await StartAsync();
        _ann = AccountId.New(Time);
    }

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<IMaildropLeases> StartAsync();

    protected abstract Task StopAsync();

    [Fact]
    public async Task A_lease_keeps_the_others_out_until_it_is_given_back()
    {
        (await TakeAsync(First)).Should().BeTrue();
        (await TakeAsync(Second)).Should().BeFalse();
        (await TakeAsync(Second, AccountId.New(Time))).Should().BeTrue("another account's is another");
        await _leases.ReleaseAsync(_ann, First, default);
        (await TakeAsync(Second)).Should().BeTrue();
        await _leases.ReleaseAsync(_ann, First, default);
        (await TakeAsync(First)).Should().BeFalse("nobody gives back what is another's");
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_runs_out()
    {
        await TakeAsync(First);
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        (await TakeAsync(Second)).Should().BeFalse();
        Time.Advance(TimeSpan.FromSeconds(1));
        (await TakeAsync(Second)).Should().BeTrue();
        (await TakeAsync(First)).Should().BeFalse("it came back too late");
    }

    [Fact]
    public async Task The_holder_may_renew_and_shorten()
    {
        await TakeAsync(First);
        Time.Advance(Lease / 2);
        (await TakeAsync(First)).Should().BeTrue();
        Time.Advance(Lease / 2 + TimeSpan.FromSeconds(1));
        (await TakeAsync(Second)).Should().BeFalse();
        (await _leases.TryTakeAsync(_ann, First, TimeSpan.FromSeconds(1), default)).Should().BeTrue();
        Time.Advance(TimeSpan.FromSeconds(1));
        (await TakeAsync(Second)).Should().BeTrue();
    }

    [Fact]
    public async Task Of_many_that_come_at_once_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var taken = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TakeAsync(Guid.NewGuid()).AsTask()));
            taken.Count(won => won).Should().Be(1);
            Time.Advance(Lease);
        }
    }

    private ValueTask<bool> TakeAsync(Guid holder, AccountId? account = null) => _leases.TryTakeAsync(account ?? _ann, holder, Lease, default);
}

public sealed class InMemoryMaildropLeasesTests : MaildropLeasesContract
{
    protected override Task<IMaildropLeases> StartAsync() => Task.FromResult<IMaildropLeases>(new InMemoryMaildropLeases(Time));

    protected override Task StopAsync() => Task.CompletedTask;
}
