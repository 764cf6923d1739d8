using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Rpc;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Merpati.TestKit.Stores;
using Merpati.Tests.Contracts.Mailboxes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Contracts.Rpc;

public sealed class RpcMailboxTree : MailboxTreeContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

public sealed class RpcMailboxMessages : MailboxMessagesContract
{
    protected override int LongList => 60_000;

    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

public sealed class RpcMailboxAnnotations : MailboxAnnotationsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

public sealed class RpcMailboxGrants : MailboxGrantsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

public sealed class RpcMailboxOrder : MailboxOrderContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

public sealed class RpcMailboxModel : MailboxModelContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => RpcMailboxStoreHost.StartAsync();
}

/// <summary>The suites of the store, with all that the port of the gateways has of it called over gRPC: client, server, Delivery's mailboxes, SQLite.</summary>
internal sealed class RpcMailboxStoreHost : IMailboxStoreHost
{
    private readonly SqliteMailboxStoreHost _sqlite;
    private RpcPair<IMailboxes> _pair;

    private RpcMailboxStoreHost(SqliteMailboxStoreHost sqlite, RpcPair<IMailboxes> pair)
    {
        _sqlite = sqlite;
        _pair = pair;
        Store = new FarMailboxes(pair.Client, sqlite.Store);
    }

    public IMailboxStore Store { get; private set; }

    public FakeTimeProvider Time => _sqlite.Time;

    public static async ValueTask<IMailboxStoreHost> StartAsync()
    {
        var sqlite = SqliteMailboxStoreHost.Start();
        return new RpcMailboxStoreHost(sqlite, await ServeAsync(sqlite));
    }

    public ISearchIndex Index => _sqlite.Index;

    public async ValueTask ReopenAsync()
    {
        await _pair.DisposeAsync();
        await _sqlite.ReopenAsync();
        _pair = await ServeAsync(_sqlite);
        Store = new FarMailboxes(_pair.Client, _sqlite.Store);
    }

    public async ValueTask DisposeAsync()
    {
        await _pair.DisposeAsync();
        await _sqlite.DisposeAsync();
    }

    private static Task<RpcPair<IMailboxes>> ServeAsync(SqliteMailboxStoreHost sqlite)
    {
        var contents = new InMemoryContentStore(sqlite.Time);
        var directory = new SingleAccountDirectory();
        var mailboxes = new Merpati.Delivery.Mailboxes.Mailboxes(
            sqlite.Store,
            contents,
            new LocalMailboxChangeFeed(),
            directory,
            new FirstFetches(new InMemoryJournal(), directory, sqlite.Time, NullLogger<FirstFetches>.Instance),
            Searches.Over(sqlite.Store, contents, sqlite.Index),
            Options.Create(new MailboxesOptions()),
            sqlite.Time);
        return RpcPair.StartAsync<IMailboxes>(mailboxes, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
    }
}

/// <summary>The port far away; what only the store has, near.</summary>
internal sealed class FarMailboxes(IMailboxes far, IMailboxStore near) : IMailboxStore
{
    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => far.EnsureAccountAsync(account, cancellationToken);

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => far.ListAsync(account, cancellationToken);

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => far.FindAsync(account, name, cancellationToken);

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => far.GetAsync(account, mailbox, cancellationToken);

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => far.CreateAsync(account, name, use, cancellationToken);

    public ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => far.DeleteAsync(account, name, cancellationToken);

    public ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken) => far.RenameAsync(account, from, to, cancellationToken);

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken) => far.ContinueAsync(account, mailbox, past, cancellationToken);

    public ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken) => far.SubscribeAsync(account, name, subscribed, cancellationToken);

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken) => far.ListSubscriptionsAsync(account, cancellationToken);

    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => far.SnapshotAsync(account, mailbox, cancellationToken);

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => far.ChangesAsync(account, mailbox, since, cancellationToken);

    public ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => far.ClaimRecentAsync(account, mailbox, cancellationToken);

    public IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => far.StatesAsync(account, mailbox, uids, cancellationToken);

    public IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => far.MessagesAsync(account, mailbox, uids, cancellationToken);

    public ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
        => far.StoreFlagsAsync(account, mailbox, uids, operation, flags, unchangedSince, cancellationToken);

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => far.CopyAsync(account, source, uids, destination, cancellationToken);

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => far.MoveAsync(account, source, uids, destination, cancellationToken);

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken) => far.ExpungeAsync(account, mailbox, uids, onlyDeleted, cancellationToken);

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => far.DeletedSizeAsync(account, mailbox, cancellationToken);

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => far.GrantsAsync(owner, mailbox, cancellationToken);

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken) => far.GrantAsync(owner, mailbox, changes, cancellationToken);

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => far.SharersAsync(grantees, cancellationToken);

    public IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken) => far.AnnotationsAsync(account, mailbox, cancellationToken);

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken) => far.AnnotateAsync(account, mailbox, changes, cancellationToken);

    public ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => far.QuotaAsync(account, cancellationToken);

    public ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, CancellationToken cancellationToken)
        => near.AppendAsync(account, mailbox, messages, delivery, quota, cancellationToken);

    public ValueTask<AppendOutcome> ReplaceAsync(AccountId account, MailboxId mailbox, NewMessage message, ReplacedMessage replaced, QuotaUsage? quota, CancellationToken cancellationToken)
        => near.ReplaceAsync(account, mailbox, message, replaced, quota, cancellationToken);

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, CancellationToken cancellationToken)
        => near.CopyAsync(account, source, uids, destination, quota, cancellationToken);

    public ValueTask<MailboxInfo?> FindSpecialUseAsync(AccountId account, SpecialUse use, CancellationToken cancellationToken) => near.FindSpecialUseAsync(account, use, cancellationToken);

    public ValueTask<string?> FindThreadAsync(AccountId account, IReadOnlyList<string> messageIds, CancellationToken cancellationToken) => near.FindThreadAsync(account, messageIds, cancellationToken);

    public ValueTask RemoveAccountAsync(AccountId account, CancellationToken cancellationToken) => near.RemoveAccountAsync(account, cancellationToken);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken) => near.FindReferencedAsync(contents, cancellationToken);

    public ValueTask<int> ForgetDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken) => near.ForgetDeliveriesAsync(before, cancellationToken);

    public ValueTask<int> ForgetTombstonesAsync(DateTimeOffset before, CancellationToken cancellationToken) => near.ForgetTombstonesAsync(before, cancellationToken);
}
