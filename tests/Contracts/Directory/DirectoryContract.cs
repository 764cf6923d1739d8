using System.Net;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.TestKit.Accounts;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Addresses;
using Merpati.UserDirectory.Domains;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Accounts;

/// <summary><see cref="IDirectory"/>: the answers that all services rely on, wherever the directory is.</summary>
public abstract class DirectoryContract : IAsyncLifetime
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.7");

    private readonly ServiceProvider _services;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private IDirectory _directory = null!;
    private Account _ann = null!;

    protected DirectoryContract()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton<IDirectoryStore>(new InMemoryDirectoryStore());
        services.AddSingleton<TimeProvider>(_time);
        services.AddUserDirectory();
        services.Configure<UserDirectoryOptions>(options =>
        {
            options.Argon2MemoryKiB = 1024;
            options.Argon2Passes = 1;
            options.ScramIterations = 4096;
        });
        _services = services.BuildServiceProvider();
    }

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        _ann = new Account { Id = AccountId.New(_time), Address = EmailAddress.Parse("\"Ann O'Neil\"@bücher.test"), DisplayName = "Ann", QuotaOctets = 1L << 40, QuotaMessages = 7 };
        await _services.GetRequiredService<DomainAdministration>().AddAsync("bücher.test", null, None);
        await _services.GetRequiredService<AccountAdministration>().AddAsync(_ann, "correct horse", None);
        await _services.GetRequiredService<AccountAdministration>().AddAsync(new Account { Id = AccountId.New(_time), Address = EmailAddress.Parse("off@bücher.test"), Enabled = false }, "x", None);
        await _services.GetRequiredService<AliasAdministration>().AddAsync(new AddressAlias(EmailAddress.Parse("all@bücher.test"), [_ann.Address, EmailAddress.Parse("off@bücher.test")]), None);
        _directory = await StartAsync(_services.GetRequiredService<IDirectory>());
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }

    protected abstract Task<IDirectory> StartAsync(IDirectory directory);

    protected abstract Task StopAsync();

    [Fact]
    public async Task Every_kind_of_address_has_its_answer()
    {
        (await ResolveAsync("\"ann o'neil\"@xn--bcher-kva.test")).Should().Be(new Resolution.LocalAccount(_ann, null));
        (await ResolveAsync("\"Ann O'Neil+Tag\"@bücher.test")).Should().Be(new Resolution.LocalAccount(_ann, "Tag"));
        (await ResolveAsync("ALL@bücher.test")).Should().BeOfType<Resolution.Alias>().Which.Targets.Should().Equal(_ann.Address, EmailAddress.Parse("off@bücher.test"));
        (await ResolveAsync("nobody@bücher.test")).Should().BeOfType<Resolution.UnknownUser>();
        (await ResolveAsync("off@bücher.test")).Should().BeOfType<Resolution.Disabled>();
        (await ResolveAsync("ann@elsewhere.test")).Should().BeOfType<Resolution.Remote>();
        (await _directory.IsLocalDomainAsync("BÜCHER.test", None)).Should().BeTrue();
        (await _directory.IsLocalDomainAsync("elsewhere.test", None)).Should().BeFalse();
    }

    [Fact]
    public async Task An_account_comes_back_whole_or_not_at_all()
    {
        (await _directory.GetAccountAsync(_ann.Id, None)).Should().Be(_ann);
        (await _directory.GetAccountAsync(new AccountId(Guid.NewGuid()), None)).Should().BeNull();
    }

    [Fact]
    public async Task Passwords_are_right_or_wrong_and_too_many_are_throttled()
    {
        (await LoginAsync("correct horse")).Should().Be(new LoginOutcome.Granted(_ann));
        LoginOutcome outcome;
        var failures = 0;
        while ((outcome = await LoginAsync("wrong")) is LoginOutcome.Denied) (++failures).Should().BeLessThan(1000);
        outcome.Should().BeOfType<LoginOutcome.Throttled>().Which.RetryAfter.Should().BePositive();
        failures.Should().BePositive();
    }

    [Fact]
    public async Task Scram_keys_of_a_login_stay_the_same_whether_it_exists_or_not()
    {
        foreach (var login in (string[])[_ann.Address.ToString(), "nobody@bücher.test"])
        {
            var first = await _directory.GetScramCredentialAsync(login, Client, None);
            var second = await _directory.GetScramCredentialAsync(login, null, None);
            first.Should().NotBeNull();
            first!.Iterations.Should().Be(4096);
            (second!.Salt.ToArray(), second.StoredKey.ToArray(), second.ServerKey.ToArray()).Should().BeEquivalentTo((first.Salt.ToArray(), first.StoredKey.ToArray(), first.ServerKey.ToArray()));
        }
        (await _directory.CompleteScramAsync(_ann.Address.ToString(), proven: true, LoginProtocol.Imap, Client, None)).Should().Be(new LoginOutcome.Granted(_ann));
        (await _directory.CompleteScramAsync(_ann.Address.ToString(), proven: false, LoginProtocol.Pop3, IPAddress.IPv6Loopback, None)).Should().BeOfType<LoginOutcome.Denied>();
    }

    [Fact]
    public async Task An_account_sends_under_its_own_addresses()
    {
        (await _directory.MaySendAsAsync(_ann.Id, _ann.Address, None)).Should().BeTrue();
        (await _directory.MaySendAsAsync(_ann.Id, EmailAddress.Parse("off@bücher.test"), None)).Should().BeFalse();
    }

    private ValueTask<Resolution> ResolveAsync(string address) => _directory.ResolveAsync(EmailAddress.Parse(address), None);

    private ValueTask<LoginOutcome> LoginAsync(string password) => _directory.LoginAsync(_ann.Address.ToString(), password, LoginProtocol.Imap, Client, None);
}

public sealed class UserDirectoryTests : DirectoryContract
{
    protected override Task<IDirectory> StartAsync(IDirectory directory) => Task.FromResult(directory);

    protected override Task StopAsync() => Task.CompletedTask;
}
