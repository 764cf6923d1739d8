using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>A change to one account. It may be run more than once, each time in another transaction; the last run counts.</summary>
internal abstract class AccountOperation
{
    /// <summary>Whether it may share a transaction: it is small, and once it has begun to change something it does not fail for a reason of its own.</summary>
    public virtual bool Shares => false;

    /// <summary>About what is written.</summary>
    public virtual long Octets => 0;

    /// <summary>Names what the operation is about to use, so that the transaction fetches it for all that share it at once.</summary>
    public virtual void Declare(AccountNeeds needs)
    {
    }

    public abstract Task RunAsync(AccountWork work);
}

/// <inheritdoc cref="AccountOperation"/>
internal abstract class AccountOperation<TResult> : AccountOperation
{
    public TResult Result { get; private set; } = default!;

    public sealed override async Task RunAsync(AccountWork work) => Result = await DoAsync(work);

    protected abstract Task<TResult> DoAsync(AccountWork work);
}

/// <summary>What the operations of a transaction use.</summary>
internal sealed class AccountNeeds
{
    /// <summary>Mailboxes whose messages or counters are changed.</summary>
    public HashSet<MailboxId> Mailboxes { get; } = [];

    public HashSet<DeliveryKey> Deliveries { get; } = [];

    public HashSet<MailboxName> Subscriptions { get; } = [];

    /// <summary>The names of all mailboxes, and the right to change them.</summary>
    public bool Tree { get; set; }

    /// <summary>What the account uses of its quota.</summary>
    public bool Usage { get; set; }
}
