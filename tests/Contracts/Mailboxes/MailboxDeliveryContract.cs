using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>Deliveries happen once (design §2), and within the quota.</summary>
public abstract class MailboxDeliveryContract : MailboxStoreContract
{
    [Fact]
    public async Task AReplayIsANoOpAndTellsWhereTheMessageIs()
    {
        var inbox = await MailboxAsync("INBOX");
        var delivery = NewDelivery();
        var first = (await DeliverAsync(inbox.Id, delivery)).Should().BeOfType<AppendOutcome.Done>().Which.Messages.Single();
        var before = await MailboxAsync("INBOX");

        (await DeliverAsync(inbox.Id, delivery)).Should().BeOfType<AppendOutcome.AlreadyDelivered>().Which.Message.Should().Be(first);
        await ReopenAsync();
        (await DeliverAsync((await MailboxAsync("Junk")).Id, delivery)).Should().BeOfType<AppendOutcome.AlreadyDelivered>("the key counts, not the mailbox");

        (await MailboxAsync("INBOX")).Should().Be(before);
    }

    [Fact]
    public async Task OtherRecipientsAndAccountsAreOtherDeliveries()
    {
        var inbox = await MailboxAsync("INBOX");
        var delivery = NewDelivery();
        await DeliverAsync(inbox.Id, delivery);

        (await DeliverAsync(inbox.Id, delivery with { Recipient = "sales@example.test" })).Should().BeOfType<AppendOutcome.Done>();
        (await Store.AppendAsync(Bob, (await MailboxAsync("INBOX", Bob)).Id, [Message()], delivery, null, None)).Should().BeOfType<AppendOutcome.Done>();
        (await MailboxAsync("INBOX")).Messages.Should().Be(2);
    }

    [Fact]
    public async Task AReplayAfterTheMessageOrItsMailboxWentBringsNothingBack()
    {
        var mailbox = await CreateAsync("Lists");
        var delivery = NewDelivery();
        await DeliverAsync(mailbox.Id, delivery);

        await Store.ExpungeAsync(Ann, mailbox.Id, UidSet.All, onlyDeleted: false, None);
        (await DeliverAsync(mailbox.Id, delivery)).Should().BeOfType<AppendOutcome.AlreadyDelivered>();
        await Store.DeleteAsync(Ann, mailbox.Name, None);
        (await DeliverAsync(mailbox.Id, delivery)).Should().BeOfType<AppendOutcome.AlreadyDelivered>();
    }

    [Fact]
    public async Task OneOfManyRacingDeliveriesWins()
    {
        var inbox = await MailboxAsync("INBOX");
        var deliveries = Enumerable.Range(0, 50).Select(_ => NewDelivery()).ToArray();

        var outcomes = await Task.WhenAll(deliveries.SelectMany(delivery => Enumerable.Range(0, 10).Select(_ => Task.Run(async () => (delivery, outcome: await DeliverAsync(inbox.Id, delivery))))));

        foreach (var race in outcomes.GroupBy(result => result.delivery))
        {
            var winner = race.Select(result => result.outcome).OfType<AppendOutcome.Done>().Should().ContainSingle().Which.Messages.Single();
            race.Select(result => result.outcome).OfType<AppendOutcome.AlreadyDelivered>().Should().HaveCount(9).And.OnlyContain(replay => replay.Message == winner);
        }
        (await UidsAsync(inbox.Id)).Should().Equal(Enumerable.Range(1, 50).Select(n => (uint)n));
        await RecountAccountAsync();
    }

    [Fact]
    public async Task ForgottenDeliveriesAreNewAgain()
    {
        var inbox = await MailboxAsync("INBOX");
        var (old, young) = (NewDelivery(), NewDelivery());
        await DeliverAsync(inbox.Id, old);
        Time.Advance(TimeSpan.FromDays(1));
        await DeliverAsync(inbox.Id, young);

        (await Store.ForgetDeliveriesAsync(Time.GetUtcNow(), None)).Should().Be(1);
        (await Store.ForgetDeliveriesAsync(Time.GetUtcNow(), None)).Should().Be(0);

        (await DeliverAsync(inbox.Id, young)).Should().BeOfType<AppendOutcome.AlreadyDelivered>();
        (await DeliverAsync(inbox.Id, old)).Should().BeOfType<AppendOutcome.Done>();
    }

