using AwesomeAssertions;
using Merpati.Bus.Mailboxes;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.Bus;

public sealed class SubscribedAccountsTests
{
    private readonly AccountId _ann = new(Guid.NewGuid());
    private readonly SubscribedAccounts _accounts = new();

    [Fact]
    public void An_account_stays_until_its_last_session_has_left()
    {
        _accounts.Add(_ann);
        _accounts.Add(_ann);
        _accounts.Remove(_ann);
        _accounts.Contains(_ann).Should().BeTrue();
        _accounts.Remove(_ann);
        _accounts.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void What_was_added_is_taken_once()
    {
        _accounts.Add(_ann);
        _accounts.Add(_ann);
        _accounts.TakeAdded().Should().Equal(_ann);
        _accounts.TakeAdded().Should().BeEmpty();
    }

    [Fact]
    public async Task Nothing_is_lost_between_many_sessions()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                _accounts.Add(_ann);
                _accounts.Remove(_ann);
            }
        })));
        _accounts.IsEmpty.Should().BeTrue();
        _accounts.Add(_ann);
        (await _accounts.WaitForAddedAsync(default)).Should().BeTrue();
    }
}
