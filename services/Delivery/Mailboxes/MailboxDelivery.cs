using Merpati.Accounts;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Where in the account a message goes.</summary>
public abstract record DeliveryTarget
{
    private DeliveryTarget() { }

    public static DeliveryTarget Inbox { get; } = new Named(MailboxName.Inbox);

    public sealed record Named(MailboxName Name) : DeliveryTarget;

    public sealed record Special(SpecialUse Use) : DeliveryTarget;
}

/// <summary>Puts a message from the queue into a mailbox, once per delivery key, and tells the sessions.</summary>
public sealed class MailboxDelivery(IMailboxStore store, IMailboxChangeFeed changes, TimeProvider time)
{
    /// <summary>
    /// Durable when it returns. A mailbox other than INBOX that is not there is <see cref="AppendOutcome.NoSuchMailbox"/>; INBOX is made.
    /// </summary>
    /// <param name="tracePrefix">All headers that stand before the content in this mailbox, those of acceptance among them, each with CRLF.</param>
    /// <param name="structure">Of the content alone; it serves every recipient.</param>
    public async ValueTask<AppendOutcome> DeliverAsync(Account account, DeliveryTarget target, QueueEntry entry, ReadOnlyMemory<byte> tracePrefix, MessageStructure structure, DeliveryKey key, CancellationToken cancellationToken)
    {
        if (await FindAsync(account.Id, target, cancellationToken) is not { } mailbox) return new AppendOutcome.NoSuchMailbox();
        var completed = TraceHeaders.Complete(structure, tracePrefix.Span);
        var message = new NewMessage
        {
            Flags = MessageFlags.None,
            InternalDate = time.GetUtcNow(),
            Content = entry.Content,
            TracePrefix = tracePrefix,
            Size = tracePrefix.Length + entry.Size,
            EmailId = EmailIds.Of(entry.Id),
            ThreadId = await ThreadIds.OfAsync(store, account.Id, completed, time, cancellationToken),
            Structure = completed,
        };
        var outcome = await store.AppendAsync(account.Id, mailbox.Id, [message], key, QuotaLimits.Of(account), cancellationToken);
        if (outcome is AppendOutcome.Done { Messages: [var appended] }) changes.Announce(new MailboxChanged(account.Id, mailbox.Id, appended.ModSeq));
        return outcome;
    }

    private async ValueTask<MailboxInfo?> FindAsync(AccountId account, DeliveryTarget target, CancellationToken cancellationToken)
    {
        var mailbox = await LookUpAsync();
        if (mailbox is not null || target is DeliveryTarget.Named { Name.IsInbox: false }) return mailbox;
        await store.EnsureAccountAsync(account, cancellationToken);
        return await LookUpAsync();

        ValueTask<MailboxInfo?> LookUpAsync() => target is DeliveryTarget.Special special
            ? store.FindSpecialUseAsync(account, special.Use, cancellationToken)
            : store.FindAsync(account, ((DeliveryTarget.Named)target).Name, cancellationToken);
    }
}

/// <summary>The limits of an account in the form that the store wants.</summary>
internal static class QuotaLimits
{
    public static QuotaUsage? Of(Account? account)
        => account is { QuotaOctets: null, QuotaMessages: null } or null ? null : new QuotaUsage(0, 0, account.QuotaOctets, account.QuotaMessages);
}