    [Theory]
    [InlineData("INBOX")]
    [InlineData("Archive")]
    public async Task AReplacementComesAndTheOldMessageGoesInOneStep(string name)
    {
        var old = await AppendAsync((await MailboxAsync("INBOX")).Id, Message(size: 600), Message(size: 300));
        var inbox = await MailboxAsync("INBOX");
        var into = await MailboxAsync(name);

        var limits = new QuotaUsage(0, 0, 1000, 2);
        var replaced = new ReplacedMessage(inbox.Id, old[0].Uid);
        (await Store.ReplaceAsync(Ann, into.Id, Message(size: 701), replaced, limits, None)).Should().BeOfType<AppendOutcome.OverQuota>();
        (await Store.ReplaceAsync(Ann, MailboxId.New(Time), Message(size: 1), replaced, limits, None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await Store.ReplaceAsync(Ann, into.Id, Message(size: 1), new ReplacedMessage(inbox.Id, new Uid(99)), limits, None)).Should().BeOfType<AppendOutcome.NoSuchMessage>();
        (await Store.ReplaceAsync(Bob, into.Id, Message(size: 1), replaced, limits, None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await MailboxAsync("INBOX")).Should().Be(inbox);
        (await MailboxAsync(name)).Should().Be(into);

        var done = (await Store.ReplaceAsync(Ann, into.Id, Message(size: 700), replaced, limits, None)).Should().BeOfType<AppendOutcome.Done>().Which.Messages.Single();
        done.Uid.Should().Be(into.UidNext);
        var changes = await Store.ChangesAsync(Ann, inbox.Id, inbox.HighestModSeq, None);
        changes!.Expunged.Should().Equal(UidSet.Of(old[0].Uid));
        (await MailboxAsync(name)).UidNext.Value.Should().Be(into.UidNext.Value + 1);
        (await MailboxAsync("INBOX")).Messages.Should().Be(name == "INBOX" ? 2 : 1);
        (await Store.QuotaAsync(Ann, None)).Should().Be(new QuotaUsage(1000, 2, null, null));
        (await Store.ReplaceAsync(Ann, into.Id, Message(size: 1), replaced, limits, None)).Should().BeOfType<AppendOutcome.NoSuchMessage>("it is gone");
        // Who is over the quota may make it less.
        (await Store.ReplaceAsync(Ann, into.Id, Message(size: 500), new ReplacedMessage(into.Id, done.Uid), new QuotaUsage(0, 0, 100, 1), None)).Should().BeOfType<AppendOutcome.Done>();
    }

    [Fact]
    public async Task ARefusedDeliveryIsNotRecorded()
    {
        var inbox = await MailboxAsync("INBOX");
        var delivery = NewDelivery();

        (await Store.AppendAsync(Ann, inbox.Id, [Message(size: 1000)], delivery, new QuotaUsage(0, 0, 999, null), None)).Should().BeOfType<AppendOutcome.OverQuota>();
        (await Store.AppendAsync(Ann, MailboxId.New(Time), [Message()], delivery, null, None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await MailboxAsync("INBOX")).Should().Be(inbox);
        (await Store.AppendAsync(Ann, inbox.Id, [Message(size: 1000)], delivery, new QuotaUsage(0, 0, 1000, 1), None)).Should().BeOfType<AppendOutcome.Done>();
        (await Store.AppendAsync(Ann, inbox.Id, [Message(size: 0)], NewDelivery(), new QuotaUsage(0, 0, null, 1), None)).Should().BeOfType<AppendOutcome.OverQuota>();
    }

    [Fact]
    public async Task RacingDeliveriesStayWithinTheQuota()
    {
        var inbox = await MailboxAsync("INBOX");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () => await Store.AppendAsync(Ann, inbox.Id, [Message(size: 100)], NewDelivery(), new QuotaUsage(0, 0, 3050, null), None))));

        outcomes.Count(outcome => outcome is AppendOutcome.Done).Should().Be(30);
        outcomes.Count(outcome => outcome is AppendOutcome.OverQuota).Should().Be(70);
        (await Store.QuotaAsync(Ann, None)).Should().Be(new QuotaUsage(3000, 30, null, null));
        await RecountAccountAsync();
    }

    private ValueTask<AppendOutcome> DeliverAsync(MailboxId mailbox, DeliveryKey delivery) => Store.AppendAsync(Ann, mailbox, [Message()], delivery, null, None);
}
