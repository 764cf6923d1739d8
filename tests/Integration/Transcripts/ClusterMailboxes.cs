using System.Runtime.CompilerServices;
using System.Text;
using Merpati.Accounts;
using Merpati.Delivery.Mailboxes;
using Merpati.Local.ForTests;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Rpc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Merpati.Tests.Integration.Transcripts;

/// <summary>The mailboxes of the cluster without its processes: MongoDB, Delivery's <c>Mailboxes</c>, a gRPC server on loopback, and the gateways' client. One database serves all; each test has an account of its own.</summary>
internal sealed class ClusterMailboxes(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory) : ITestMailboxes
{
    private static readonly string Database = "test-" + Guid.NewGuid().ToString("N")[..20];
    private static readonly Lock Turn = new();
    private static Task? _prepared;

    private Task<Parts>? _parts;

    private sealed record Parts(MongoStores Stores, IMailboxes Client);

    public async Task<Appended> DeliverAsync(AccountId account, MailboxName mailbox, byte[] content, string tracePrefix = "", MessageFlags? flags = null, DateTimeOffset? internalDate = null)
    {
        var stores = (await PartsAsync()).Stores;
        await using var writer = await stores.Content.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(content, CancellationToken.None);
        var info = await writer.CommitAsync(CancellationToken.None);
        using var builder = new MessageStructureBuilder();
        for (var at = 0; at < content.Length;)
        {
            var room = builder.GetMemory();
            var part = Math.Min(room.Length, content.Length - at);
            content.AsMemory(at, part).CopyTo(room);
            builder.Advance(part);
            at += part;
        }
        var prefix = Encoding.ASCII.GetBytes(tracePrefix);
        var found = await stores.Mailboxes.FindAsync(account, mailbox, CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {mailbox}.");
        var message = new NewMessage
        {
            Flags = flags ?? MessageFlags.None,
            InternalDate = internalDate ?? time.GetUtcNow(),
            Content = info.Id,
            TracePrefix = prefix,
            Size = prefix.Length + info.Size,
            EmailId = EmailIds.Of(info.Id),
            ThreadId = "T" + info.Id,
            Structure = TraceHeaders.Complete(builder.Complete(), prefix),
        };
        var outcome = await stores.Mailboxes.AppendAsync(account, found.Id, [message], delivery: null, quota: null, CancellationToken.None);
        var appended = ((AppendOutcome.Done)outcome).Messages[0];
        feed.Announce(new MailboxChanged(account, found.Id, appended.ModSeq));
        return appended;
    }

    public async ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).EnsureAccountAsync(account, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).ListAsync(account, cancellationToken);

    public async ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => await (await ClientAsync()).FindAsync(account, name, cancellationToken);

    public async ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).GetAsync(account, mailbox, cancellationToken);

    public async ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => await (await ClientAsync()).CreateAsync(account, name, use, cancellationToken);

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => await (await ClientAsync()).DeleteAsync(account, name, cancellationToken);

    public async ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken) => await (await ClientAsync()).RenameAsync(account, from, to, cancellationToken);

    public async ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken) => await (await ClientAsync()).SubscribeAsync(account, name, subscribed, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).ListSubscriptionsAsync(account, cancellationToken);

    public async ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).SnapshotAsync(account, mailbox, cancellationToken);

    public async ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => await (await ClientAsync()).ChangesAsync(account, mailbox, since, cancellationToken);

    public async ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).ClaimRecentAsync(account, mailbox, cancellationToken);

    public async IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var state in (await ClientAsync()).StatesAsync(account, mailbox, uids, cancellationToken)) yield return state;
    }

    public async IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in (await ClientAsync()).MessagesAsync(account, mailbox, uids, cancellationToken)) yield return message;
    }

    public async ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
        => await (await ClientAsync()).StoreFlagsAsync(account, mailbox, uids, operation, flags, unchangedSince, cancellationToken);

    public async ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => await (await ClientAsync()).CopyAsync(account, source, uids, destination, cancellationToken);

    public async ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => await (await ClientAsync()).MoveAsync(account, source, uids, destination, cancellationToken);

    public async ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken) => await (await ClientAsync()).ExpungeAsync(account, mailbox, uids, onlyDeleted, cancellationToken);

    public async ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).DeletedSizeAsync(account, mailbox, cancellationToken);

    public async ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).QuotaAsync(account, cancellationToken);

    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, MessageFlags flags, DateTimeOffset? internalDate, long size, Stream content, CancellationToken cancellationToken)
        => await (await ClientAsync()).AppendAsync(account, mailbox, flags, internalDate, size, content, cancellationToken);

    public async ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken) => await (await ClientAsync()).OpenAsync(account, message, offset, length, cancellationToken);

    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).SearchAsync(account, mailbox, criteria, cancellationToken);

    public async ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).SortAsync(account, mailbox, keys, criteria, cancellationToken);

    public async ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).ThreadAsync(account, mailbox, algorithm, criteria, cancellationToken);

    private async ValueTask<IMailboxes> ClientAsync() => (await PartsAsync()).Client;

    private Task<Parts> PartsAsync()
    {
        lock (Turn) return _parts ??= StartAsync(feed, time, directory);
    }

    private static Task PreparedAsync()
    {
        lock (Turn) return _prepared ??= PrepareAsync();
    }

    private static async Task<Parts> StartAsync(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory)
    {
        await PreparedAsync();
        var stores = await OpenAsync(time);
        var firstFetches = new FirstFetches(stores.Journal, directory, time, NullLogger<FirstFetches>.Instance);
        var search = Merpati.Tests.Contracts.Mailboxes.Searches.Over(stores.Mailboxes, stores.Content, stores.SearchIndex);
        var mailboxes = new Merpati.Delivery.Mailboxes.Mailboxes(stores.Mailboxes, stores.Content, feed, directory, firstFetches, search, Options.Create(new MailboxesOptions()), time);
        var pair = await RpcPair.StartAsync<IMailboxes>(mailboxes, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
        return new Parts(stores, pair.Client);
    }

    private static async Task PrepareAsync()
    {
        await using var stores = await OpenAsync(TimeProvider.System);
        await stores.PrepareAsync(MongoStoreKinds.Content | MongoStoreKinds.Mailboxes | MongoStoreKinds.Journal, CancellationToken.None);
    }

    private static async Task<MongoStores> OpenAsync(TimeProvider time)
        => new(new MongoStoreOptions { ConnectionString = await TestMongo.ConnectionStringAsync(), Database = Database }, time, NullLogger<MongoStores>.Instance);
}
