using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary><see cref="IMailboxTree"/>: names, special uses, subscriptions.</summary>
public abstract class MailboxTreeContract : MailboxStoreContract
{
    [Fact]
    public async Task ANewAccountHasInboxAndSpecialUses()
    {
        var mailboxes = await Store.ListAsync(Ann, None);

        mailboxes.Select(mailbox => (mailbox.Name.Value, mailbox.SpecialUse)).Should().Equal(
            ("Archive", SpecialUse.Archive), ("Drafts", SpecialUse.Drafts), ("INBOX", SpecialUse.None), ("Junk", SpecialUse.Junk), ("Sent", SpecialUse.Sent), ("Trash", SpecialUse.Trash));
        mailboxes.Should().OnlyContain(mailbox => mailbox.Subscribed && mailbox.Messages == 0 && mailbox.UidNext.Value == 1 && mailbox.HighestModSeq.Value >= 1);
        mailboxes.Select(mailbox => mailbox.UidValidity.Value).Should().OnlyContain(validity => validity > 0);
        mailboxes.Select(mailbox => mailbox.Id).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task EnsuringTwiceAndAtOnceChangesNothing()
    {
        var before = await Store.ListAsync(Ann, None);
        await Store.DeleteAsync(Ann, MailboxName.Parse("Junk"), None);

        await Store.EnsureAccountAsync(Ann, None);
        await ReopenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.EnsureAccountAsync(Ann, None).AsTask()));

