using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// The mailboxes of all accounts in <c>mailboxes.db</c>. There is one writer, so UIDs and MODSEQs are given in the order in which they are committed;
/// every reader works on a snapshot, so it sees all of a change or nothing.
/// </summary>
public sealed class SqliteMailboxStore : IMailboxStore, IAsyncDisposable
{
    // A page of a long list is one short read: a slow client holds no transaction, and never more than a page in memory.
    private const int PageOfStates = 1000;
    private const int FewMessages = 32;
    private const int PageOfMessages = 500;
    private const int PageOctets = 1024 * 1024;

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MailboxClearing _clearing;
    private readonly ConcurrentDictionary<AccountId, bool> _known = new();
    private readonly MailboxSnapshots _snapshots = new();

    /// <summary>Starts to clear away what the last run left of deleted mailboxes.</summary>
    public SqliteMailboxStore(SqliteDatabase database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _clearing = new MailboxClearing(database, time, logger);
    }

    public static SqliteSchema Schema => MailboxSchema.Schema;

    /// <summary>Stops clearing away; the database is its owner's to close.</summary>
    public ValueTask DisposeAsync() => _clearing.DisposeAsync();

    public async ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (_known.ContainsKey(account)) return;
        if (!await _database.ReadAsync(session => MailboxTree.HasAccount(session, account), cancellationToken))
            await _database.WriteAsync(session => MailboxTree.EnsureAccount(session, account, _time), cancellationToken);
        _known.TryAdd(account, true);
    }

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken)
        => _database.ReadAsync<IReadOnlyList<MailboxInfo>>(session => MailboxRow.List(session, account).ConvertAll(row => row.Info), cancellationToken);

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
        => _database.ReadAsync(session => MailboxRow.Find(session, account, name)?.Info, cancellationToken);

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => _database.ReadAsync(session => MailboxRow.Find(session, account, mailbox)?.Info, cancellationToken);

    public ValueTask<MailboxInfo?> FindSpecialUseAsync(AccountId account, SpecialUse use, CancellationToken cancellationToken)
        => use == SpecialUse.None ? default : _database.ReadAsync(session => MailboxRow.Find(session, account, use)?.Info, cancellationToken);

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
        => _database.WriteAsync(session => CreateMailbox.Run(session, account, name, use, _time), cancellationToken);

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken)
        => _database.WriteAsync(session =>
        {
            if (MailboxRow.Find(session, account, mailbox) is not { } row) return null;
            row.Continue(session, past, _time.GetUtcNow());
            return row.Info;
        }, cancellationToken);

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        var outcome = await _database.WriteAsync(session => DeleteMailbox.Run(session, account, name), cancellationToken);
        if (outcome == MailboxOutcome.Done) _clearing.Wake();
        return outcome;
    }

    public ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken)
        => _database.WriteAsync(session => RenameMailbox.Run(session, account, from, to, _time), cancellationToken);

    public ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken)
        => _database.WriteAsync(session => Subscriptions.Set(session, account, name, subscribed, _time), cancellationToken);

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken)
        => _database.ReadAsync<IReadOnlyList<MailboxName>>(session => Subscriptions.List(session, account), cancellationToken);

    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => _database.ReadAsync(session => _snapshots.Read(session, account, mailbox), cancellationToken);

    public ValueTask<Uid?> FirstUnseenAsync(AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mailbox);
        return mailbox.Unseen == 0 ? default
            : _snapshots.TryFindFirstUnseen(account, mailbox, out var first) ? new(first)
            : _database.ReadAsync(session => _snapshots.ReadFirstUnseen(session, account, mailbox.Id), cancellationToken);
    }

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken)
        => _database.ReadAsync(session => ReadMailbox.Changes(session, account, mailbox, since), cancellationToken);

    public async ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        var info = await GetAsync(account, mailbox, cancellationToken);
        // Mostly there is nothing to claim, and then nothing to write. In a mailbox that is gone nothing is recent.
        if (info is null || info.FirstRecent == info.UidNext) return info?.UidNext ?? new Uid(uint.MaxValue);
        return await _database.WriteAsync(session =>
        {
            if (MailboxRow.Find(session, account, mailbox) is not { } row) return new Uid(uint.MaxValue);
            var first = row.Info.FirstRecent;
            row.ClaimRecent();
            row.Save(session);
            return first;
        }, cancellationToken);
    }

    public IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uids);
        return uids.Members <= FewMessages ? StoredStatesAsync(account, mailbox, uids, cancellationToken) : KnownStatesAsync(account, mailbox, uids, cancellationToken);
    }

    private async IAsyncEnumerable<MessageState> KnownStatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        MailboxSnapshots.Entry? known = null;
        while (true)
        {
            // Looked at for every page: between two pages the mailbox may have changed, or gone.
            var (rest, held) = (uids, known);
            known = await _database.ReadAsync(session => _snapshots.ReadStates(session, account, mailbox, rest, held), cancellationToken);
            if (known is null) break;
            var (count, last) = (0, default(Uid));
            foreach (var state in known.Within(rest).Take(PageOfStates))
            {
                yield return state;
                (count, last) = (count + 1, state.Uid);
            }
            if (count < PageOfStates || last.Value == uint.MaxValue) yield break;
            uids = rest.Intersect(UidSet.Of([new UidRange(new Uid(last.Value + 1), new Uid(uint.MaxValue))]));
        }
        await foreach (var state in StoredStatesAsync(account, mailbox, uids, cancellationToken)) yield return state;
    }

    private IAsyncEnumerable<MessageState> StoredStatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken)
        => PagesAsync<MessageState>(account, mailbox, uids, state => state.Uid, (session, key, range, page) =>
        {
            page.AddRange(ReadMailbox.States(session, key, range, PageOfStates - page.Count));
            return page.Count < PageOfStates;
        }, cancellationToken);

    public IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken)
        => PagesAsync<MessageInfo>(account, mailbox, uids, message => message.Uid, (session, key, range, page) =>
        {
            var octets = 0;
            foreach (var (message, more) in ReadMailbox.Messages(session, key, range, PageOfMessages - page.Count, _logger))
            {
                page.Add(message);
                if ((octets += more) > PageOctets) return false;
            }
            return page.Count < PageOfMessages;
        }, cancellationToken);

    public ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
        => _database.WriteAsync(session => StoreFlags.Run(session, account, mailbox, uids, operation, flags, unchangedSince), cancellationToken);

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
        => CopyAsync(account, source, uids, destination, quota: null, cancellationToken);

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        return _database.WriteAsync(session => CopyMessages.Run(session, account, source, uids, destination, quota, now), cancellationToken);
    }

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        return _database.WriteAsync(session => MoveMessages.Run(session, account, source, uids, destination, now), cancellationToken);
    }

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        return _database.WriteAsync(session => Expunge.Run(session, account, mailbox, uids, onlyDeleted, now), cancellationToken);
    }

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => _database.ReadAsync(session => ReadMailbox.DeletedSize(session, account, mailbox), cancellationToken);

    public ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken)
        => _database.ReadAsync(session => Usage.Read(session, account), cancellationToken);

    public async IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var annotation in await _database.ReadAsync(session => StoredAnnotations.List(session, account, mailbox), cancellationToken)) yield return annotation;
    }

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
        => _database.WriteAsync(session => StoredAnnotations.Change(session, account, mailbox, changes, _time), cancellationToken);

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken)
        => _database.ReadAsync<IReadOnlyList<MailboxGrant>>(session => StoredGrants.List(session, owner, mailbox), cancellationToken);

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken)
        => _database.WriteAsync(session => StoredGrants.Change(session, owner, mailbox, changes), cancellationToken);

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken)
        => _database.ReadAsync<IReadOnlyList<AccountId>>(session => StoredGrants.Sharers(session, grantees), cancellationToken);

    public ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, CancellationToken cancellationToken)
    {
        var append = new AppendMessages(account, mailbox, messages, delivery, quota, _time.GetUtcNow());
        return _database.WriteAsync(append.Run, append.Octets, cancellationToken);
    }

    public ValueTask<AppendOutcome> ReplaceAsync(AccountId account, MailboxId mailbox, NewMessage message, ReplacedMessage replaced, QuotaUsage? quota, CancellationToken cancellationToken)
    {
        var append = new AppendMessages(account, mailbox, [message], delivery: null, quota, _time.GetUtcNow());
        return _database.WriteAsync(session => append.RunInPlaceOf(session, replaced), append.Octets, cancellationToken);
    }

    public ValueTask<string?> FindThreadAsync(AccountId account, IReadOnlyList<string> messageIds, CancellationToken cancellationToken)
        => messageIds.Count == 0 ? default : _database.ReadAsync(session => FindThread(session, account, messageIds), cancellationToken);

    public async ValueTask RemoveAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        var removed = await _database.WriteAsync(session => DeleteMailbox.RunAll(session, account), cancellationToken);
        _known.TryRemove(account, out _);
        if (removed) _clearing.Wake();
    }

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
        => _database.ReadAsync<IReadOnlySet<ContentId>>(
            session => contents.Where(content => session.Exists("SELECT 1 FROM details WHERE content = ?1", content.Value)).ToHashSet(), cancellationToken);

    public ValueTask<int> ForgetDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken)
        => InStepsAsync(session => Retention.ForgetDeliveries(session, before), cancellationToken);

    public ValueTask<int> ForgetTombstonesAsync(DateTimeOffset before, CancellationToken cancellationToken)
        => InStepsAsync(session => Retention.ForgetTombstones(session, before), cancellationToken);

    private static string? FindThread(SqliteSession session, AccountId account, IReadOnlyList<string> messageIds)
    {
        foreach (var messageId in messageIds)
        {
            if (AppendMessages.MessageIdHash(messageId) is not { } hash) continue;
            using var rows = session.Query(
                "SELECT d.thread_id FROM accounts a JOIN details d ON d.account = a.id WHERE a.account = ?1 AND d.message_id = ?2 ORDER BY d.id LIMIT 1", account.Value, hash);
            if (rows.Next()) return rows.Text(0);
        }
        return null;
    }

    private async ValueTask<int> InStepsAsync(Func<SqliteSession, int> step, CancellationToken cancellationToken)
    {
        var all = 0;
        while (await _database.WriteAsync(step, cancellationToken) is var some and > 0) all += some;
        return all;
    }

    /// <summary>Reads ranges of UIDs page by page. <paramref name="read"/> adds to the page what a range holds, and returns false when the page is full.</summary>
    private async IAsyncEnumerable<T> PagesAsync<T>(
        AccountId account, MailboxId mailbox, UidSet uids, Func<T, Uid> uidOf, Func<SqliteSession, long, UidRange, List<T>, bool> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = 0;
        var next = new Uid(1);
        while (position < uids.Count)
        {
            var page = await _database.ReadAsync(session => ReadPage(session), cancellationToken);
            foreach (var item in page) yield return item;
        }

        List<T> ReadPage(SqliteSession session)
        {
            var page = new List<T>();
            // Looked up for every page: between two pages the mailbox may have gone.
            if (MailboxRow.FindKey(session, account, mailbox) is not { } key)
            {
                position = uids.Count;
                return page;
            }
            for (; position < uids.Count; position++)
            {
                var range = uids[position];
                if (range.First < next) range = range with { First = next };
                if (range.First > range.Last || read(session, key, range, page)) continue;
                next = new Uid(uidOf(page[^1]).Value + 1);
                break;
            }
            return page;
        }
    }
}
