using AwesomeAssertions;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Rpc;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary><see cref="IMailboxSharing"/>, in one process and over gRPC.</summary>
public sealed class RpcMailboxSharingTests
{
    private static readonly AccountId Team = new(new Guid("0199f0a0-0000-7000-8000-00000000000a"));

    private static readonly Grantee Bob = Grantee.Of(new AccountId(new Guid("0199f0a0-0000-7000-8000-00000000000b")));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rights_are_given_by_name_in_one_mailbox_or_in_all(bool far)
    {
        var near = new MailboxSharing(new InMemoryMailboxes(new LocalMailboxChangeFeed(), TimeProvider.System));
        await using var pair = far ? await RpcPair.StartAsync<IMailboxSharing>(near, endpoints => endpoints.MapMailboxSharing(), services => services.AddMailboxSharingClient()) : null;
        IMailboxSharing sharing = pair is null ? near : pair.Client;

        (await sharing.ShareAsync(Team, null, Bob, MailboxRights.Lookup, default)).Should().Be(GrantOutcome.Done);
        (await sharing.ShareAsync(Team, MailboxName.Inbox, Bob, MailboxRights.All, default)).Should().Be(GrantOutcome.Done);
        (await sharing.ShareAsync(Team, MailboxName.Parse("Nothing"), Bob, MailboxRights.All, default)).Should().Be(GrantOutcome.NoSuchMailbox);
        var shared = await sharing.SharedAsync(Team, default);
        shared.Select(mailbox => mailbox.Name.Value).Should().Equal("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash");
        shared.Single(mailbox => mailbox.Name.IsInbox).Grants.Should().ContainSingle().Which.Rights.Should().Be(MailboxRights.All);

        (await sharing.ShareAsync(Team, null, Bob, MailboxRights.None, default)).Should().Be(GrantOutcome.Done);
        (await sharing.SharedAsync(Team, default)).Should().BeEmpty();
    }
}
