using System.Diagnostics.Metrics;
using System.Net;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Rpc.Accounts;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Rpc.Accounts;

public sealed class CachedDirectoryTests : IDisposable
{
    private static readonly EmailAddress Ann = EmailAddress.Parse("ann@example.org");

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly LocalDirectoryChangeFeed _changes = new();
    private readonly PeerDirectory _peer = new();
    private readonly DirectoryCacheOptions _options = new();
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CachedDirectory _cached;

    public CachedDirectoryTests()
        => _cached = new CachedDirectory(_peer, _changes, Options.Create(_options), _time, _metrics.GetRequiredService<IMeterFactory>(), NullLogger<CachedDirectory>.Instance);

    public void Dispose()
    {
        _cached.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task An_answer_is_asked_for_once_until_it_is_old()
    {
        await _cached.ResolveAsync(Ann, default);
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(1);
        _time.Advance(_options.Lifetime);
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(2);
    }

    [Fact]
    public async Task A_change_of_the_directory_shows_at_once()
    {
        (await _cached.ResolveAsync(Ann, default)).Should().BeOfType<Resolution.LocalAccount>();
        _peer.Knows = false;
        _changes.Announce();
        (await _cached.ResolveAsync(Ann, default)).Should().BeOfType<Resolution.UnknownUser>();
    }

    [Fact]
    public async Task An_answer_that_a_change_overtakes_is_not_remembered()
    {
        var asked = new TaskCompletionSource();
        _peer.Wait = asked.Task;
        var slow = _cached.ResolveAsync(Ann, default).AsTask();
        _changes.Announce();
        _peer.Wait = Task.CompletedTask;
        asked.SetResult();
        await slow;
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(2);
    }

    [Fact]
    public async Task That_somebody_is_unknown_is_remembered_for_a_shorter_time()
    {
        _peer.Knows = false;
        await _cached.ResolveAsync(Ann, default);
        _time.Advance(_options.NegativeLifetime - TimeSpan.FromMilliseconds(1));
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(1);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(2);
    }

    [Fact]
    public async Task While_the_directory_is_away_known_answers_go_on_for_a_while()
    {
        await _cached.ResolveAsync(Ann, default);
        await _cached.IsLocalDomainAsync("EXAMPLE.org", default);
        await _cached.GetAccountAsync(_peer.Account.Id, default);
        await _cached.MaySendAsAsync(_peer.Account.Id, Ann, default);
        _peer.IsAway = true;
        _changes.Announce(); // the bus went away as well, and came back first
        _time.Advance(TimeSpan.FromMinutes(59));
        (await _cached.ResolveAsync(Ann, default)).Should().BeOfType<Resolution.LocalAccount>();
        (await _cached.IsLocalDomainAsync("example.ORG", default)).Should().BeTrue();
        (await _cached.GetAccountAsync(_peer.Account.Id, default)).Should().Be(_peer.Account);
        (await _cached.MaySendAsAsync(_peer.Account.Id, Ann, default)).Should().BeTrue();
        _time.Advance(TimeSpan.FromMinutes(1));
        await FluentActions.Awaiting(() => _cached.ResolveAsync(Ann, default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task While_the_directory_is_away_nobody_is_unknown()
    {
        _peer.Knows = false;
        await _cached.ResolveAsync(Ann, default);
        await _cached.IsLocalDomainAsync("example.org", default);
        _peer.IsAway = true;
        _time.Advance(_options.NegativeLifetime);
        await FluentActions.Awaiting(() => _cached.ResolveAsync(Ann, default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        await FluentActions.Awaiting(() => _cached.IsLocalDomainAsync("example.org", default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        await FluentActions.Awaiting(() => _cached.ResolveAsync(EmailAddress.Parse("new@example.org"), default).AsTask()).Should().ThrowAsync<StoreUnavailableException>("451, never 550");
    }

    [Fact]
    public async Task A_directory_that_hangs_holds_up_nobody_who_has_an_old_answer()
    {
        await _cached.ResolveAsync(Ann, default);
        _time.Advance(_options.Lifetime);
        _peer.Wait = new TaskCompletionSource().Task;
        var answer = _cached.ResolveAsync(Ann, default).AsTask();
        answer.IsCompleted.Should().BeFalse();
        _time.Advance(_options.Patience);
        (await answer).Should().BeOfType<Resolution.LocalAccount>();
        var asked = _peer.Asked;
        await _cached.ResolveAsync(Ann, default);
        _peer.Asked.Should().Be(asked, "it is left alone for a moment");
    }

    [Fact]
    public async Task When_the_directory_is_back_it_is_asked_again()
    {
        await _cached.ResolveAsync(Ann, default);
        _peer.IsAway = true;
        _time.Advance(_options.Lifetime);
        await _cached.ResolveAsync(Ann, default);
        (_peer.IsAway, _peer.Knows) = (false, false);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await _cached.ResolveAsync(Ann, default)).Should().BeOfType<Resolution.UnknownUser>();
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_no_old_answer()
    {
        await _cached.ResolveAsync(Ann, default);
        _time.Advance(_options.Lifetime);
        _peer.Wait = new TaskCompletionSource().Task;
        using var gaveUp = new CancellationTokenSource();
        var answer = _cached.ResolveAsync(Ann, gaveUp.Token).AsTask();
        await gaveUp.CancelAsync();
        await FluentActions.Awaiting(() => answer).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Logins_are_never_remembered()
    {
        for (var i = 0; i < 3; i++)
        {
            await _cached.LoginAsync("ann", "secret", LoginProtocol.Imap, null, default);
            await _cached.GetScramCredentialAsync("ann", null, default);
            await _cached.CompleteScramAsync("ann", proven: true, LoginProtocol.Imap, null, default);
        }
        _peer.Asked.Should().Be(9);
    }

    [Fact]
    public async Task The_right_to_send_is_of_one_account()
    {
        (await _cached.MaySendAsAsync(_peer.Account.Id, Ann, default)).Should().BeTrue();
        (await _cached.MaySendAsAsync(new AccountId(Guid.NewGuid()), Ann, default)).Should().BeFalse();
    }

    /// <summary>Knows one account, and can be away or slow.</summary>
    private sealed class PeerDirectory : IDirectory
    {
        private int _asked;

        public Account Account { get; } = new() { Id = new AccountId(Guid.NewGuid()), Address = Ann };

        public bool Knows { get; set; } = true;

        public bool IsAway { get; set; }

        public Task Wait { get; set; } = Task.CompletedTask;

        public int Asked => _asked;

        public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
            => AnswerAsync<Resolution>(Knows && address.Equals(Ann) ? new Resolution.LocalAccount(Account, null) : new Resolution.UnknownUser(), cancellationToken);

        public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => AnswerAsync(Knows, cancellationToken);

        public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => AnswerAsync(Knows ? Account : null, cancellationToken);

        public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
            => AnswerAsync<LoginOutcome>(new LoginOutcome.Granted(Account), cancellationToken);

        public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken) => AnswerAsync<ScramCredential?>(null, cancellationToken);

        public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
            => AnswerAsync<LoginOutcome>(new LoginOutcome.Granted(Account), cancellationToken);

        public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken) => AnswerAsync(account == Account.Id, cancellationToken);

        public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => throw new NotSupportedException();

        private async ValueTask<T> AnswerAsync<T>(T answer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            await Wait.WaitAsync(cancellationToken);
            return IsAway ? throw new StoreUnavailableException("UserDirectory", "it is away") : answer;
        }
    }
}
