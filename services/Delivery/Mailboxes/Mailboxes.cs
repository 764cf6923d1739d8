using Merpati.Accounts;
using Merpati.Mail;
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
    TimeProvider time) : IMailboxes
{
    /// <remarks>
    /// 1. refuse what cannot succeed; 2. stream to the content store, computing the structure on the way; 3. make the content durable;
    /// 4. put it into the mailbox; 5. announce. Metadata after content: a crash in between leaves a content that the collector finds.
    /// </remarks>
    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, MessageFlags flags, DateTimeOffset? internalDate, long size, Stream content, CancellationToken cancellationToken)
    {
        if (size > options.Value.MaxMessageSize) return new AppendOutcome.TooLarge();
        var quota = QuotaLimits.Of(await directory.GetAccountAsync(account, cancellationToken));
        if (quota is not null && await IsFullAsync(account, quota, size, cancellationToken)) return new AppendOutcome.OverQuota();

        var (info, structure) = await StoreContentAsync(size, content, cancellationToken);
        var message = new NewMessage
        {
            Flags = flags,
            InternalDate = internalDate ?? time.GetUtcNow(),
            Content = info.Id,
            Size = info.Size,
            EmailId = EmailIds.Of(info.Id),
            ThreadId = await ThreadIds.OfAsync(store, account, structure, time, cancellationToken),
            Structure = structure,
        };
        var outcome = await store.AppendAsync(account, mailbox, [message], delivery: null, quota, cancellationToken);
        if (outcome is AppendOutcome.Done { Messages: [var appended] }) changes.Announce(new MailboxChanged(account, mailbox, appended.ModSeq));
        else await contents.DeleteAsync([info.Id], cancellationToken);
        return outcome;
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
    private async ValueTask<bool> IsFullAsync(AccountId account, QuotaUsage limits, long size, CancellationToken cancellationToken)
    {
        var used = await store.QuotaAsync(account, cancellationToken);
        return used.Octets + size > limits.OctetLimit || used.Messages + 1 > limits.MessageLimit;
    }

    private async ValueTask<(ContentInfo Content, MessageStructure Structure)> StoreContentAsync(long size, Stream content, CancellationToken cancellationToken)
    {
        using var builder = new MessageStructureBuilder();
        await using var writer = await contents.CreateAsync(cancellationToken);
        for (var missing = size; missing > 0;)
        {
            var room = builder.GetMemory();
            if (room.Length > missing) room = room[..(int)missing];
            var read = await content.ReadAsync(room, cancellationToken);
            if (read == 0) throw new EndOfStreamException($"The message ended {missing} octets early.");
            await writer.WriteAsync(room[..read], cancellationToken);
            builder.Advance(read);
            missing -= read;
        }
        return (await writer.CommitAsync(cancellationToken), builder.Complete());
    }
}
