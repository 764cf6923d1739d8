using System.Globalization;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary><see cref="IMailboxGrants"/>: give, add and take rights; who shares with whom; limits; and when grants go.</summary>
public abstract class MailboxGrantsContract : MailboxStoreContract
{
    private const MailboxRights LookAndRead = MailboxRights.Lookup | MailboxRights.Read;

    [Fact]
    public async Task GrantsAreKeptByMailboxGranteeAndSign()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        var sent = (await MailboxAsync("Sent")).Id;
        (await GrantAsync(inbox, Give(Grantee.Of(Bob), LookAndRead), Take(Grantee.Of(Bob), MailboxRights.Read), Give(Grantee.AnyoneOf("Example.TEST"), MailboxRights.Lookup))).Should().Be(GrantOutcome.Done);
        (await GrantAsync(sent, Give(Grantee.Anyone, MailboxRights.All))).Should().Be(GrantOutcome.Done);

        await ReopenAsync();

        (await Store.GrantsAsync(Ann, inbox, None)).Should().BeEquivalentTo([
            new MailboxGrant(inbox, Grantee.Of(Bob), false, LookAndRead),
            new MailboxGrant(inbox, Grantee.Of(Bob), true, MailboxRights.Read),
            new MailboxGrant(inbox, Grantee.AnyoneOf("example.test"), false, MailboxRights.Lookup)]);
        (await Store.GrantsAsync(Ann, sent, None)).Should().Equal(new MailboxGrant(sent, Grantee.Anyone, false, MailboxRights.All));
        (await Store.GrantsAsync(Ann, null, None)).Should().HaveCount(4);
        Grants.Of([Grantee.Of(Bob), Grantee.Anyone], await Store.GrantsAsync(Ann, inbox, None)).Should().Be(MailboxRights.Lookup);
    }

    [Fact]
    public async Task RightsAreAddedTakenAndReplacedAndAnEntryWithoutAnyIsGone()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        var bob = Grantee.Of(Bob);
        await GrantAsync(inbox, Give(bob, MailboxRights.Lookup));
        await GrantAsync(inbox, new GrantChange(bob, false, FlagOperation.Add, MailboxRights.Read | MailboxRights.Seen));
        (await RightsAsync(inbox, bob)).Should().Be(LookAndRead | MailboxRights.Seen);
        await GrantAsync(inbox, new GrantChange(bob, false, FlagOperation.Remove, MailboxRights.Lookup | MailboxRights.Insert));
        (await RightsAsync(inbox, bob)).Should().Be(MailboxRights.Read | MailboxRights.Seen);
        await GrantAsync(inbox, Give(bob, MailboxRights.Post), new GrantChange(bob, false, FlagOperation.Add, MailboxRights.Insert));
        (await RightsAsync(inbox, bob)).Should().Be(MailboxRights.Post | MailboxRights.Insert);
        await GrantAsync(inbox, Give(bob, MailboxRights.None));
        (await Store.GrantsAsync(Ann, inbox, None)).Should().BeEmpty();
        (await Store.SharersAsync([bob], None)).Should().BeEmpty();
        (await GrantAsync(inbox, Give(bob, MailboxRights.None))).Should().Be(GrantOutcome.Done);
    }

    [Fact]
    public async Task WhoIsNamedLearnsByWhom()
    {
        var ofAnn = (await MailboxAsync("INBOX")).Id;
        var ofBob = (await MailboxAsync("INBOX", Bob)).Id;
        var carl = AccountId.New(Time);
        await GrantAsync(ofAnn, Give(Grantee.Of(carl), LookAndRead));
        await Store.GrantAsync(Bob, ofBob, [Give(Grantee.AnyoneOf("example.test"), LookAndRead)], None);

        (await Store.SharersAsync([Grantee.Of(carl)], None)).Should().Equal(Ann);
        (await Store.SharersAsync([Grantee.Of(carl), Grantee.AnyoneOf("example.test"), Grantee.Anyone], None)).Should().BeEquivalentTo([Ann, Bob]);
        (await Store.SharersAsync([Grantee.AnyoneOf("example.tes")], None)).Should().BeEmpty();
        (await Store.SharersAsync([], None)).Should().BeEmpty();
    }

    [Fact]
    public async Task NobodyGrantsWhatIsAnothers()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        await GrantAsync(inbox, Give(Grantee.Of(Bob), LookAndRead));
        (await Store.GrantAsync(Bob, inbox, [Give(Grantee.Of(Bob), MailboxRights.All)], None)).Should().Be(GrantOutcome.NoSuchMailbox);
        (await Store.GrantsAsync(Bob, inbox, None)).Should().BeEmpty();
        (await RightsAsync(inbox, Grantee.Of(Bob))).Should().Be(LookAndRead);
    }

    [Fact]
    public async Task GrantsGoWithTheirMailboxAndStayThroughARename()
    {
        var box = await CreateAsync("Projects");
        var other = await CreateAsync("Projects/Other");
        await GrantAsync(box.Id, Give(Grantee.Of(Bob), LookAndRead));
        await GrantAsync(other.Id, Give(Grantee.Of(Bob), LookAndRead), Take(Grantee.Anyone, MailboxRights.Read));
        await Store.RenameAsync(Ann, box.Name, MailboxName.Parse("Work"), None);
        (await Store.GrantsAsync(Ann, null, None)).Should().HaveCount(3);

        await Store.DeleteAsync(Ann, MailboxName.Parse("Work/Other"), None);
        (await Store.GrantsAsync(Ann, null, None)).Should().Equal(new MailboxGrant(box.Id, Grantee.Of(Bob), false, LookAndRead));
        (await Store.SharersAsync([Grantee.Of(Bob)], None)).Should().Equal(Ann);
        (await Store.SharersAsync([Grantee.Anyone], None)).Should().BeEmpty();
        await Store.DeleteAsync(Ann, MailboxName.Parse("Work"), None);
        (await Store.SharersAsync([Grantee.Of(Bob)], None)).Should().BeEmpty();
        (await GrantAsync(box.Id, Give(Grantee.Of(Bob), LookAndRead))).Should().Be(GrantOutcome.NoSuchMailbox);
    }

    [Fact]
    public async Task GrantsGoWithTheAccountThatGaveThemAndWithTheOneThatHasThem()
    {
        var ofAnn = (await MailboxAsync("INBOX")).Id;
        var ofBob = (await MailboxAsync("INBOX", Bob)).Id;
        var neverSeen = AccountId.New(Time);
        await GrantAsync(ofAnn, Give(Grantee.Of(Bob), LookAndRead), Take(Grantee.Of(Bob), MailboxRights.Seen), Give(Grantee.Of(neverSeen), LookAndRead));
        await Store.GrantAsync(Bob, ofBob, [Give(Grantee.Of(Ann), LookAndRead)], None);

        await Store.RemoveAccountAsync(neverSeen, None);
        await Store.RemoveAccountAsync(Bob, None);

        (await Store.GrantsAsync(Ann, null, None)).Should().BeEmpty();
        (await Store.GrantsAsync(Bob, null, None)).Should().BeEmpty();
        (await Store.SharersAsync([Grantee.Of(Ann), Grantee.Of(Bob), Grantee.Of(neverSeen)], None)).Should().BeEmpty();
    }

    [Fact]
    public async Task AMailboxHasOnlySoManyEntries()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        var domains = Enumerable.Range(1, Grants.MaxPerMailbox).Select(n => Grantee.AnyoneOf($"d{n.ToString(CultureInfo.InvariantCulture)}.test")).ToList();
        (await GrantAsync(inbox, [.. domains.Select(domain => Give(domain, LookAndRead))])).Should().Be(GrantOutcome.Done);

        (await GrantAsync(inbox, Give(domains[0], MailboxRights.Post), Give(Grantee.Of(Bob), LookAndRead))).Should().Be(GrantOutcome.TooMany);
        (await RightsAsync(inbox, domains[0])).Should().Be(LookAndRead, "all changes or none");
        (await GrantAsync(inbox, Give(domains[0], MailboxRights.None), Give(Grantee.Of(Bob), LookAndRead))).Should().Be(GrantOutcome.Done, "one went for the other");
        (await Store.GrantsAsync(Ann, inbox, None)).Should().HaveCount(Grants.MaxPerMailbox);
    }

    private static GrantChange Give(Grantee grantee, MailboxRights rights) => new(grantee, false, FlagOperation.Replace, rights);

    private static GrantChange Take(Grantee grantee, MailboxRights rights) => new(grantee, true, FlagOperation.Replace, rights);

    private ValueTask<GrantOutcome> GrantAsync(MailboxId mailbox, params GrantChange[] changes) => Store.GrantAsync(Ann, mailbox, changes, None);

    private async Task<MailboxRights> RightsAsync(MailboxId mailbox, Grantee grantee) => Grants.Of([grantee], await Store.GrantsAsync(Ann, mailbox, None));
}
