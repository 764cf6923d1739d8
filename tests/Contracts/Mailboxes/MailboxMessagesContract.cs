using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary><see cref="IMailboxMessages"/>: what becomes of messages in a mailbox.</summary>
public abstract class MailboxMessagesContract : MailboxStoreContract
{
    [Fact]
    public async Task AMessageComesBackAsItWasPutIn()
    {
        var inbox = await MailboxAsync("INBOX");
        var message = Message("Grüße\0\n", messageId: "<m1@example.test>") with { Flags = Flags(SystemFlags.Seen | SystemFlags.Flagged, "$Forwarded", "NonJunk"), Size = 123_456 };
        var bare = new NewMessage
        {
            Flags = MessageFlags.None,
            InternalDate = DateTimeOffset.UnixEpoch,
            Content = ContentId.New(Time),
            Size = 0,
            EmailId = "M0",
            ThreadId = "T0",
            Structure = new MessageStructure { Envelope = new MessageEnvelope(), Root = new BodyPart { Type = "text", Subtype = "plain" } },
        };
        var appended = await AppendAsync(inbox.Id, message, bare);

        var found = await MessagesAsync(inbox.Id);

        found.Should().HaveCount(2);
        var expected = new MessageInfo
        {
            Uid = new Uid(1),
            ModSeq = appended[0].ModSeq,
            Flags = message.Flags,
            InternalDate = message.InternalDate,
            SaveDate = Time.GetUtcNow(),
            Content = message.Content,
            TracePrefix = message.TracePrefix,
            Size = message.Size,
            EmailId = message.EmailId,
            ThreadId = message.ThreadId,
            Structure = message.Structure,
        };
        found[0].Should().BeEquivalentTo(expected, options => options.ComparingByMembers<MessageInfo>().ComparingByMembers<MessageStructure>().ComparingByMembers<MessageEnvelope>().ComparingByMembers<BodyPart>().Excluding(m => m.TracePrefix).WithStrictOrdering());
        found[0].InternalDate.Offset.Should().Be(message.InternalDate.Offset);
        found[0].TracePrefix.ToArray().Should().Equal(message.TracePrefix.ToArray());
        found[1].Structure.Envelope.Subject.Should().BeNull();
        found[1].TracePrefix.Length.Should().Be(0);
    }

    [Fact]
    public async Task AppendGivesAscendingUidsAndOneModSeqACall()
    {
        var inbox = await MailboxAsync("INBOX");

        var first = await AppendAsync(inbox.Id, 3);
        var second = await AppendAsync(inbox.Id, 2);

        first.Concat(second).Select(appended => appended.Uid.Value).Should().Equal(1, 2, 3, 4, 5);
        first.Should().OnlyContain(appended => appended.ModSeq == first[0].ModSeq && appended.Mailbox == inbox.Id && appended.UidValidity == inbox.UidValidity);
        second[0].ModSeq.Should().BeGreaterThan(first[0].ModSeq);
        first[0].ModSeq.Should().BeGreaterThan(inbox.HighestModSeq);
        var now = await MailboxAsync("INBOX");
        (now.HighestModSeq, now.UidNext.Value, now.Messages, now.Unseen, now.Recent, now.Size).Should().Be((second[0].ModSeq, 6u, 5L, 5L, 5L, 5000L));
    }

    [Fact]
    public async Task AppendOfNothingChangesNothing()
    {
        var inbox = await MailboxAsync("INBOX");

        (await Store.AppendAsync(Ann, inbox.Id, [], null, null, None)).Should().BeOfType<AppendOutcome.Done>().Which.Messages.Should().BeEmpty();
        (await MailboxAsync("INBOX")).Should().Be(inbox);
    }

