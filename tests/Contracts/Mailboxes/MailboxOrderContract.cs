using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>A reader never sees UID n+1 before UID n, nor a MODSEQ out of order, and misses nothing (design §4).</summary>
public abstract class MailboxOrderContract : MailboxStoreContract
{
    [Fact]
    public async Task AReaderThatPollsSeesEverythingInOrder()
    {
        const int Writers = 16, Each = 60;
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                var appended = await AppendAsync(inbox.Id, 1 + i % 3);
                var mine = UidSet.Of(appended.Select(message => message.Uid));
                if (i % 4 == 1) await Store.StoreFlagsAsync(Ann, inbox.Id, mine, FlagOperation.Add, Flags(SystemFlags.Seen, "k" + writer), null, None);
                if (i % 4 == 2) await Store.ExpungeAsync(Ann, inbox.Id, mine, onlyDeleted: false, None);
                if (i % 4 == 3) await Store.MoveAsync(Ann, inbox.Id, mine, archive.Id, None);
            }
        })));

        // What an IMAP session does: start from a snapshot, then ask for changes since the last MODSEQ, and keep its own picture.
        var (mailbox, uids) = (await Store.SnapshotAsync(Ann, inbox.Id, None))!.Value;
        var picture = uids.ToDictionary(uid => uid, _ => default(MessageState));
        while (true)
        {
            var last = writing.IsCompleted;
            var changes = (await Store.ChangesAsync(Ann, inbox.Id, mailbox.HighestModSeq, None))!;
            changes.Mailbox.HighestModSeq.Should().BeGreaterThanOrEqualTo(mailbox.HighestModSeq);
            changes.Changed.Should().BeInAscendingOrder(state => state.Uid);
            foreach (var state in changes.Changed)
            {
                state.ModSeq.Should().BeGreaterThan(mailbox.HighestModSeq).And.BeLessThanOrEqualTo(changes.Mailbox.HighestModSeq);
                if (!picture.ContainsKey(state.Uid)) state.Uid.Should().BeGreaterThanOrEqualTo(mailbox.UidNext, "a new message may not appear among those already announced");
                state.Uid.Should().BeLessThan(changes.Mailbox.UidNext);
                picture[state.Uid] = state;
            }
            foreach (var uid in picture.Keys.Where(changes.Expunged.Contains).ToList()) picture.Remove(uid);
            picture.Should().HaveCount((int)changes.Mailbox.Messages);
            mailbox = changes.Mailbox;
            if (last) break;
        }
        await writing;

        var states = await StatesAsync(inbox.Id);
        // Of what was there before the snapshot and has not changed since, the session knows the UID alone.
        foreach (var state in states.Where(state => picture.TryGetValue(state.Uid, out var known) && known == default)) picture[state.Uid] = state;
        states.Should().Equal(picture.Values.OrderBy(state => state.Uid));
        mailbox.UidNext.Value.Should().Be(Writers * Each * 2 + 1);
        await RecountAccountAsync();
    }

    [Fact]
    public async Task ASnapshotIsOfOneMoment()
    {
        var inbox = await MailboxAsync("INBOX");
        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                var appended = await AppendAsync(inbox.Id, 3);
                await Store.ExpungeAsync(Ann, inbox.Id, UidSet.Of([appended[1].Uid]), onlyDeleted: false, None);
            }
        })));

        while (!writing.IsCompleted)
        {
            var (mailbox, uids) = (await Store.SnapshotAsync(Ann, inbox.Id, None))!.Value;
            uids.Should().HaveCount((int)mailbox.Messages);
            if (uids.Length > 0) uids[^1].Should().BeLessThan(mailbox.UidNext);
        }

        await writing;
    }

    [Fact]
    public async Task MovesBothWaysLoseAndDoubleNothing()
    {
        var inbox = await MailboxAsync("INBOX");
        var archive = await MailboxAsync("Archive");
        await AppendAsync(inbox.Id, 40);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(async () =>
        {
            var (from, to) = n % 2 == 0 ? (inbox.Id, archive.Id) : (archive.Id, inbox.Id);
            for (var i = 0; i < 15; i++) await Store.MoveAsync(Ann, from, UidSet.All, to, None);
        })));

        var subjects = (await MessagesAsync(inbox.Id)).Concat(await MessagesAsync(archive.Id)).Select(message => message.Structure.Envelope.Subject).ToList();
        subjects.Should().HaveCount(40).And.OnlyHaveUniqueItems();
        await RecountAccountAsync();
    }
}
