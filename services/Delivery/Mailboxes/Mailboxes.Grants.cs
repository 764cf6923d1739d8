using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

public sealed partial class Mailboxes
{
    private const int CopiedAtATime = 500;

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken) => store.GrantsAsync(owner, mailbox, cancellationToken);

    public async ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var outcome = await store.GrantAsync(owner, mailbox, changes, cancellationToken);
        if (outcome != GrantOutcome.Done) return outcome;
        // Sessions that look at the owner's mailboxes ask again what they may; those of the grantees see a tree with more or less in it.
        AnnounceTree(owner, MailboxOutcome.Done);
        foreach (var grantee in changes.Select(change => change.Grantee.Account).OfType<AccountId>().Distinct()) AnnounceTree(grantee, MailboxOutcome.Done);
        return outcome;
    }

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken) => store.SharersAsync(grantees, cancellationToken);

    /// <remarks>
    /// Within an account and with all rights to flags it is COPY or MOVE. Else: 1. the messages are put into the destination as an APPEND would put them, with the same content,
    /// some at a time; 2. where that is refused on the way, those that went before are taken back; 3. of a move the sources are expunged.
    /// </remarks>
    public async ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken)
    {
        if (destination.Owner == account && (rights & MailboxRights.Flags) == MailboxRights.Flags)
        {
            return move
                ? await MoveAsync(account, source, uids, destination.Mailbox, cancellationToken)
                : await CopyAsync(account, source, uids, destination.Mailbox, cancellationToken);
        }
        if (await store.GetAsync(account, source, cancellationToken) is null || await store.GetAsync(destination.Owner, destination.Mailbox, cancellationToken) is not { } target)
            return new CopyOutcome.NoSuchMailbox();

        var quota = QuotaLimits.Of(await directory.GetAccountAsync(destination.Owner, cancellationToken));
        var copied = new List<CopiedMessage>();
        await foreach (var messages in store.MessagesAsync(account, source, uids, cancellationToken).Chunk(CopiedAtATime).WithCancellation(cancellationToken))
        {
            var copies = new List<NewMessage>(messages.Length);
            foreach (var message in messages) copies.Add(await CopyOfAsync(message, destination.Owner, rights, cancellationToken));
            var appended = await store.AppendAsync(destination.Owner, destination.Mailbox, copies, delivery: null, quota, cancellationToken);
            if (appended is AppendOutcome.Done done)
            {
                copied.AddRange(messages.Zip(done.Messages, static (message, copy) => new CopiedMessage(message.Uid, copy.Uid)));
                continue;
            }
            if (copied.Count > 0) await store.ExpungeAsync(destination.Owner, destination.Mailbox, UidSet.Of(copied.Select(copy => copy.Destination)), onlyDeleted: false, cancellationToken);
            return appended is AppendOutcome.OverQuota ? new CopyOutcome.OverQuota() : new CopyOutcome.NoSuchMailbox();
        }
        if (copied.Count > 0) await AnnounceAsync(destination.Owner, destination.Mailbox, cancellationToken);
        if (move && copied.Count > 0) await ExpungeAsync(account, source, UidSet.Of(copied.Select(copy => copy.Source)), onlyDeleted: false, cancellationToken);
        return new CopyOutcome.Done(target.UidValidity, copied);
    }

    private async ValueTask<NewMessage> CopyOfAsync(MessageInfo message, AccountId owner, MailboxRights rights, CancellationToken cancellationToken) => new()
    {
        Flags = message.Flags.Within(rights),
        InternalDate = message.InternalDate,
        Content = message.Content,
        TracePrefix = message.TracePrefix,
        Size = message.Size,
        EmailId = message.EmailId,
        ThreadId = await ThreadIds.OfAsync(store, owner, message.Structure, time, cancellationToken),
        Structure = message.Structure,
    };
}
