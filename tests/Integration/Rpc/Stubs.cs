using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>A directory of which a test fills in what it asks.</summary>
internal abstract class DirectoryStub : IDirectory
{
    public virtual ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>Mailboxes of which a test fills in what it asks.</summary>
internal abstract class MailboxesStub : IMailboxes
{
    public virtual ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public virtual ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public virtual ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken) => throw new NotSupportedException();

    public virtual ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public virtual ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken) => throw new NotSupportedException();

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

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>Counts the calls that come through; does something once while the next one is served.</summary>
internal sealed class CountingMailboxes : MailboxesStub
{
    private int _calls;
    private Action? _onCall;

    public int Calls => Volatile.Read(ref _calls);

    public Action? OnCall { set => Volatile.Write(ref _onCall, value); }

    public override ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        Count();
        return ValueTask.FromResult<MailboxInfo?>(null);
    }

    public override ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        Count();
        return ValueTask.FromResult(MailboxOutcome.Done);
    }

    public override async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken)
    {
        await foreach (var message in messages.WithCancellation(cancellationToken)) await message.Content.CopyToAsync(Stream.Null, cancellationToken);
        Count();
        return new AppendOutcome.OverQuota();
    }

    private void Count()
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Exchange(ref _onCall, null)?.Invoke();
    }
}

/// <summary>One message of 20 MB; it may stop coming in the middle.</summary>
internal sealed class StreamingMailboxes : MailboxesStub
{
    public bool Stalls { get; init; }

    public static MessageInfo Message { get; } = new()
    {
        Uid = new Uid(1),
        ModSeq = new ModSeq(1),
        Flags = MessageFlags.None,
        InternalDate = DateTimeOffset.UnixEpoch,
        SaveDate = DateTimeOffset.UnixEpoch,
        Content = new ContentId(Guid.NewGuid()),
        TracePrefix = default,
        Size = 20_000_000,
        EmailId = "A1",
        ThreadId = "T1",
        Structure = new MessageStructure { Envelope = new MessageEnvelope(), Root = new BodyPart { Type = "text", Subtype = "plain", Encoding = "7bit" } },
    };

    public override ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
        => ValueTask.FromResult<Stream>(new Octets(length, Stalls ? length / 2 : long.MaxValue));

    private sealed class Octets(long length, long stallsAt) : MemoryStream
    {
        private long _sent;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_sent >= stallsAt) await Task.Delay(Timeout.Infinite, cancellationToken);
            var count = (int)Math.Min(buffer.Length, length - _sent);
            _sent += count;
            return count;
        }
    }
}

/// <summary>Fails in a way that nobody foresaw.</summary>
internal sealed class BuggyMailboxes : MailboxesStub
{
    public override ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken) => throw new InvalidOperationException("a secret");
}
