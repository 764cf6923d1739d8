using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.TestKit.Accounts;
using Merpati.Tests.Unit.Mail.Auth;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Addresses;
using Merpati.UserDirectory.Domains;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Unit.UserDirectory;

/// <summary>The directory as it is composed, over a store in memory, with a clock that the test turns and hashes that cost little.</summary>
internal sealed class DirectoryUnderTest : IDisposable
{
    private readonly ServiceProvider _services;

    public DirectoryUnderTest(Action<UserDirectoryOptions>? configure = null, params IAccountRemoval[] removals)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton<IDirectoryStore>(Store);
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<IMailDns>(Dns);
        services.AddUserDirectory();
        foreach (var removal in removals) services.AddSingleton(removal);
        services.Configure<UserDirectoryOptions>(MakeCheap);
        if (configure is not null) services.Configure(configure);
        _services = services.BuildServiceProvider();
        Directory = Get<IDirectory>();
    }

    public static CancellationToken None => CancellationToken.None;

    public InMemoryDirectoryStore Store { get; } = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

    /// <summary>A zone that a test may change.</summary>
    public TurningDns Dns { get; } = new();

    public IDirectory Directory { get; }

    public AccountAdministration Accounts => Get<AccountAdministration>();

    public AliasAdministration Aliases => Get<AliasAdministration>();

    public DomainAdministration Domains => Get<DomainAdministration>();

    public static void MakeCheap(UserDirectoryOptions options)
    {
        options.Argon2MemoryKiB = 1024;
        options.Argon2Passes = 1;
        options.ScramIterations = 4096;
    }

    public T Get<T>()
        where T : notnull
        => _services.GetRequiredService<T>();

    public async Task<DirectoryUnderTest> WithDomainAsync(string name, string? catchAll = null)
    {
        (await Domains.AddAsync(name, catchAll is null ? null : EmailAddress.Parse(catchAll), None)).Should().Be(DirectoryOutcome.Done);
        return this;
    }

    public async Task<Account> AddAccountAsync(string address, string? password = null, bool enabled = true)
    {
        var account = new Account { Id = AccountId.New(Time), Address = EmailAddress.Parse(address), Enabled = enabled };
        (await Accounts.AddAsync(account, password, None)).Should().Be(DirectoryOutcome.Done);
        return account;
    }

    public ValueTask<DirectoryOutcome> AddAliasAsync(string address, params string[] targets)
        => Aliases.AddAsync(new AddressAlias(EmailAddress.Parse(address), [.. targets.Select(EmailAddress.Parse)]), None);

    /// <summary>The resolution in a word: <c>ann@example.test</c>, <c>ann@example.test+tag</c>, <c>alias a@x,b@x</c>, <c>unknown</c>…</summary>
    public async Task<string> ResolveAsync(string address) => await Directory.ResolveAsync(EmailAddress.Parse(address), None) switch
    {
        Resolution.LocalAccount { Detail: null } local => local.Account.Address.ToString(),
        Resolution.LocalAccount local => $"{local.Account.Address} detail {local.Detail}",
        Resolution.Alias alias => $"alias {string.Join(',', alias.Targets)}",
        Resolution.UnknownUser => "unknown",
        Resolution.Disabled => "disabled",
        Resolution.Remote => "remote",
        var other => throw new InvalidOperationException(other.ToString()),
    };

    public void Dispose() => _services.Dispose();
}
