using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>Random operations against a model of a few lines: after every step the store says what the model says.</summary>
public abstract class MailboxModelContract : MailboxStoreContract
{
    private static readonly string[] Names = ["INBOX", "Archive", "Trash"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task TheStoreDoesWhatTheModelDoes(int seed)
    {
        var random = new Random(seed);
        var models = new List<Model>();
        foreach (var name in Names) models.Add(new Model(await MailboxAsync(name)));
        var watched = models[0].Info;
        var picture = new SortedDictionary<Uid, MessageFlags>();

        for (var step = 0; step < 250; step++)
        {
            var mailbox = models[random.Next(models.Count)];
            var other = models[random.Next(models.Count)];
            await StepAsync(random, mailbox, other);
            foreach (var model in models.Where(model => model == mailbox || model == other)) await CompareAsync(model);
            if (step % 7 == 0) watched = await FollowAsync(watched, picture, models[0]);
            if (step % 60 == 59) await ReopenAsync();
        }
        await RecountAccountAsync();
    }

    private async Task StepAsync(Random random, Model mailbox, Model other)
    {
        var uids = UidSet.Of(Enumerable.Range(0, random.Next(1, 6)).Select(_ => new Uid((uint)random.Next(1, mailbox.Next + 2))));
        var flags = Flags((SystemFlags)random.Next(32), [.. Enumerable.Range(0, random.Next(3)).Select(_ => "k" + random.Next(4))]);
        switch (random.Next(10))
        {
            case < 4:
                var messages = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Message(size: random.Next(5000)) with { Flags = flags }).ToArray();
                await AppendAsync(mailbox.Info.Id, messages);
                foreach (var message in messages) mailbox.Add(message.Flags, message.Size);
                break;
            case < 6:
                var operation = (FlagOperation)random.Next(3);
                await Store.StoreFlagsAsync(Ann, mailbox.Info.Id, uids, operation, flags, null, None);
                foreach (var uid in mailbox.Of(uids)) mailbox.Messages[uid] = mailbox.Messages[uid] with { Flags = mailbox.Messages[uid].Flags.Apply(operation, flags) };
                break;
            case 6:
                var onlyDeleted = random.Next(2) == 0;
                await Store.ExpungeAsync(Ann, mailbox.Info.Id, uids, onlyDeleted, None);
                foreach (var uid in mailbox.Of(uids).Where(uid => !onlyDeleted || mailbox.Messages[uid].Flags.Has(SystemFlags.Deleted))) mailbox.Messages.Remove(uid);
                break;
            case 7:
                await Store.CopyAsync(Ann, mailbox.Info.Id, uids, other.Info.Id, None);
                foreach (var uid in mailbox.Of(uids)) other.Add(mailbox.Messages[uid].Flags, mailbox.Messages[uid].Size);
                break;
            case 8:
                await Store.MoveAsync(Ann, mailbox.Info.Id, uids, other.Info.Id, None);
                foreach (var uid in mailbox.Of(uids))
                {
                    other.Add(mailbox.Messages[uid].Flags, mailbox.Messages[uid].Size);
                    mailbox.Messages.Remove(uid);
                }
                break;
            default:
                await Store.ClaimRecentAsync(Ann, mailbox.Info.Id, None);
                break;
        }
    }

    private async Task CompareAsync(Model model)
    {
        (await StatesAsync(model.Info.Id)).Select(state => (state.Uid, state.Flags)).Should().Equal(model.Messages.Select(message => (message.Key, message.Value.Flags)));
        (await Store.GetAsync(Ann, model.Info.Id, None))!.UidNext.Value.Should().Be((uint)model.Next);
        await RecountAsync(model.Info.Id);
    }

    /// <summary>A session that asks only for changes has the same picture in the end.</summary>
    private async Task<MailboxInfo> FollowAsync(MailboxInfo since, SortedDictionary<Uid, MessageFlags> picture, Model model)
    {
        var changes = (await Store.ChangesAsync(Ann, since.Id, since.HighestModSeq, None))!;
        foreach (var state in changes.Changed) picture[state.Uid] = state.Flags;
        foreach (var uid in picture.Keys.Where(changes.Expunged.Contains).ToList()) picture.Remove(uid);
        picture.Should().Equal(model.Messages.Select(message => KeyValuePair.Create(message.Key, message.Value.Flags)));
        return changes.Mailbox;
    }

    private sealed class Model(MailboxInfo info)
    {
        public MailboxInfo Info { get; } = info;

        public int Next { get; private set; } = 1;

        public SortedDictionary<Uid, (MessageFlags Flags, long Size)> Messages { get; } = [];

        public void Add(MessageFlags flags, long size) => Messages.Add(new Uid((uint)Next++), (flags, size));

        public List<Uid> Of(UidSet uids) => [.. Messages.Keys.Where(uids.Contains)];
    }
}
