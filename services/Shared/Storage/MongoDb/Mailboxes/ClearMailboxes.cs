using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Clears away what deleted mailboxes left, in the background, a step at a time. It is all in the database, so that any process goes on with what another began;
/// where two do the same, one of them finds it done.
/// </summary>
internal sealed class ClearMailboxes : IAsyncDisposable
{
    private const int Step = 500;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(1);

    // For what a process left that is no more.
    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(15);

    private readonly MailboxCollections _collections;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wanted = new(initialCount: 1, maxCount: 1);
    private readonly ITimer _sweep;
    private readonly Task _running;

    /// <summary>Starts at once: the last run may have left something.</summary>
    public ClearMailboxes(MailboxCollections collections, TimeProvider time)
    {
        _collections = collections;
        _time = time;
        _sweep = time.CreateTimer(_ => Wake(), null, Sweep, Sweep);
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Something was deleted.</summary>
    public void Wake()
    {
        try { _wanted.Release(); }
        catch (SemaphoreFullException) { } // it is awake
        catch (ObjectDisposedException) { } // the sweep came last
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _sweep.DisposeAsync();
        await _running;
        _stopping.Dispose();
        _wanted.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _wanted.WaitAsync(stopping);
                try
                {
                    while (await NextAsync(stopping) is var (account, mailbox))
                    {
                        while (!await StepAsync(account, mailbox, stopping)) { }
                    }
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    MailboxStoreLog.ClearingStopped(_collections.Connection.Logger, failure);
                    await Task.Delay(AfterFailure, _time, stopping);
                    Wake();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { }
    }

    private ValueTask<(AccountId Account, MailboxId Mailbox)?> NextAsync(CancellationToken cancellationToken)
        => _collections.Connection.RunAsync<(AccountId, MailboxId)?>(async token =>
        {
            using var found = await _collections.Deleted.FindAsync(new BsonDocument(), new FindOptions<BsonDocument> { Limit = 1 }, token);
            return await found.FirstOrDefaultAsync(token) is { } deleted ? (new AccountId(deleted.Guid("account")), new MailboxId(deleted.Guid("_id"))) : null;
        }, cancellationToken);

    /// <summary>True when nothing of the mailbox is left.</summary>
    private ValueTask<bool> StepAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => _collections.Connection.TransactAsync(async (session, token) =>
        {
            var work = new AccountWork(_collections, session, account, _time, Step, token);
            using var found = await _collections.Messages.FindAsync(
                session, work.Where("_id", MailboxKeys.Messages(mailbox, UidSet.All[0])),
                new FindOptions<BsonDocument, StoredMessage> { Projection = StoredMessage.All, Sort = new BsonDocument("_id", 1), Limit = Step, BatchSize = Step }, token);
            var messages = await found.ToListAsync(token);
            if (messages.Count > 0)
            {
                await StoredMessages.DeleteAsync(work, mailbox, messages);
                await StoredMessages.ReleaseAsync(work, messages);
                return false;
            }
            using var tombstones = await _collections.Tombstones.FindAsync(
                session, work.Where("_id", MailboxKeys.Changes(mailbox, new ModSeq(0))), new FindOptions<BsonDocument> { Projection = Bson.Only("_id"), Limit = Step, BatchSize = Step }, token);
            var ids = new BsonArray((await tombstones.ToListAsync(token)).Select(tombstone => tombstone["_id"]));
            if (ids.Count > 0)
            {
                await _collections.Tombstones.DeleteManyAsync(session, work.Where("_id", new BsonDocument("$in", ids)), cancellationToken: token);
                return false;
            }
            await _collections.Deleted.DeleteOneAsync(session, work.Where("_id", Bson.Id(mailbox.Value)), cancellationToken: token);
            return true;
        }, cancellationToken);
}
