namespace Merpati.Mailboxes;

/// <summary>
/// The first unseen message, without walking through the whole mailbox in the usual cases: where many are unseen it comes soon from
/// the front; where few are, they tend to be the newest, and since their number is known a walk from the end knows when it has them all.
/// The steps grow, so that the first is one small read and a long way is not many.
/// </summary>
internal static class FirstUnseen
{
    /// <summary>Messages looked at first.</summary>
    private const int FirstStep = 16;

    public static ValueTask<Uid?> FindAsync(IMailboxMessages messages, AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken)
        => mailbox.Unseen == 0 || uids.Length == 0 ? default
            : mailbox.Unseen > mailbox.Messages / 4 ? FromTheFrontAsync(messages, account, mailbox, uids, cancellationToken)
            : FromTheEndAsync(messages, account, mailbox, uids, cancellationToken);

    private static async ValueTask<Uid?> FromTheFrontAsync(IMailboxMessages messages, AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken)
    {
        for (int start = 0, step = FirstStep; start < uids.Length; start += step, step *= 4)
        {
            if (await UnseenAsync(messages, account, mailbox, uids.AsMemory(start, Math.Min(step, uids.Length - start)), cancellationToken).ConfigureAwait(false) is ({ } first, _)) return first;
        }
        return null;
    }

    private static async ValueTask<Uid?> FromTheEndAsync(IMailboxMessages messages, AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken)
    {
        Uid? first = null;
        var missing = mailbox.Unseen;
        for (int end = uids.Length, step = FirstStep; end > 0 && missing > 0; step *= 4)
        {
            var start = Math.Max(end - step, 0);
            var (firstHere, count) = await UnseenAsync(messages, account, mailbox, uids.AsMemory(start, end - start), cancellationToken).ConfigureAwait(false);
            first = firstHere ?? first;
            missing -= count;
            end = start;
        }
        return first;
    }

    /// <summary>Of some messages the first that is unseen, and how many are.</summary>
    private static async ValueTask<(Uid? First, int Count)> UnseenAsync(IMailboxMessages messages, AccountId account, MailboxInfo mailbox, ReadOnlyMemory<Uid> some, CancellationToken cancellationToken)
    {
        var window = UidSet.Of([new UidRange(some.Span[0], some.Span[^1])]);
        Uid? first = null;
        var unseen = 0;
        await foreach (var state in messages.StatesAsync(account, mailbox.Id, window, cancellationToken).ConfigureAwait(false))
        {
            if (state.Flags.Has(SystemFlags.Seen)) continue;
            unseen++;
            first ??= state.Uid;
        }
        return (first, unseen);
    }
}