        (await Store.ListAsync(Ann, None)).Should().Equal(before.Where(mailbox => mailbox.Name.Value != "Junk"));
    }

    [Fact]
    public async Task AMailboxGoesOnWhereAnotherStopped()
    {
        var fresh = await CreateAsync("Moved");
        var validity = new UidValidity(fresh.UidValidity.Value - 1000);
        Time.Advance(TimeSpan.FromSeconds(5));

        var begun = (await Store.ContinueAsync(Ann, fresh.Id, new MailboxPast(validity, new Uid(1), new ModSeq(700)), None))!;
        begun.Should().Be(await Store.GetAsync(Ann, fresh.Id, None));
        (begun.UidValidity, begun.UidNext.Value, begun.HighestModSeq.Value).Should().Be((validity, 1u, 700L));
        var saved = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await AppendAsync(fresh.Id, [.. new uint?[] { 3, 17, null }.Select(uid => Message(flags: SystemFlags.Seen) with { Earlier = new EarlierMessage(uid is { } u ? new Uid(u) : null, "E1", "T7", saved) })]);
        (await UidsAsync(fresh.Id)).Should().Equal(3, 17, 18);
        (await MessagesAsync(fresh.Id)).Should().OnlyContain(message => message.ModSeq.Value > 700 && message.SaveDate == saved);

        (await Store.ContinueAsync(Ann, fresh.Id, new MailboxPast(validity, new Uid(41), new ModSeq(5)), None))!.UidNext.Value.Should().Be(41);
        await ReopenAsync();
        (await AppendAsync(fresh.Id, Message() with { Earlier = new EarlierMessage(new Uid(5), "E2", null, null) }))[0].Uid.Value.Should().Be(41, "what is below UIDNEXT is not given any more");
        await RecountAsync(fresh.Id);
    }

    [Fact]
    public async Task AUidValidityAboveTheClockIsTakenOverAndNeverGivenToAnother()
    {
        // As a server gives them that makes many mailboxes within one second.
        var ahead = new UidValidity((uint)Time.GetUtcNow().ToUnixTimeSeconds() + 30_000);
        var fresh = await CreateAsync("Moved");
        (await Store.ContinueAsync(Ann, fresh.Id, new MailboxPast(ahead, new Uid(9), new ModSeq(1)), None))!.Should().BeEquivalentTo(new { UidValidity = ahead, UidNext = new Uid(9) });
        await Store.DeleteAsync(Ann, fresh.Name, None);
        await ReopenAsync();
        (await CreateAsync("Moved")).UidValidity.Value.Should().BeGreaterThan(ahead.Value);
    }

    [Fact]
    public async Task WhoKnowsTheFormerMailboxIsToldOfAllThatIsGone()
    {
        var fresh = await CreateAsync("Moved");
        await Store.ContinueAsync(Ann, fresh.Id, new MailboxPast(new UidValidity(7), new Uid(1), new ModSeq(700)), None);
        await AppendAsync(fresh.Id, Message() with { Earlier = new EarlierMessage(new Uid(2), "E1", null, null) }, Message() with { Earlier = new EarlierMessage(new Uid(4), "E2", null, null) });

        var changes = (await Store.ChangesAsync(Ann, fresh.Id, new ModSeq(650), None))!;
        changes.Changed.Select(state => state.Uid.Value).Should().Equal(2, 4);
        changes.Expunged.Should().Equal(Uids(1, 3));
    }

    [Fact]
    public async Task AMailboxWithAPastOfItsOwnKeepsIt()
    {
        var used = await CreateAsync("Used");
        await AppendAsync(used.Id, 1);
        var future = await CreateAsync("Future");
        Time.Advance(TimeSpan.FromSeconds(5));

        (await Store.ContinueAsync(Ann, used.Id, new MailboxPast(new UidValidity(5), new Uid(100), new ModSeq(700)), None)).Should().Be(await MailboxAsync("Used"));
        (await MailboxAsync("Used")).Should().BeEquivalentTo(new { used.UidValidity, UidNext = new Uid(2) });
        (await Store.ContinueAsync(Ann, future.Id, new MailboxPast(new UidValidity(uint.MaxValue), new Uid(100), new ModSeq(700)), None)).Should().Be(future, "nothing could be given above it");
        (await Store.ContinueAsync(Ann, MailboxId.New(Time), new MailboxPast(new UidValidity(5), new Uid(1), new ModSeq(1)), None)).Should().BeNull();
        (await Store.ContinueAsync(Bob, future.Id, new MailboxPast(new UidValidity(5), new Uid(1), new ModSeq(1)), None)).Should().BeNull();
    }

    [Fact]
    public async Task AnUnknownAccountIsEmpty()
    {
        var nobody = AccountId.New(Time);

        (await Store.ListAsync(nobody, None)).Should().BeEmpty();
        (await Store.ListSubscriptionsAsync(nobody, None)).Should().BeEmpty();
        (await Store.FindAsync(nobody, MailboxName.Inbox, None)).Should().BeNull();
        (await Store.QuotaAsync(nobody, None)).Should().Be(new QuotaUsage(0, 0, null, null));
        (await Store.FindSpecialUseAsync(nobody, SpecialUse.Trash, None)).Should().BeNull();
    }

    [Fact]
    public async Task ASpecialUseIsFoundAndGivenOnce()
    {
        (await Store.FindSpecialUseAsync(Ann, SpecialUse.Trash, None))!.Name.Value.Should().Be("Trash");
        (await Store.FindSpecialUseAsync(Ann, SpecialUse.None, None)).Should().BeNull();
        (await Store.CreateAsync(Ann, MailboxName.Parse("Bin"), SpecialUse.Trash, None)).Should().Be(MailboxOutcome.Cannot);

        await Store.DeleteAsync(Ann, MailboxName.Parse("Trash"), None);
        (await Store.FindSpecialUseAsync(Ann, SpecialUse.Trash, None)).Should().BeNull();
        (await Store.CreateAsync(Ann, MailboxName.Parse("Bin"), SpecialUse.Trash, None)).Should().Be(MailboxOutcome.Done);
        (await Store.FindSpecialUseAsync(Ann, SpecialUse.Trash, None))!.Name.Value.Should().Be("Bin");
    }

    [Fact]
    public async Task CreateMakesMissingParents()
    {
        (await Store.CreateAsync(Ann, MailboxName.Parse("a/b/c"), SpecialUse.None, None)).Should().Be(MailboxOutcome.Done);

        (await MailboxAsync("a")).Subscribed.Should().BeFalse();
        await MailboxAsync("a/b");
        (await Store.CreateAsync(Ann, MailboxName.Parse("a/b"), SpecialUse.None, None)).Should().Be(MailboxOutcome.AlreadyExists);
        (await Store.CreateAsync(Ann, MailboxName.Parse("inbox"), SpecialUse.None, None)).Should().Be(MailboxOutcome.AlreadyExists);
        (await Store.CreateAsync(Ann, MailboxName.Parse("A"), SpecialUse.None, None)).Should().Be(MailboxOutcome.Done, "names keep their case");
    }

    [Fact]
    public async Task OneOfManyWhoCreateTheSameNameSucceeds()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Store.CreateAsync(Ann, MailboxName.Parse("x/y"), SpecialUse.None, None).AsTask()));

        outcomes.Count(outcome => outcome == MailboxOutcome.Done).Should().Be(1);
        outcomes.Count(outcome => outcome == MailboxOutcome.AlreadyExists).Should().Be(19);
    }

    [Fact]
    public async Task DeleteRefusesWhatCannotGo()
    {
        await CreateAsync("a/b");

        (await Store.DeleteAsync(Ann, MailboxName.Inbox, None)).Should().Be(MailboxOutcome.Cannot);
        (await Store.DeleteAsync(Ann, MailboxName.Parse("nothing"), None)).Should().Be(MailboxOutcome.NonExistent);
        (await Store.DeleteAsync(Ann, MailboxName.Parse("a/b"), None)).Should().Be(MailboxOutcome.Done);
        (await Store.DeleteAsync(Ann, MailboxName.Parse("a"), None)).Should().Be(MailboxOutcome.Done);
    }

    [Fact]
    public async Task WhatIsBelowADeletedMailboxStays()
    {
        await CreateAsync("a/b");
        await CreateAsync("x/b");

        (await Store.DeleteAsync(Ann, MailboxName.Parse("a"), None)).Should().Be(MailboxOutcome.Done);
        (await Store.FindAsync(Ann, MailboxName.Parse("a"), None)).Should().BeNull();
        (await Store.DeleteAsync(Ann, MailboxName.Parse("a"), None)).Should().Be(MailboxOutcome.HasChildren);
        (await RenameAsync("x", "a")).Should().Be(MailboxOutcome.AlreadyExists, "x/b would be a/b");
        (await RenameAsync("a", "c/d")).Should().Be(MailboxOutcome.Done);
        (await Store.ListAsync(Ann, None)).Select(mailbox => mailbox.Name.Value).Should().Equal("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash", "c", "c/d/b", "x", "x/b");
        (await Store.DeleteAsync(Ann, MailboxName.Parse("c/d/b"), None)).Should().Be(MailboxOutcome.Done);
        (await Store.DeleteAsync(Ann, MailboxName.Parse("c/d"), None)).Should().Be(MailboxOutcome.NonExistent, "nothing is below it any more");
    }

    [Fact]
    public async Task NamesThatOnlyBeginAlikeAreNoChildren()
    {
        await CreateAsync("a");
        await CreateAsync("a0");
        await CreateAsync("a-b");
        await CreateAsync("a.c/d");

        (await Store.RenameAsync(Ann, MailboxName.Parse("a"), MailboxName.Parse("z"), None)).Should().Be(MailboxOutcome.Done);
        (await Store.DeleteAsync(Ann, MailboxName.Parse("z"), None)).Should().Be(MailboxOutcome.Done);
        await MailboxAsync("a0");
        await MailboxAsync("a-b");
        await MailboxAsync("a.c/d");
    }

    [Fact]
    public async Task ADeletedMailboxIsGoneWithItsMessagesAndItsPartOfTheQuota()
    {
        var mailbox = await CreateAsync("old");
        var content = ContentId.New(Time);
        await AppendAsync(mailbox.Id, Message(content: content), Message());

        await Store.DeleteAsync(Ann, mailbox.Name, None);

        (await Store.GetAsync(Ann, mailbox.Id, None)).Should().BeNull();
        (await Store.SnapshotAsync(Ann, mailbox.Id, None)).Should().BeNull();
        (await Store.ChangesAsync(Ann, mailbox.Id, new ModSeq(0), None)).Should().BeNull();
        (await StatesAsync(mailbox.Id)).Should().BeEmpty();
        (await MessagesAsync(mailbox.Id)).Should().BeEmpty();
        (await Store.AppendAsync(Ann, mailbox.Id, [Message()], null, null, None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await Store.QuotaAsync(Ann, None)).Should().Be(new QuotaUsage(0, 0, null, null));
        await EventuallyAsync(async () => (await Store.FindReferencedAsync([content], None)).Count == 0);
    }

    [Fact]
    public async Task ARestartFinishesWhatADeleteLeft()
    {
        var mailbox = await CreateAsync("old");
        var contents = Enumerable.Range(0, 3000).Select(_ => ContentId.New(Time)).ToArray();
        await AppendAsync(mailbox.Id, [.. contents.Select(content => Message(content: content))]);

        await Store.DeleteAsync(Ann, mailbox.Name, None);
        await ReopenAsync();

        await EventuallyAsync(async () => (await Store.FindReferencedAsync(contents, None)).Count == 0);
    }

    [Fact]
    public async Task ANameNeverHasAUidValidityTwice()
    {
        var seen = new HashSet<uint>();
        for (var i = 0; i < 20; i++)
        {
            seen.Add((await CreateAsync("again")).UidValidity.Value).Should().BeTrue();
            if (i % 3 == 0) await ReopenAsync();
            if (i % 2 == 0) await Store.DeleteAsync(Ann, MailboxName.Parse("again"), None);
            else await Store.RenameAsync(Ann, MailboxName.Parse("again"), MailboxName.Parse($"was{i}"), None);
        }
        seen.Should().BeInAscendingOrder();
    }

    [Fact]
    public async Task RenameTakesTheWholeTreeAlong()
    {
        var leaf = await CreateAsync("a/b/c");
        await AppendAsync(leaf.Id, 2);
        await Store.SubscribeAsync(Ann, leaf.Name, true, None);

        (await Store.RenameAsync(Ann, MailboxName.Parse("a"), MailboxName.Parse("x/y"), None)).Should().Be(MailboxOutcome.Done);

        var renamed = await MailboxAsync("x/y/b/c");
        renamed.Should().Be(leaf with { Name = MailboxName.Parse("x/y/b/c"), UidNext = new Uid(3), Messages = 2, Unseen = 2, Recent = 2, Size = 2000, HighestModSeq = renamed.HighestModSeq });
        (await Store.ListAsync(Ann, None)).Select(mailbox => mailbox.Name.Value).Should().Equal("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash", "x", "x/y", "x/y/b", "x/y/b/c");
        (await Store.ListSubscriptionsAsync(Ann, None)).Should().Contain(leaf.Name, "a subscription is a name");
        (await UidsAsync(leaf.Id)).Should().Equal(1, 2);
    }

    [Fact]
    public async Task RenameRefusesWhatCannotBe()
    {
        await CreateAsync("a/b");
        await CreateAsync("c");

        (await RenameAsync("nothing", "x")).Should().Be(MailboxOutcome.NonExistent);
        (await RenameAsync("a", "c")).Should().Be(MailboxOutcome.AlreadyExists);
        (await RenameAsync("a", "a")).Should().Be(MailboxOutcome.AlreadyExists);
        (await RenameAsync("c", "INBOX")).Should().Be(MailboxOutcome.AlreadyExists);
        (await RenameAsync("a", "a/b/x")).Should().Be(MailboxOutcome.Cannot);
        (await RenameAsync("a", new string('n', MailboxName.MaxLength - 1))).Should().Be(MailboxOutcome.Cannot, "its child would have a name too long");
        (await RenameAsync("a/b", "b")).Should().Be(MailboxOutcome.Done);
        (await RenameAsync("b", "a/b")).Should().Be(MailboxOutcome.Done);
    }

    [Fact]
    public async Task RenamingInboxMovesItsMessagesAndLeavesItEmpty()
    {
        var inbox = await MailboxAsync("INBOX");
        await CreateAsync("INBOX/child");
        await AppendAsync(inbox.Id, 3);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(2), onlyDeleted: false, None);
        var before = await MailboxAsync("INBOX");

        (await RenameAsync("INBOX", "2025/Mail")).Should().Be(MailboxOutcome.Done);

        var after = await MailboxAsync("INBOX");
        (after.Id, after.UidValidity, after.UidNext, after.Messages, after.Size).Should().Be((inbox.Id, inbox.UidValidity, new Uid(4), 0L, 0L));
        var changes = await Store.ChangesAsync(Ann, inbox.Id, before.HighestModSeq, None);
        changes!.Expunged.ToString().Should().Be("1,3");
        var moved = await MailboxAsync("2025/Mail");
        moved.Id.Should().NotBe(inbox.Id);
        (await MessagesAsync(moved.Id)).Select(message => (message.Uid.Value, message.Structure.Envelope.Subject)).Should().Equal((1u, "1"), (2u, "3"));
        await MailboxAsync("INBOX/child");
        await RecountAccountAsync();
    }

    [Fact]
    public async Task SubscriptionsOutliveMailboxesAndAreNames()
    {
        var ghost = MailboxName.Parse("ghost/below");
        await Store.SubscribeAsync(Ann, ghost, true, None);
        await Store.SubscribeAsync(Ann, ghost, true, None);
        await Store.SubscribeAsync(Ann, MailboxName.Parse("Junk"), false, None);
        await Store.SubscribeAsync(Ann, MailboxName.Parse("never"), false, None);
        await Store.DeleteAsync(Ann, MailboxName.Parse("Sent"), None);

        (await Store.ListSubscriptionsAsync(Ann, None)).Select(name => name.Value).Should().Equal("Archive", "Drafts", "INBOX", "Sent", "Trash", "ghost/below");
        (await MailboxAsync("Junk")).Subscribed.Should().BeFalse();
        (await CreateAsync("ghost/below")).Subscribed.Should().BeTrue();
    }

    [Fact]
    public async Task AnAccountHasSoManyMailboxesAndNoMore()
    {
        foreach (var chunk in Enumerable.Range(0, 10_990).Chunk(500))
            await Task.WhenAll(chunk.Select(n => Store.CreateAsync(Ann, MailboxName.Parse($"m{n}"), SpecialUse.None, None).AsTask()));

        (await Store.CreateAsync(Ann, MailboxName.Parse("a/b/c/d/e"), SpecialUse.None, None)).Should().Be(MailboxOutcome.Limit, "its parents count");
        (await Store.CreateAsync(Ann, MailboxName.Parse("a/b/c/d"), SpecialUse.None, None)).Should().Be(MailboxOutcome.Done);
        (await RenameAsync("m1", "new/m1")).Should().Be(MailboxOutcome.Limit);
        (await RenameAsync("INBOX", "mail")).Should().Be(MailboxOutcome.Limit);
        (await RenameAsync("m1", "m0/m1")).Should().Be(MailboxOutcome.Done);
        (await Store.ListAsync(Ann, None)).Should().HaveCount(11_000);
    }

    [Fact]
    public async Task OneAccountCannotReachAnother()
    {
        var secret = await CreateAsync("secret", Bob);

        (await Store.FindAsync(Ann, secret.Name, None)).Should().BeNull();
        (await Store.GetAsync(Ann, secret.Id, None)).Should().BeNull();
        (await RenameAsync("secret", "mine")).Should().Be(MailboxOutcome.NonExistent);
        (await Store.DeleteAsync(Ann, secret.Name, None)).Should().Be(MailboxOutcome.NonExistent);
        await Store.SubscribeAsync(Ann, secret.Name, true, None);
        (await MailboxAsync("secret", Bob)).Should().Be(secret);
    }

    [Fact]
    public async Task ARemovedAccountIsGoneAndNoOther()
    {
        var content = ContentId.New(Time);
        await AppendAsync((await MailboxAsync("INBOX")).Id, Message(content: content, messageId: "<m@example.test>"));
        var delivery = NewDelivery();
        await Store.AppendAsync(Ann, (await MailboxAsync("INBOX")).Id, [Message()], delivery, null, None);

        await Store.RemoveAccountAsync(Ann, None);
        await Store.RemoveAccountAsync(Ann, None);

        (await Store.ListAsync(Ann, None)).Should().BeEmpty();
        (await Store.ListSubscriptionsAsync(Ann, None)).Should().BeEmpty();
        (await Store.ListAsync(Bob, None)).Should().HaveCount(6);
        (await Store.FindThreadAsync(Ann, ["<m@example.test>"], None)).Should().BeNull();
        await EventuallyAsync(async () => (await Store.FindReferencedAsync([content], None)).Count == 0);

        await Store.EnsureAccountAsync(Ann, None);
        (await Store.ListAsync(Ann, None)).Should().HaveCount(6);
        (await Store.AppendAsync(Ann, (await MailboxAsync("INBOX")).Id, [Message()], delivery, null, None)).Should().BeOfType<AppendOutcome.Done>("a new account has no past");
    }

    [Fact]
    public async Task TheTreeSurvivesARestart()
    {
        await CreateAsync("a/b");
        await Store.SubscribeAsync(Ann, MailboxName.Parse("a/b"), true, None);
        var before = await Store.ListAsync(Ann, None);

        await ReopenAsync();

        (await Store.ListAsync(Ann, None)).Should().Equal(before);
    }

    private ValueTask<MailboxOutcome> RenameAsync(string from, string to) => Store.RenameAsync(Ann, MailboxName.Parse(from), MailboxName.Parse(to), None);
}
