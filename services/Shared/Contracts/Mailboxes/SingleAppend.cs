namespace Merpati.Mailboxes;

/// <summary>APPEND of one message.</summary>
public static class SingleAppend
{
    /// <inheritdoc cref="IMailboxes.AppendAsync"/>
    public static ValueTask<AppendOutcome> AppendAsync(
        this IMailboxes mailboxes, AccountId account, MailboxId mailbox, MessageFlags flags, DateTimeOffset? internalDate, long size, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mailboxes);
        return mailboxes.AppendAsync(account, mailbox, new[] { new MessageToAppend(flags, internalDate, size, content) }.ToAsyncEnumerable(), replaced: null, cancellationToken);
    }
}
