using System.Diagnostics.Metrics;
using System.Text;
using Merpati.Accounts;
using Merpati.Delivery.Mailboxes;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Unit.Delivery.Mailboxes;

/// <summary>The mailboxes of one account over SQLite in a temporary folder, and what they announce.</summary>
internal sealed class MailboxesFixture : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-delivery-").FullName;
    private readonly SqliteStores _stores;
    private readonly SqliteMailboxStore _store;
    private readonly LocalMailboxChangeFeed _feed = new();

    public MailboxesFixture(long? quotaOctets = null, long maxMessageSize = 1024 * 1024)
    {
        Time = new FakeTimeProvider(new DateTimeOffset(2025, 11, 24, 12, 0, 0, TimeSpan.Zero));
        _stores = SqliteStores.Open(new SqliteStoreOptions { Folder = _folder }, Time, NullLogger<SqliteStores>.Instance);
        _store = _stores.Mailboxes;
        var known = new SingleAccountDirectory();
        var directory = new SingleAccountDirectory { Account = known.Account with { QuotaOctets = quotaOctets } };
        Account = directory.Account;
        FirstFetches = new FirstFetches(_stores.Journal, directory, Time, NullLogger<FirstFetches>.Instance);
        var options = Options.Create(new MailboxesOptions { MaxMessageSize = maxMessageSize });
        Mailboxes = new Merpati.Delivery.Mailboxes.Mailboxes(_store, Contents, _feed, directory, FirstFetches, new MailboxSearch(_store, Contents, _stores.SearchIndex, new ColumnCache(_store, options), Metrics, NullLogger<MailboxSearch>.Instance), options, Time, Moved);
        Indexer = new SearchIndexer(_stores.SearchIndex, Contents, Metrics, Time, NullLogger<SearchIndexer>.Instance);
        Delivery = new MailboxDelivery(_store, _feed, Time);
        _feed.Subscribe(Account.Id, Changes.Add);
    }

    public FakeTimeProvider Time { get; }

    public SearchMetrics Metrics { get; } = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    public SearchIndexer Indexer { get; }

    public Account Account { get; }

    public IContentStore Contents => _stores.Content;

    public IMailboxStore Store => _store;

    public MovedMessages Moved { get; } = new();

    public IJournal Journal => _stores.Journal;

    public FirstFetches FirstFetches { get; }

    public IMailboxes Mailboxes { get; }

    public MailboxDelivery Delivery { get; }

    public List<MailboxChanged> Changes { get; } = [];

    public async Task<MailboxInfo> InboxAsync()
    {
        await Mailboxes.EnsureAccountAsync(Account.Id, default);
        return (await Mailboxes.FindAsync(Account.Id, MailboxName.Inbox, default))!;
    }

    public async Task<MessageInfo> AppendAsync(string message, MessageFlags? flags = null, DateTimeOffset? internalDate = null)
    {
        var inbox = await InboxAsync();
        var octets = Encoding.UTF8.GetBytes(message);
        var outcome = await Mailboxes.AppendAsync(Account.Id, inbox.Id, flags ?? MessageFlags.None, internalDate, octets.Length, new MemoryStream(octets), default);
        return await MessageAsync(((AppendOutcome.Done)outcome).Messages[0]);
    }

    public async Task<AppendOutcome> DeliverAsync(string content, string trace, QueueId? id = null, DeliveryTarget? target = null)
    {
        var octets = Encoding.UTF8.GetBytes(content);
        await using var writer = await Contents.CreateAsync(default);
        await writer.WriteAsync(octets, default);
        var info = await writer.CommitAsync(default);
        var entry = new QueueEntry
        {
            Id = id ?? QueueId.New(Time),
            Route = QueueRoute.Local,
            Content = info.Id,
            Size = info.Size,
            TraceHeaders = default,
            ReversePath = default,
            Recipients = [],
            AcceptedAt = Time.GetUtcNow(),
        };
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), default);
        return await Delivery.DeliverAsync(Account, target ?? DeliveryTarget.Inbox, entry, Encoding.UTF8.GetBytes(trace), structure, new DeliveryKey(entry.Id, "ann@example.test"), default);
    }

    public async Task<MessageInfo> MessageAsync(Appended appended)
    {
        await foreach (var message in Mailboxes.MessagesAsync(Account.Id, appended.Mailbox, UidSet.Of(appended.Uid), default)) return message;
        throw new InvalidOperationException("The message is not there.");
    }

    public async Task<string> ReadAsync(MessageInfo message, long offset = 0, long length = long.MaxValue)
    {
        await using var stream = await Mailboxes.OpenAsync(Account.Id, message, offset, length, default);
        using var read = new StreamReader(stream, Encoding.UTF8);
        return await read.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await FirstFetches.StopAsync(default);
        FirstFetches.Dispose();
        await _store.DisposeAsync();
        await _stores.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Passes on what was moved to whoever a test wants to hear of it.</summary>
internal sealed class MovedMessages : IMovedMessages
{
    public IMovedMessages? Learner { get; set; }

    public void Note(AccountId account, MailboxId from, MailboxId to, IReadOnlyList<CopiedMessage> messages) => Learner?.Note(account, from, to, messages);
}
