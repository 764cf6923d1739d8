using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>As much of a mailbox store as delivery uses: find, append once per key, references.</summary>
internal sealed class FakeMailboxStore(TimeProvider time) : IMailboxStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(AccountId, string), MailboxInfo> _mailboxes = [];
    private readonly Dictionary<(AccountId, DeliveryKey), Appended> _keys = [];
    private readonly List<(AccountId Account, MailboxName Mailbox, NewMessage Message)> _messages = [];

    /// <summary>Decides appends before they happen; null lets them.</summary>
    public Func<AccountId, AppendOutcome?>? BeforeAppend { get; set; }

    /// <summary>Awaited before each append.</summary>
    public Func<Task>? Gate { get; set; }

    public IReadOnlyList<(AccountId Account, MailboxName Mailbox, NewMessage Message)> Messages
    {
        get { lock (_lock) return [.. _messages]; }
    }

    public MailboxInfo Add(AccountId account, string name)
    {
        var mailbox = new MailboxInfo { Id = MailboxId.New(time), Name = MailboxName.Parse(name), UidValidity = new UidValidity(1), UidNext = new Uid(1), HighestModSeq = new ModSeq(1) };
        lock (_lock) _mailboxes[(account, name)] = mailbox;
        return mailbox;
    }

    public void Forget(ContentId content)
    {
        lock (_lock) _messages.RemoveAll(m => m.Message.Content == content);
    }

    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_mailboxes.ContainsKey((account, "INBOX"))) Add(account, "INBOX");
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_mailboxes.GetValueOrDefault((account, name.Value)));
    }

    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, CancellationToken cancellationToken)
    {
        if (Gate is { } gate) await gate().WaitAsync(cancellationToken);
        lock (_lock)
        {
            if (delivery is { } key && _keys.TryGetValue((account, key), out var before)) return new AppendOutcome.AlreadyDelivered(before);
            if (BeforeAppend?.Invoke(account) is { } outcome) return outcome;
            var ((_, name), info) = _mailboxes.Single(m => m.Value.Id == mailbox);
            var appended = new Appended(mailbox, info.UidValidity, info.UidNext, new ModSeq(info.HighestModSeq.Value + 1));
            _mailboxes[(account, name)] = info with { UidNext = new Uid(info.UidNext.Value + 1), HighestModSeq = appended.ModSeq };
            if (delivery is { } fresh) _keys[(account, fresh)] = appended;
            _messages.Add((account, info.Name, messages[0]));
            return new AppendOutcome.Done([appended]);
        }
    }

    public ValueTask<AppendOutcome> ReplaceAsync(AccountId account, MailboxId mailbox, NewMessage message, ReplacedMessage replaced, QuotaUsage? quota, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<string?> FindThreadAsync(AccountId account, IReadOnlyList<string> messageIds, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult<IReadOnlySet<ContentId>>(_messages.Select(m => m.Message.Content).Where(contents.Contains).ToHashSet());
    }

    public ValueTask<int> ForgetDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken) => ValueTask.FromResult(0);

    public ValueTask<int> ForgetTombstonesAsync(DateTimeOffset before, CancellationToken cancellationToken) => ValueTask.FromResult(0);

    public ValueTask<MailboxInfo?> FindSpecialUseAsync(AccountId account, SpecialUse use, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(use == SpecialUse.Junk ? _mailboxes.GetValueOrDefault((account, "Spam")) : null);
    }

    public ValueTask RemoveAccountAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();
}
