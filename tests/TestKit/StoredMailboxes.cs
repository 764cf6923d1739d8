using System.Runtime.CompilerServices;
using System.Text;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.TestKit;

/// <summary>Delivery's mailboxes on real stores, opened at the first use.</summary>
public sealed class StoredMailboxes(IMailboxChangeFeed feed, TimeProvider time, Func<Task<StoredMailboxes.Parts>> start) : ITestMailboxes, IAsyncDisposable
{
    private readonly Lock _turn = new();
    private Task<Parts>? _parts;

    /// <param name="Mailboxes">As the gateways call them.</param>
    public sealed record Parts(IMailboxStore Store, IContentStore Content, IMailboxes Mailboxes)
    {
        /// <summary>Who serves the mailboxes tells others of changes: only what is appended there is told of.</summary>
        public bool Announces { get; init; }

        /// <summary>Takes the stores away; else they stay as long as the process.</summary>
        public Func<ValueTask>? CloseAsync { get; init; }
    }

    public async ValueTask DisposeAsync()
    {
        Task<Parts>? parts;
        lock (_turn) parts = _parts;
        if (parts is not null && (await parts).CloseAsync is { } close) await close();
    }

    public async Task<Appended> DeliverAsync(AccountId account, MailboxName mailbox, byte[] content, string tracePrefix = "", MessageFlags? flags = null, DateTimeOffset? internalDate = null)
    {
        var stores = await PartsAsync();
        if (stores.Announces && tracePrefix.Length == 0) return await AppendAsync(stores.Mailboxes, account, mailbox, content, flags, internalDate);
        await using var writer = await stores.Content.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(content, CancellationToken.None);
        var info = await writer.CommitAsync(CancellationToken.None);
        var prefix = Encoding.ASCII.GetBytes(tracePrefix);
        var found = await stores.Store.FindAsync(account, mailbox, CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {mailbox}.");
        var message = new NewMessage
        {
            Flags = flags ?? MessageFlags.None,
            InternalDate = internalDate ?? time.GetUtcNow(),
            Content = info.Id,
            TracePrefix = prefix,
            Size = prefix.Length + info.Size,
            EmailId = EmailIds.Of(info.Id),
            ThreadId = "T" + info.Id,
            Structure = TraceHeaders.Complete(Structures.Of(content), prefix),
        };
        var outcome = await stores.Store.AppendAsync(account, found.Id, [message], delivery: null, quota: null, CancellationToken.None);
        var appended = ((AppendOutcome.Done)outcome).Messages[0];
        feed.Announce(new MailboxChanged(account, found.Id, appended.ModSeq));
        return appended;
    }

    private static async Task<Appended> AppendAsync(IMailboxes mailboxes, AccountId account, MailboxName name, byte[] content, MessageFlags? flags, DateTimeOffset? internalDate)
    {
        var mailbox = await mailboxes.FindAsync(account, name, CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {name}.");
        var message = new MessageToAppend(flags ?? MessageFlags.None, internalDate, content.Length, new MemoryStream(content));
        return ((AppendOutcome.Done)await mailboxes.AppendAsync(account, mailbox.Id, new[] { message }.ToAsyncEnumerable(), replaced: null, CancellationToken.None)).Messages[0];
    }

    public async ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).EnsureAccountAsync(account, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => await (await ClientAsync()).ListAsync(account, cancellationToken);

    public async ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => await (await ClientAsync()).FindAsync(account, name, cancellationToken);

    public async ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).GetAsync(account, mailbox, cancellationToken);

    public async ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => await (await ClientAsync()).CreateAsync(account, name, use, cancellationToken);

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => await (await ClientAsync()).DeleteAsync(account, name, cancellationToken);

    public async ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken) => await (await ClientAsync()).RenameAsync(account, from, to, cancellationToken);

    public async IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var annotation in (await ClientAsync()).AnnotationsAsync(account, mailbox, cancellationToken)) yield return annotation;
    }

    public async ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
        => await (await ClientAsync()).AnnotateAsync(account, mailbox, changes, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => await (await ClientAsync()).GrantsAsync(owner, mailbox, cancellationToken);

    public async ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken) => await (await ClientAsync()).GrantAsync(owner, mailbox, changes, cancellationToken);

    public async ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => await (await ClientAsync()).SharersAsync(grantees, cancellationToken);

    public async ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken)
        => await (await ClientAsync()).TransferAsync(account, source, uids, destination, rights, move, cancellationToken);

    public async ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken) => await (await ClientAsync()).ContinueAsync(account, mailbox, past, cancellationToken);

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

    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken)
        => await (await ClientAsync()).AppendAsync(account, mailbox, messages, replaced, cancellationToken);

    public async ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken) => await (await ClientAsync()).OpenAsync(account, message, offset, length, cancellationToken);

    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).SearchAsync(account, mailbox, criteria, cancellationToken);

    public async ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).SortAsync(account, mailbox, keys, criteria, cancellationToken);

    public async ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken) => await (await ClientAsync()).ThreadAsync(account, mailbox, algorithm, criteria, cancellationToken);

    private async ValueTask<IMailboxes> ClientAsync() => (await PartsAsync()).Mailboxes;

    private Task<Parts> PartsAsync()
    {
        lock (_turn) return _parts ??= start();
    }
}
