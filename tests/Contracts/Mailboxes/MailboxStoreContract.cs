using System.Globalization;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>A store under test that can be closed and opened again as after a restart.</summary>
public interface IMailboxStoreHost : IAsyncDisposable
{
    IMailboxStore Store { get; }

    /// <summary>Of the same messages.</summary>
    ISearchIndex Index { get; }

    FakeTimeProvider Time { get; }

    ValueTask ReopenAsync();
}

/// <summary>What the suites for <see cref="IMailboxStore"/> have in common: a store, two accounts, messages to put in.</summary>
public abstract class MailboxStoreContract : IAsyncLifetime
{
    private IMailboxStoreHost? _host;

    protected static CancellationToken None => CancellationToken.None;

    protected IMailboxStore Store => _host!.Store;

    protected FakeTimeProvider Time => _host!.Time;

    protected AccountId Ann { get; private set; }

    protected AccountId Bob { get; private set; }

    public async Task InitializeAsync()
    {
        _host = await OpenHostAsync();
        Ann = AccountId.New(Time);
        Bob = AccountId.New(Time);
        await Store.EnsureAccountAsync(Ann, None);
        await Store.EnsureAccountAsync(Bob, None);
    }

    public async Task DisposeAsync() => await _host!.DisposeAsync();

    protected abstract ValueTask<IMailboxStoreHost> OpenHostAsync();

    protected ValueTask ReopenAsync() => _host!.ReopenAsync();

    protected static UidSet Uids(params uint[] uids) => UidSet.Of(uids.Select(uid => new Uid(uid)));

    protected static MessageFlags Flags(SystemFlags system, params string[] keywords) => new(system, keywords);

    protected async Task<MailboxInfo> MailboxAsync(string name, AccountId? account = null)
        => await Store.FindAsync(account ?? Ann, MailboxName.Parse(name), None) ?? throw new InvalidOperationException($"There is no mailbox {name}.");

    protected async Task<MailboxInfo> CreateAsync(string name, AccountId? account = null)
    {
        var outcome = await Store.CreateAsync(account ?? Ann, MailboxName.Parse(name), SpecialUse.None, None);
        return outcome == MailboxOutcome.Done ? await MailboxAsync(name, account) : throw new InvalidOperationException($"{name}: {outcome}");
    }

    protected NewMessage Message(string subject = "Hello", SystemFlags flags = SystemFlags.None, long size = 1000, ContentId? content = null, string? messageId = null, string threadId = "T1") => new()
    {
        Flags = new MessageFlags(flags, []),
        InternalDate = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)),
        Content = content ?? ContentId.New(Time),
        TracePrefix = "Return-Path: <a@example.test>\r\n"u8.ToArray(),
        Size = size,
        EmailId = "M" + subject,
        ThreadId = threadId,
        Structure = Samples.Structure(subject, messageId),
    };

    protected async Task<IReadOnlyList<Appended>> AppendAsync(MailboxId mailbox, params NewMessage[] messages)
    {
        var outcome = await Store.AppendAsync(Ann, mailbox, messages, null, null, None);
        return outcome is AppendOutcome.Done done ? done.Messages : throw new InvalidOperationException(outcome.ToString());
    }

    protected Task<IReadOnlyList<Appended>> AppendAsync(MailboxId mailbox, int count)
        => AppendAsync(mailbox, [.. Enumerable.Range(1, count).Select(n => Message(n.ToString(CultureInfo.InvariantCulture)))]);

    protected DeliveryKey NewDelivery(string recipient = "ann@example.test") => new(QueueId.New(Time), recipient);

    protected async Task<List<MessageState>> StatesAsync(MailboxId mailbox, UidSet? uids = null, AccountId? account = null)
    {
        var states = new List<MessageState>();
        await foreach (var state in Store.StatesAsync(account ?? Ann, mailbox, uids ?? UidSet.All, None)) states.Add(state);
        return states;
    }

    protected async Task<List<MessageInfo>> MessagesAsync(MailboxId mailbox, UidSet? uids = null, AccountId? account = null)
    {
        var messages = new List<MessageInfo>();
        await foreach (var message in Store.MessagesAsync(account ?? Ann, mailbox, uids ?? UidSet.All, None)) messages.Add(message);
        return messages;
    }

    protected async Task<uint[]> UidsAsync(MailboxId mailbox) => [.. (await StatesAsync(mailbox)).Select(state => state.Uid.Value)];

    /// <summary>All counters of the mailbox against a count of its messages.</summary>
    protected async Task RecountAsync(MailboxId mailbox)
    {
        var info = await Store.GetAsync(Ann, mailbox, None);
        var messages = await MessagesAsync(mailbox);
        Assert.NotNull(info);
        Assert.Equal(messages.Count, info.Messages);
        Assert.Equal(messages.Count(message => !message.Flags.Has(SystemFlags.Seen)), info.Unseen);
        Assert.Equal(messages.Count(message => message.Flags.Has(SystemFlags.Deleted)), info.Deleted);
        Assert.Equal(messages.Count(message => message.Uid >= info.FirstRecent), info.Recent);
        Assert.Equal(messages.Sum(message => message.Size), info.Size);
        Assert.All(messages, message => Assert.True(message.Uid < info.UidNext && message.ModSeq <= info.HighestModSeq));
    }

    protected async Task RecountAccountAsync()
    {
        var mailboxes = await Store.ListAsync(Ann, None);
        foreach (var mailbox in mailboxes) await RecountAsync(mailbox.Id);
        var usage = await Store.QuotaAsync(Ann, None);
        Assert.Equal((mailboxes.Sum(mailbox => mailbox.Size), mailboxes.Sum(mailbox => mailbox.Messages)), (usage.Octets, usage.Messages));
    }

    /// <summary>For what a store may do a little later.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition()) await Task.Delay(10, limit.Token);
    }
}
