using System.Diagnostics.Metrics;
using System.Net;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Credentials;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class LoginTests
{
    private static readonly IPAddress Client = IPAddress.Parse("203.0.113.7");

    [Theory]
    [InlineData("ann@example.test", "right", true)]
    [InlineData("ANN@Example.Test", "right", true)]
    [InlineData("ann@example.test", "Right", false)]
    [InlineData("ann@example.test", "", false)]
    [InlineData("ann@example.test", "right ", false)]
    [InlineData("bob@example.test", "right", false)] // no such login
    [InlineData("off@example.test", "right", false)] // switched off
    [InlineData("none@example.test", "right", false)] // without a password
    [InlineData("info@example.test", "right", false)] // an alias is no login
    [InlineData("ann+tag@example.test", "right", false)]
    [InlineData("ann", "right", false)]
    [InlineData("", "right", false)]
    [InlineData("not an address\0", "right", false)]
    public async Task A_login_is_granted_or_denied(string login, string password, bool granted)
    {
        using var directory = await ArrangeAsync();
        var outcome = await LoginAsync(directory, login, password);
        if (granted) outcome.Should().BeOfType<LoginOutcome.Granted>().Which.Account.Address.Should().Be(EmailAddress.Parse("ann@example.test"));
        else outcome.Should().BeOfType<LoginOutcome.Denied>();
    }

    [Theory]
    [InlineData("ann@example.test", "wrong")]
    [InlineData("nobody@example.test", "wrong")]
    [InlineData("nobody@elsewhere.test", "wrong")]
    [InlineData("not an address", "wrong")]
    [InlineData("off@example.test", "wrong")]
    [InlineData("off@example.test", "right")]
    [InlineData("none@example.test", "wrong")]
    [InlineData("unreadable@example.test", "wrong")]
    public async Task Every_denial_costs_one_hash(string login, string password)
    {
        using var directory = await ArrangeAsync();
        using var hashes = new HashCounter();
        (await LoginAsync(directory, login, password)).Should().BeOfType<LoginOutcome.Denied>();
        hashes.Count.Should().Be(1);
    }

    [Fact]
    public async Task A_client_that_logs_in_again_costs_no_hash_for_a_while()
    {
        using var directory = await ArrangeAsync();
        using var hashes = new HashCounter();
        await LoginAsync(directory, "ann@example.test", "right");
        for (var i = 0; i < 5; i++) (await LoginAsync(directory, "ann@example.test", "right")).Should().BeOfType<LoginOutcome.Granted>();
        hashes.Count.Should().Be(1);

        (await LoginAsync(directory, "ann@example.test", "wrong")).Should().BeOfType<LoginOutcome.Denied>();
        hashes.Count.Should().Be(2, "a wrong password always costs");

        directory.Time.Advance(TimeSpan.FromMinutes(11));
        await LoginAsync(directory, "ann@example.test", "right");
        hashes.Count.Should().Be(3);
    }

    [Fact]
    public async Task A_changed_password_or_state_counts_at_once()
    {
        using var directory = await ArrangeAsync();
        var ann = EmailAddress.Parse("ann@example.test");
        await LoginAsync(directory, "ann@example.test", "right");
        await directory.Accounts.SetPasswordAsync(ann, "new", DirectoryUnderTest.None);
        (await LoginAsync(directory, "ann@example.test", "right")).Should().BeOfType<LoginOutcome.Denied>();
        (await LoginAsync(directory, "ann@example.test", "new")).Should().BeOfType<LoginOutcome.Granted>();

        // Also when another process made the change.
        var account = (await directory.Store.FindAccountAsync(ann, DirectoryUnderTest.None))!;
        await directory.Store.ChangeAccountAsync(account with { Enabled = false }, DirectoryUnderTest.None);
        (await LoginAsync(directory, "ann@example.test", "new")).Should().BeOfType<LoginOutcome.Denied>();
        await directory.Store.ChangeAccountAsync(account, DirectoryUnderTest.None);
        await directory.Store.SetCredentialAsync(account.Id, await directory.Get<CredentialMaker>().MakeAsync("newer", DirectoryUnderTest.None), DirectoryUnderTest.None);
        (await LoginAsync(directory, "ann@example.test", "new")).Should().BeOfType<LoginOutcome.Denied>();
        (await LoginAsync(directory, "ann@example.test", "newer")).Should().BeOfType<LoginOutcome.Granted>();
    }

    [Fact]
    public async Task A_login_renews_verifiers_that_have_fallen_behind()
    {
        using var directory = await ArrangeAsync(options => options.Argon2Passes = 2);
        var account = (await directory.Store.FindAccountAsync(EmailAddress.Parse("ann@example.test"), DirectoryUnderTest.None))!;
        var old = await Argon2idVerifier.MakeAsync("right", new Argon2Parameters(64, 1, 1));
        await directory.Store.SetCredentialAsync(account.Id, new Credential(old.ToString(), ScramKeys.Derive("right", 4096)), DirectoryUnderTest.None);

        (await LoginAsync(directory, "ann@example.test", "wrong")).Should().BeOfType<LoginOutcome.Denied>();
        (await directory.Store.FindCredentialAsync(account.Id, DirectoryUnderTest.None))!.Argon2id.Should().Be(old.ToString());
        (await LoginAsync(directory, "ann@example.test", "right")).Should().BeOfType<LoginOutcome.Granted>();
        (await directory.Store.FindCredentialAsync(account.Id, DirectoryUnderTest.None))!.Argon2id.Should().Contain("m=1024,t=2,p=1");
        (await LoginAsync(directory, "ann@example.test", "right")).Should().BeOfType<LoginOutcome.Granted>();
    }

    [Fact]
    public async Task A_login_without_a_domain_may_mean_a_configured_one()
    {
        using var directory = await ArrangeAsync(options => options.DefaultLoginDomain = "example.test");
        (await LoginAsync(directory, "ann", "right")).Should().BeOfType<LoginOutcome.Granted>();
    }

    [Fact]
    public async Task Logins_beyond_the_line_are_put_off()
    {
        using var directory = await ArrangeAsync(options =>
        {
            options.ConcurrentVerifications = 1;
            options.WaitingVerifications = 1;
        });
        var gate = directory.Get<HashingGate>();
        using var inside = await gate.TryEnterAsync(DirectoryUnderTest.None);
        inside.Should().NotBeNull();
        var waiting = LoginAsync(directory, "ann@example.test", "right");
        (await LoginAsync(directory, "ann@example.test", "right")).Should().BeOfType<LoginOutcome.Throttled>();
        inside!.Dispose();
        (await waiting).Should().BeOfType<LoginOutcome.Granted>();
        (await LoginAsync(directory, "ann@example.test", "wrong")).Should().BeOfType<LoginOutcome.Denied>("the line is open again");
    }

    [Fact]
    public async Task One_who_gives_up_in_line_leaves_his_place()
    {
        using var directory = await ArrangeAsync(options =>
        {
            options.ConcurrentVerifications = 1;
            options.WaitingVerifications = 1;
        });
        var gate = directory.Get<HashingGate>();
        using var inside = await gate.TryEnterAsync(DirectoryUnderTest.None);
        using var cancelled = new CancellationTokenSource();
        var waiting = gate.TryEnterAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = gate.TryEnterAsync(DirectoryUnderTest.None);
        inside!.Dispose();
        using var entered = await next;
        entered.Should().NotBeNull();
    }

    private static Task<LoginOutcome> LoginAsync(DirectoryUnderTest directory, string login, string password)
        => directory.Directory.LoginAsync(login, password, LoginProtocol.Imap, Client, DirectoryUnderTest.None).AsTask();

    private static async Task<DirectoryUnderTest> ArrangeAsync(Action<UserDirectoryOptions>? configure = null)
    {
        var directory = await new DirectoryUnderTest(configure).WithDomainAsync("example.test");
        await directory.AddAccountAsync("ann@example.test", "right");
        await directory.AddAccountAsync("off@example.test", "right", enabled: false);
        await directory.AddAccountAsync("none@example.test");
        var unreadable = await directory.AddAccountAsync("unreadable@example.test");
        await directory.Store.SetCredentialAsync(unreadable.Id, new Credential("$2y$old", ScramKeys.Derive("right", 4096)), DirectoryUnderTest.None);
        await directory.AddAliasAsync("info@example.test", "ann@example.test");
        return directory;
    }

    /// <summary>Counts the Argon2id computations of this test alone: the measurement is taken in the flow that computed.</summary>
    private sealed class HashCounter : IDisposable
    {
        private static readonly AsyncLocal<HashCounter?> Current = new();
        private readonly MeterListener _listener = new();
        private int _count;

        public HashCounter()
        {
            Current.Value = this;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "merpati.directory.password_hash.duration") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
            {
                if (Current.Value == this) Interlocked.Increment(ref _count);
            });
            _listener.Start();
        }

        public int Count => _count;

        public void Dispose() => _listener.Dispose();
    }
}