    [Fact]
    public async Task SnapshotStatesAndMessagesAgree()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 2600);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(1, 700, 2600), onlyDeleted: false, None);

        var snapshot = (await Store.SnapshotAsync(Ann, inbox.Id, None))!.Value;

        snapshot.Mailbox.Messages.Should().Be(2597);
        snapshot.Uids.Should().HaveCount(2597).And.BeInAscendingOrder();
        (await StatesAsync(inbox.Id)).Select(state => state.Uid).Should().Equal(snapshot.Uids);
        (await MessagesAsync(inbox.Id)).Select(message => message.Uid).Should().Equal(snapshot.Uids);
    }

    [Fact]
    public async Task ASnapshotNamesTheFirstUnseenMessage()
    {
        var inbox = await MailboxAsync("INBOX");
        (await FirstUnseenAsync()).Should().BeNull();
        await AppendAsync(inbox.Id, 40);
        (await FirstUnseenAsync()).Should().Be(1);
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1, 2, 4), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);
        (await FirstUnseenAsync()).Should().Be(3);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(3), onlyDeleted: false, None);
        (await FirstUnseenAsync()).Should().Be(5);
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(2), FlagOperation.Remove, Flags(SystemFlags.Seen), null, None);
        (await FirstUnseenAsync()).Should().Be(2);
        await Store.StoreFlagsAsync(Ann, inbox.Id, UidSet.Of([new UidRange(new Uid(1), new Uid(39))]), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);
        (await FirstUnseenAsync()).Should().Be(40);
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(40), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);
        (await FirstUnseenAsync()).Should().BeNull();
        await AppendAsync(inbox.Id, 1);
        (await FirstUnseenAsync()).Should().Be(41);

        async Task<uint?> FirstUnseenAsync()
        {
            var (mailbox, uids) = (await Store.SnapshotAsync(Ann, inbox.Id, None))!.Value;
            return (await Store.FirstUnseenAsync(Ann, mailbox, uids, None))?.Value;
        }
    }

    [Fact]
    public async Task ASnapshotIsTheSameWhateverWasReadBefore()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(inbox.Id, 60);
        var random = new Random(5);
        for (var round = 0; round < 120; round++)
        {
            var some = UidSet.Of(Enumerable.Range(0, random.Next(1, 4)).Select(_ => new Uid((uint)random.Next(1, 60 + round))));
            switch (random.Next(8))
            {
                case 6: await Store.StoreFlagsAsync(Ann, inbox.Id, some, FlagOperation.Add, new MessageFlags(SystemFlags.Flagged, [$"$k{random.Next(4)}"]), null, None); break;
                case 7: await Store.StoreFlagsAsync(Ann, inbox.Id, some, FlagOperation.Replace, new MessageFlags(SystemFlags.None, [$"$k{random.Next(4)}", "$z"]), null, None); break;
                case 0: await AppendAsync(inbox.Id, random.Next(1, 4)); break;
                case 1: await Store.StoreFlagsAsync(Ann, inbox.Id, some, FlagOperation.Add, Flags(SystemFlags.Seen), null, None); break;
                case 2: await Store.StoreFlagsAsync(Ann, inbox.Id, some, FlagOperation.Remove, Flags(SystemFlags.Seen), null, None); break;
                case 3: await Store.ExpungeAsync(Ann, inbox.Id, some, onlyDeleted: false, None); break;
                case 4: await Store.MoveAsync(Ann, inbox.Id, some, random.Next(2) == 0 ? archive.Id : inbox.Id, None); break;
                default: await Store.MoveAsync(Ann, archive.Id, UidSet.All, inbox.Id, None); break;
            }
            if (random.Next(3) == 0) continue; // several changes between two looks

            foreach (var mailbox in new[] { inbox, archive })
            {
                var snapshot = (await Store.SnapshotAsync(Ann, mailbox.Id, None))!.Value;
                var states = await StatesAsync(mailbox.Id);
                snapshot.Uids.Should().Equal(states.Select(state => state.Uid));
                states.Should().Equal((await MessagesAsync(mailbox.Id)).Select(message => new MessageState(message.Uid, message.ModSeq, message.Flags)));
                (await Store.FirstUnseenAsync(Ann, snapshot.Mailbox, snapshot.Uids, None)).Should().Be(states.Where(state => !state.Flags.Has(SystemFlags.Seen)).Select(state => (Uid?)state.Uid).FirstOrDefault());
            }
        }
    }

    [Fact]
    public async Task EveryMessageMayHaveKeywordsOfItsOwn()
    {
        const int Messages = 1200;
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, [.. Enumerable.Range(1, Messages).Select(n => Message() with { Flags = new MessageFlags((SystemFlags)(n % 32), [$"k{n}", "$all"]) })]);
        for (var round = 0; round < 3; round++)
        {
            var states = await StatesAsync(inbox.Id);
            states.Select(state => state.Flags).Should().Equal(Enumerable.Range(1, Messages - round).Select(n => new MessageFlags((SystemFlags)((n + round) % 32), [$"k{n + round}", "$all"])));
            await Store.ExpungeAsync(Ann, inbox.Id, Uids((uint)round + 1), onlyDeleted: false, None);
        }
    }

    [Fact]
    public async Task OnlyTheUidsAskedForAreRead()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 1500);
        var odd = UidSet.Of(Enumerable.Range(0, 800).Select(n => new Uid((uint)(2 * n + 1))));

        (await StatesAsync(inbox.Id, odd)).Select(state => state.Uid.Value).Should().Equal(Enumerable.Range(0, 750).Select(n => (uint)(2 * n + 1)));
        (await MessagesAsync(inbox.Id, odd)).Should().HaveCount(750);
        (await StatesAsync(inbox.Id, UidSet.Empty)).Should().BeEmpty();
        (await StatesAsync(inbox.Id, UidSet.Of([new UidRange(new Uid(1400), new Uid(uint.MaxValue))]))).Should().HaveCount(101);
    }

    [Fact]
    public async Task MessagesWithVeryLargeStructuresAreReadInSmallerPages()
    {
        var inbox = await MailboxAsync("INBOX");
        var large = Message() with { Structure = Samples.Structure(new string('x', 400_000)) };
        await AppendAsync(inbox.Id, [.. Enumerable.Repeat(large, 12)]);

        (await MessagesAsync(inbox.Id)).Select(message => message.Uid.Value).Should().Equal(Enumerable.Range(1, 12).Select(n => (uint)n));
    }

    /// <summary>More messages than a reader has states read ahead.</summary>
    protected virtual int LongList => 3000;

    [Fact]
    public async Task AReaderInTheMiddleOfAListSeesTheMailboxGo()
    {
        var mailbox = await CreateAsync("long");
        await AppendAsync(mailbox.Id, LongList);
        var seen = 0;

        await foreach (var _ in Store.StatesAsync(Ann, mailbox.Id, UidSet.All, None))
        {
            if (seen++ == 0) await Store.DeleteAsync(Ann, mailbox.Name, None);
        }

        seen.Should().BeLessThan(LongList);
    }

    [Theory]
    [InlineData(FlagOperation.Add, SystemFlags.Seen | SystemFlags.Flagged, "a b c")]
    [InlineData(FlagOperation.Remove, SystemFlags.None, "a")]
    [InlineData(FlagOperation.Replace, SystemFlags.Flagged | SystemFlags.Seen, "B c")]
    public async Task StoreAppliesTheOperation(FlagOperation operation, SystemFlags system, string keywords)
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, Message() with { Flags = Flags(SystemFlags.Seen, "a", "b") }, Message());
        var before = await MailboxAsync("INBOX");

        var outcome = await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1, 99), operation, Flags(SystemFlags.Seen | SystemFlags.Flagged, "B", "c"), null, None);

        var state = (await StatesAsync(inbox.Id, Uids(1))).Single();
        state.Flags.Should().Be(Flags(system, keywords.Split(' ')));
        outcome.Changed.Should().Equal(state);
        outcome.Modified.Should().BeEmpty();
        state.ModSeq.Should().Be((await MailboxAsync("INBOX")).HighestModSeq).And.BeGreaterThan(before.HighestModSeq);
        await RecountAsync(inbox.Id);
    }

    [Fact]
    public async Task StoreThatChangesNothingLeavesTheModSeqs()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, Message(flags: SystemFlags.Seen), Message());
        var before = await StatesAsync(inbox.Id);

        var outcome = await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);

        outcome.Changed.Should().Equal(before[0]);
        (await StatesAsync(inbox.Id)).Should().Equal(before);
        (await MailboxAsync("INBOX")).HighestModSeq.Should().Be(before[0].ModSeq);
    }

    [Fact]
    public async Task StoreLeavesWhatChangedSince()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 3);
        var since = (await MailboxAsync("INBOX")).HighestModSeq;
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(2), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);

        var outcome = await Store.StoreFlagsAsync(Ann, inbox.Id, UidSet.All, FlagOperation.Add, Flags(SystemFlags.Deleted), since, None);

        outcome.Modified.Should().Equal(new Uid(2));
        outcome.Changed.Select(state => state.Uid.Value).Should().Equal(1, 3);
        (await MailboxAsync("INBOX")).Deleted.Should().Be(2);
        await RecountAsync(inbox.Id);
    }

    [Fact]
    public async Task AMessageHasSoManyKeywordsAndNoMore()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 1);
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1), FlagOperation.Add, Flags(SystemFlags.None, [.. Enumerable.Range(0, 60).Select(n => $"a{n}")]), null, None);

        var outcome = await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1), FlagOperation.Add, Flags(SystemFlags.Seen, [.. Enumerable.Range(0, 60).Select(n => $"b{n}")]), null, None);

        outcome.Changed.Should().BeEmpty();
        (await StatesAsync(inbox.Id)).Single().Flags.Keywords.Should().HaveCount(60);
    }

    [Fact]
    public async Task ChangesTellWhatIsNewChangedAndGone()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 6);
        var since = (await MailboxAsync("INBOX")).HighestModSeq;
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(5, 2), FlagOperation.Add, Flags(SystemFlags.Seen), null, None);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(6, 1, 3), onlyDeleted: false, None);
        await AppendAsync(inbox.Id, 1);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(2), onlyDeleted: false, None);

        var changes = (await Store.ChangesAsync(Ann, inbox.Id, since, None))!;

        changes.Changed.Select(state => state.Uid.Value).Should().Equal(5, 7);
        changes.Expunged.ToString().Should().Be("1:3,6");
        changes.Mailbox.Should().Be(await MailboxAsync("INBOX"));
        var none = (await Store.ChangesAsync(Ann, inbox.Id, changes.Mailbox.HighestModSeq, None))!;
        none.Changed.Should().BeEmpty();
        none.Expunged.Should().BeEmpty();
        (await Store.ChangesAsync(Ann, MailboxId.New(Time), since, None)).Should().BeNull();
    }

    [Fact]
    public async Task ForgottenTombstonesLeaveTheWholeTruth()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 6);
        var start = (await MailboxAsync("INBOX")).HighestModSeq;
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(2, 4), onlyDeleted: false, None);
        var middle = (await MailboxAsync("INBOX")).HighestModSeq;
        Time.Advance(TimeSpan.FromDays(1));
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(6), onlyDeleted: false, None);

        (await Store.ForgetTombstonesAsync(Time.GetUtcNow() - TimeSpan.FromDays(2), None)).Should().Be(0);
        (await Store.ForgetTombstonesAsync(Time.GetUtcNow(), None)).Should().BePositive();

        (await Store.ChangesAsync(Ann, inbox.Id, middle, None))!.Expunged.ToString().Should().Be("6");
        (await Store.ChangesAsync(Ann, inbox.Id, start, None))!.Expunged.ToString().Should().Be("2,4,6");
        (await Store.ForgetTombstonesAsync(Time.GetUtcNow(), None)).Should().Be(0);
    }

    [Fact]
    public async Task RecentIsClaimedOnce()
    {
        var inbox = await MailboxAsync("INBOX");
        (await Store.ClaimRecentAsync(Ann, inbox.Id, None)).Should().Be(new Uid(1));
        await AppendAsync(inbox.Id, 3);
        await Store.ExpungeAsync(Ann, inbox.Id, Uids(2), onlyDeleted: false, None);
        (await MailboxAsync("INBOX")).Recent.Should().Be(2);

        (await Store.ClaimRecentAsync(Ann, inbox.Id, None)).Should().Be(new Uid(1));
        (await Store.ClaimRecentAsync(Ann, inbox.Id, None)).Should().Be(new Uid(4));
        (await MailboxAsync("INBOX")).Recent.Should().Be(0);

        await AppendAsync(inbox.Id, 1);
        await ReopenAsync();
        (await MailboxAsync("INBOX")).FirstRecent.Should().Be(new Uid(4));
        var claims = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Store.ClaimRecentAsync(Ann, inbox.Id, None).AsTask()));
        claims.Count(first => first == new Uid(4)).Should().Be(1);
        claims.Count(first => first == new Uid(5)).Should().Be(9);
        await RecountAsync(inbox.Id);
    }

    [Fact]
    public async Task ExpungeTakesDeletedOrAll()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 6);
        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1, 2, 5), FlagOperation.Add, Flags(SystemFlags.Deleted), null, None);

        (await Store.ExpungeAsync(Ann, inbox.Id, Uids(1, 3, 5), onlyDeleted: true, None)).Select(uid => uid.Value).Should().Equal(1, 5);
        (await Store.ExpungeAsync(Ann, inbox.Id, Uids(4), onlyDeleted: false, None)).Select(uid => uid.Value).Should().Equal(4);
        (await Store.ExpungeAsync(Ann, inbox.Id, Uids(4), onlyDeleted: false, None)).Should().BeEmpty();
        (await UidsAsync(inbox.Id)).Should().Equal(2, 3, 6);
        await RecountAccountAsync();
        (await AppendAsync(inbox.Id, 1))[0].Uid.Should().Be(new Uid(7), "a UID is never given twice");
    }

    [Fact]
    public async Task AUidIsNotGivenAgainAfterTheLastMessageWentAndARestart()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 2);
        await Store.ExpungeAsync(Ann, inbox.Id, UidSet.All, onlyDeleted: false, None);
        await ReopenAsync();

        (await AppendAsync(inbox.Id, 1))[0].Uid.Should().Be(new Uid(3));
    }

    [Fact]
    public async Task CopyKeepsAllButTheUid()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(inbox.Id, Message("1"), Message("2") with { Flags = Flags(SystemFlags.Flagged, "kept") }, Message("3"));
        Time.Advance(TimeSpan.FromHours(1));

        var outcome = await Store.CopyAsync(Ann, inbox.Id, Uids(2, 3, 9), archive.Id, None);

        var done = outcome.Should().BeOfType<CopyOutcome.Done>().Which;
        done.UidValidity.Should().Be(archive.UidValidity);
        done.Messages.Should().Equal(new CopiedMessage(new Uid(2), new Uid(1)), new CopiedMessage(new Uid(3), new Uid(2)));
        var source = (await MessagesAsync(inbox.Id, Uids(2))).Single();
        var copy = (await MessagesAsync(archive.Id, Uids(1))).Single();
        (copy.Flags, copy.Content, copy.EmailId, copy.ThreadId, copy.InternalDate, copy.Size).Should().Be((source.Flags, source.Content, source.EmailId, source.ThreadId, source.InternalDate, source.Size));
        copy.SaveDate.Should().Be(Time.GetUtcNow());
        source.SaveDate.Should().Be(Time.GetUtcNow() - TimeSpan.FromHours(1));
        copy.ModSeq.Should().Be((await MailboxAsync("Archive")).HighestModSeq);
        (await MailboxAsync("Archive")).Recent.Should().Be(2);
        await RecountAccountAsync();
    }

    [Fact]
    public async Task CopiesLiveOnWithoutTheOriginal()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        var content = ContentId.New(Time);
        await AppendAsync(inbox.Id, Message(content: content));
        await Store.CopyAsync(Ann, inbox.Id, Uids(1), archive.Id, None);
        await Store.CopyAsync(Ann, inbox.Id, Uids(1), inbox.Id, None);

        await Store.ExpungeAsync(Ann, inbox.Id, Uids(1), onlyDeleted: false, None);
        (await MessagesAsync(inbox.Id)).Single().Content.Should().Be(content);
        await Store.ExpungeAsync(Ann, inbox.Id, UidSet.All, onlyDeleted: false, None);
        (await MessagesAsync(archive.Id)).Single().Content.Should().Be(content);
        (await Store.FindReferencedAsync([content], None)).Should().Contain(content);
        await Store.ExpungeAsync(Ann, archive.Id, UidSet.All, onlyDeleted: false, None);
        await EventuallyAsync(async () => (await Store.FindReferencedAsync([content], None)).Count == 0);
    }

    [Fact]
    public async Task CopyHoldsToTheQuotaAllOrNothing()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(inbox.Id, 3);

        (await Store.CopyAsync(Ann, inbox.Id, UidSet.All, archive.Id, new QuotaUsage(0, 0, 5999, null), None)).Should().BeOfType<CopyOutcome.OverQuota>();
        (await Store.CopyAsync(Ann, inbox.Id, UidSet.All, archive.Id, new QuotaUsage(0, 0, null, 5), None)).Should().BeOfType<CopyOutcome.OverQuota>();
        (await MailboxAsync("Archive")).Should().Be(archive);
        (await Store.CopyAsync(Ann, inbox.Id, UidSet.All, archive.Id, new QuotaUsage(0, 0, 6000, 6), None)).Should().BeOfType<CopyOutcome.Done>();
        (await Store.MoveAsync(Ann, inbox.Id, UidSet.All, archive.Id, None)).Should().BeOfType<CopyOutcome.Done>("a move uses nothing");
        await RecountAccountAsync();
    }

    [Fact]
    public async Task MoveIsCopyAndExpungeInOne()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(archive.Id, 2);
        await AppendAsync(inbox.Id, Message("1"), Message("2") with { Flags = Flags(SystemFlags.Deleted, "kept") }, Message("3", SystemFlags.Seen));
        var before = await MailboxAsync("INBOX");
        var beforeArchive = await MailboxAsync("Archive");

        var done = (await Store.MoveAsync(Ann, inbox.Id, Uids(3, 2), archive.Id, None)).Should().BeOfType<CopyOutcome.Done>().Which;

        done.Messages.Should().Equal(new CopiedMessage(new Uid(2), new Uid(3)), new CopiedMessage(new Uid(3), new Uid(4)));
        (await UidsAsync(inbox.Id)).Should().Equal(1);
        var gone = (await Store.ChangesAsync(Ann, inbox.Id, before.HighestModSeq, None))!;
        gone.Expunged.ToString().Should().Be("2:3");
        gone.Changed.Should().BeEmpty();
        var come = (await Store.ChangesAsync(Ann, archive.Id, beforeArchive.HighestModSeq, None))!;
        come.Changed.Select(state => state.Uid.Value).Should().Equal(3, 4);
        come.Changed[0].Flags.Should().Be(Flags(SystemFlags.Deleted, "kept"));
        await RecountAccountAsync();
    }

    [Fact]
    public async Task AMoveWithinOneMailboxGivesNewUids()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 3);
        var before = await MailboxAsync("INBOX");

        await Store.MoveAsync(Ann, inbox.Id, Uids(1, 2), inbox.Id, None);

        (await UidsAsync(inbox.Id)).Should().Equal(3, 4, 5);
        var changes = (await Store.ChangesAsync(Ann, inbox.Id, before.HighestModSeq, None))!;
        changes.Expunged.ToString().Should().Be("1:2");
        changes.Changed.Select(state => (state.Uid.Value, state.ModSeq)).Should().Equal((4u, changes.Mailbox.HighestModSeq), (5u, changes.Mailbox.HighestModSeq));
        await RecountAccountAsync();
    }

    [Fact]
    public async Task CopyAndMoveOfNothingOrNowhere()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(inbox.Id, 1);
        var nowhere = MailboxId.New(Time);
        var before = await MailboxAsync("INBOX");

        (await Store.CopyAsync(Ann, inbox.Id, Uids(7), archive.Id, None)).Should().BeOfType<CopyOutcome.Done>().Which.Messages.Should().BeEmpty();
        (await Store.MoveAsync(Ann, inbox.Id, Uids(7), archive.Id, None)).Should().BeOfType<CopyOutcome.Done>().Which.Messages.Should().BeEmpty();
        (await Store.CopyAsync(Ann, inbox.Id, Uids(1), nowhere, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await Store.MoveAsync(Ann, inbox.Id, Uids(1), nowhere, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await Store.MoveAsync(Ann, nowhere, Uids(1), inbox.Id, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await MailboxAsync("INBOX")).Should().Be(before);
        (await MailboxAsync("Archive")).Should().Be(archive);
    }

    [Fact]
    public async Task OneAccountCannotReachTheMessagesOfAnother()
    {
        var inbox = await MailboxAsync("INBOX");
        var bobs = await MailboxAsync("INBOX", Bob);
        await AppendAsync(inbox.Id, 2);
        var before = await MailboxAsync("INBOX");

        (await Store.SnapshotAsync(Bob, inbox.Id, None)).Should().BeNull();
        (await Store.ChangesAsync(Bob, inbox.Id, new ModSeq(0), None)).Should().BeNull();
        (await StatesAsync(inbox.Id, account: Bob)).Should().BeEmpty();
        (await MessagesAsync(inbox.Id, account: Bob)).Should().BeEmpty();
        (await Store.StoreFlagsAsync(Bob, inbox.Id, UidSet.All, FlagOperation.Add, Flags(SystemFlags.Deleted), null, None)).Changed.Should().BeEmpty();
        (await Store.ExpungeAsync(Bob, inbox.Id, UidSet.All, onlyDeleted: false, None)).Should().BeEmpty();
        (await Store.CopyAsync(Bob, inbox.Id, UidSet.All, bobs.Id, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await Store.MoveAsync(Bob, inbox.Id, UidSet.All, bobs.Id, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await Store.MoveAsync(Ann, inbox.Id, UidSet.All, bobs.Id, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await Store.AppendAsync(Bob, inbox.Id, [Message()], null, null, None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        await Store.ClaimRecentAsync(Bob, inbox.Id, None);
        (await MailboxAsync("INBOX")).Should().Be(before);
        (await Store.QuotaAsync(Bob, None)).Messages.Should().Be(0);
    }

    [Fact]
    public async Task AThreadIsFoundByMessageIdInItsAccountOnly()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, Message(messageId: "<one@example.test>", threadId: "T1"), Message(messageId: "<two@example.test>", threadId: "T2"), Message(messageId: null));

        (await Store.FindThreadAsync(Ann, ["<none@example.test>", "<two@example.test>", "<one@example.test>"], None)).Should().Be("T2");
        (await Store.FindThreadAsync(Ann, ["one@example.test"], None)).Should().Be("T1", "brackets are no part of it");
        (await Store.FindThreadAsync(Ann, ["<none@example.test>", "", "<>"], None)).Should().BeNull();
        (await Store.FindThreadAsync(Ann, [], None)).Should().BeNull();
        (await Store.FindThreadAsync(Bob, ["<one@example.test>"], None)).Should().BeNull();
    }

    [Fact]
    public async Task ContentsInUseAreNamed()
    {
        var inbox = await MailboxAsync("INBOX");
        var (used, unused) = (ContentId.New(Time), ContentId.New(Time));
        await AppendAsync(inbox.Id, Message(content: used));
        await Store.AppendAsync(Bob, (await MailboxAsync("INBOX", Bob)).Id, [Message(content: used)], null, null, None);

        (await Store.FindReferencedAsync([unused, used], None)).Should().Equal(used);
        await Store.ExpungeAsync(Ann, inbox.Id, UidSet.All, onlyDeleted: false, None);
        (await Store.FindReferencedAsync([unused, used], None)).Should().Equal([used], "another account still has it");
    }

    [Fact]
    public async Task TheSizeOfDeletedMessagesIsKnown()
    {
        var inbox = await MailboxAsync("INBOX");
        await AppendAsync(inbox.Id, 3);
        (await Store.DeletedSizeAsync(Ann, inbox.Id, None)).Should().Be(0);

        await Store.StoreFlagsAsync(Ann, inbox.Id, Uids(1, 3), FlagOperation.Add, new MessageFlags(SystemFlags.Deleted, []), null, None);
        (await Store.DeletedSizeAsync(Ann, inbox.Id, None)).Should().Be(2000);
        (await Store.DeletedSizeAsync(Bob, inbox.Id, None)).Should().Be(0);

        await Store.ExpungeAsync(Ann, inbox.Id, Uids(1), onlyDeleted: true, None);
        (await Store.DeletedSizeAsync(Ann, inbox.Id, None)).Should().Be(1000);
    }
}
