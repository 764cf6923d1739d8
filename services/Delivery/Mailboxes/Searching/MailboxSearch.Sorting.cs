using System.Runtime.CompilerServices;
using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

/// <summary>SORT and THREAD (RFC 5256): a search, then what was computed at arrival of the messages found.</summary>
public sealed partial class MailboxSearch
{
    public async ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var sorted = new SortedMessages(keys);
        await foreach (var message in FoundAsync(account, mailbox, criteria, cancellationToken)) sorted.Add(message);
        return sorted.ToUids();
    }

    public async ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        var threads = new MessageThreads(algorithm);
        await foreach (var message in FoundAsync(account, mailbox, criteria, cancellationToken)) threads.Add(message);
        return threads.ToPlaces();
    }

    private async IAsyncEnumerable<MessageInfo> FoundAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = await SearchAsync(account, mailbox, criteria, cancellationToken);
        if (found.Count == 0) yield break;
        var wanted = found.ToHashSet();
        await foreach (var message in store.MessagesAsync(account, mailbox, Narrow(found), cancellationToken))
        {
            if (wanted.Contains(message.Uid)) yield return message;
        }
    }
}
