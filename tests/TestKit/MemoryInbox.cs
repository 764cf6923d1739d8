using System.Text;
using Merpati.Mailboxes;

namespace Merpati.TestKit;

/// <summary>An account with nothing but an INBOX in memory: what a POP3 session needs, with the faults that a store can have.</summary>
public sealed class MemoryInbox : IMailboxes
{
    private static readonly MailboxId InboxId = new(new Guid("0199f0a0-0000-7000-8000-0000000000aa"));

    private readonly SortedDictionary<uint, byte[]> _messages = [];
    private uint _uidNext = 1;

    public UidValidity UidValidity { get; init; } = new(0x5eed);

    public IEnumerable<Uid> Uids => _messages.Keys.Select(uid => new Uid(uid));

    /// <summary>Changes the stream of an opened message: to break it off, to slow it down.</summary>
    public Func<Stream, Stream> Opened { get; set; } = stream => stream;

    /// <summary>Thrown by the next call that reads or changes messages, until it is null again.</summary>
    public Exception? Outage { get; set; }

    /// <summary>UIDs that ExpungeAsync leaves alone.</summary>
    public HashSet<Uid> Stuck { get; } = [];

    public Uid Add(string message) => Add(Encoding.Latin1.GetBytes(message));

    public Uid Add(byte[] message)
    {
        _messages.Add(_uidNext, message);
        return new Uid(_uidNext++);
    }

    public void Remove(Uid uid) => _messages.Remove(uid.Value);

    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
        => ValueTask.FromResult(name.IsInbox ? Describe() : null);

    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => ValueTask.FromResult<(MailboxInfo, Uid[])?>((Describe(), [.. Uids]));

    public async IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (Outage is not null) throw Outage;
        foreach (var uid in Uids.Where(uids.Contains).ToArray()) yield return Describe(uid);
    }

    public async IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var uid in Uids.Where(uids.Contains).ToArray()) yield return new MessageState(uid, new ModSeq(uid.Value), MessageFlags.None);
    }

    public ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
    {
        if (Outage is not null) throw Outage;
        return ValueTask.FromResult(Opened(new MemoryStream(_messages[message.Uid.Value], (int)offset, (int)length, writable: false)));
    }

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        if (Outage is not null) throw Outage;
        var gone = Uids.Where(uid => uids.Contains(uid) && !Stuck.Contains(uid)).ToArray();
        foreach (var uid in gone) Remove(uid);
        return ValueTask.FromResult<IReadOnlyList<Uid>>(gone);
    }

    private MailboxInfo Describe() => new()
    {
        Id = InboxId,
        Name = MailboxName.Inbox,
        UidValidity = UidValidity,
        UidNext = new Uid(_uidNext),
        HighestModSeq = new ModSeq(_uidNext),
        Messages = _messages.Count,
        Size = _messages.Values.Sum(message => (long)message.Length),
    };

    private MessageInfo Describe(Uid uid) => new()
    {
        Uid = uid,
        ModSeq = new ModSeq(uid.Value),
        Flags = MessageFlags.None,
        InternalDate = DateTimeOffset.UnixEpoch,
        SaveDate = DateTimeOffset.UnixEpoch,
        Content = new ContentId(Guid.Empty),
        TracePrefix = default,
        Size = _messages[uid.Value].Length,
        EmailId = "E",
        ThreadId = "T",
        Structure = Structures.Of(_messages[uid.Value]),
    };

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<MailboxInfo>>([Describe()]);

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => ValueTask.FromResult(mailbox == InboxId ? Describe() : null);

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult(new QuotaUsage(Describe().Size, _messages.Count, null, null));

    // An inbox in memory is for protocols that know no more than an inbox.
    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();
}
