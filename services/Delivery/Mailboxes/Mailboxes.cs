using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// The mailboxes as the gateways see them: the mailbox store and the content store together. Every change is announced after it is durable.
/// </summary>
public sealed partial class Mailboxes(
    IMailboxStore store,
    IContentStore contents,
    IMailboxChangeFeed changes,
    IDirectory directory,
    FirstFetches firstFetches,
    MailboxSearch search,
    IOptions<MailboxesOptions> options,
    TimeProvider time,
    IMovedMessages? moved = null) : IMailboxes
{
    private readonly AppendedContent _appended = new(contents);

    /// <remarks>
    /// 1. refuse what cannot succeed; of each message in turn: 2. stream to the content store, computing the structure on the way; 3. make the content durable;
    /// then 4. put all into the mailbox; 5. announce. Metadata after content: a crash in between leaves contents that the collector finds.
    /// </remarks>
    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var quota = QuotaLimits.Of(await directory.GetAccountAsync(account, cancellationToken));
        var prepared = new List<NewMessage>();
        var outcome = await PrepareAsync(account, messages, replaced is null ? quota : null, prepared, cancellationToken)
            ?? (replaced is { } other
                ? await store.ReplaceAsync(account, mailbox, prepared.Single(), other, quota, cancellationToken)
                : await store.AppendAsync(account, mailbox, prepared, delivery: null, quota, cancellationToken));
        if (outcome is AppendOutcome.Done { Messages: [.., var last] })
        {
            changes.Announce(new MailboxChanged(account, mailbox, last.ModSeq));
            if (replaced is { } gone && gone.Mailbox != mailbox) await AnnounceAsync(account, gone.Mailbox, cancellationToken);
        }
        else
        {
            await contents.DeleteAsync([.. prepared.Select(message => message.Content)], cancellationToken);
        }
        return outcome;
    }

    /// <summary>Null when all are stored, and not yet in a mailbox.</summary>
    private async ValueTask<AppendOutcome?> PrepareAsync(AccountId account, IAsyncEnumerable<MessageToAppend> messages, QuotaUsage? quota, List<NewMessage> prepared, CancellationToken cancellationToken)
    {
        await foreach (var message in messages.WithCancellation(cancellationToken))
        {
            if (message.Size > options.Value.MaxMessageSize) return new AppendOutcome.TooLarge();
            if (quota is not null && await IsFullAsync(account, quota, prepared, message.Size ?? 0, cancellationToken)) return new AppendOutcome.OverQuota();
            if (await _appended.StoreAsync(message, options.Value.MaxMessageSize, cancellationToken) is not var (info, structure)) return new AppendOutcome.TooLarge();
            if (structure is null) return new AppendOutcome.NotConvertible();
            prepared.Add(new NewMessage
            {
                Flags = message.Flags,
                InternalDate = message.InternalDate ?? time.GetUtcNow(),
                Content = info.Id,
                Size = info.Size,
                EmailId = message.Earlier?.EmailId ?? EmailIds.Of(info.Id),
                Earlier = message.Earlier,
                ThreadId = message.Earlier?.ThreadId ?? prepared.Find(other => other.Structure.Envelope.MessageId is { } id && structure.References.Contains(id))?.ThreadId
                    ?? await ThreadIds.OfAsync(store, account, structure, time, cancellationToken),
                Structure = structure,
            });
        }
        return null;
    }

    public async ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var start = Math.Clamp(offset, 0, message.Size);
        var end = start + Math.Clamp(length, 0, message.Size - start);
        var prefix = message.TracePrefix.Length;
        var head = message.TracePrefix[(int)Math.Min(start, prefix)..(int)Math.Min(end, prefix)];
        if (end <= prefix) return new MessageStream(head, Stream.Null);
        if (end > prefix + message.Structure.Root.BodyOffset) firstFetches.Note(account, message.EmailId);
        var from = Math.Max(start - prefix, 0);
        var tail = await contents.OpenAsync(message.Content, from, end - prefix - from, cancellationToken);
        return head.IsEmpty ? tail : new MessageStream(head, tail);
    }

    public ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken)
        => search.SearchAsync(account, mailbox, criteria, cancellationToken);

    public ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken)
        => search.SortAsync(account, mailbox, keys, criteria, cancellationToken);

    public ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken)
        => search.ThreadAsync(account, mailbox, algorithm, criteria, cancellationToken);

    /// <summary>A look before the upload; the store decides when it counts.</summary>
    private async ValueTask<bool> IsFullAsync(AccountId account, QuotaUsage limits, List<NewMessage> prepared, long size, CancellationToken cancellationToken)
    {
        var used = await store.QuotaAsync(account, cancellationToken);
        return used.Octets + prepared.Sum(message => message.Size) + size > limits.OctetLimit || used.Messages + prepared.Count + 1 > limits.MessageLimit;
    }
}
