using System.Globalization;
using System.Security.Cryptography;
using Merpati.Accounts;
using Merpati.Archives;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.UserDirectory.Archives;

/// <summary>
/// Writes all mailboxes of an account into an archive while the account is used: of each mailbox the messages that it had when its turn came, in the state that they have when they are read.
/// A message that cannot be read is left out and named at the end; the others are there.
/// </summary>
public sealed class AccountExport(IMailboxes mailboxes, IDirectoryStore directory, TimeProvider time)
{
    /// <summary>Octets of a message that is kept between being hashed and being written; a larger one is read twice.</summary>
    private const long MaxKept = 1024 * 1024;

    public async ValueTask<ArchiveEnd> WriteAsync(Account account, string program, Stream archive, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        await using var writer = new ArchiveWriter(archive);
        await mailboxes.EnsureAccountAsync(account.Id, cancellationToken);
        var all = await mailboxes.ListAsync(account.Id, cancellationToken);
        var annotations = (await AnnotationsAsync(account.Id, cancellationToken)).ToLookup(annotation => annotation.Mailbox, annotation => new ArchivedAnnotation(annotation.Entry, annotation.Value.ToArray()));
        var grants = (await mailboxes.GrantsAsync(account.Id, mailbox: null, cancellationToken)).ToLookup(grant => grant.Mailbox);
        await writer.WriteHeaderAsync(new ArchiveHeader(ArchiveFormat.Version, account.Address.ToString(), program, time.GetUtcNow(), all.Count, all.Sum(mailbox => mailbox.Messages), all.Sum(mailbox => mailbox.Size))
        {
            Subscriptions = [.. (await mailboxes.ListSubscriptionsAsync(account.Id, cancellationToken)).Select(name => name.Value)],
            Annotations = [.. annotations[Annotations.OfServer]],
        }, cancellationToken);

        var damaged = new List<string>();
        foreach (var listed in all)
        {
            if (await mailboxes.SnapshotAsync(account.Id, listed.Id, cancellationToken) is not var (mailbox, uids)) continue; // deleted since
            await writer.BeginMailboxAsync(new ArchivedMailbox(mailbox.Name.Value, ArchivedFlags.Of(mailbox.SpecialUse), mailbox.UidValidity.Value, mailbox.UidNext.Value, mailbox.HighestModSeq.Value, mailbox.Messages)
            {
                Annotations = [.. annotations[mailbox.Id]],
                Grants = [.. await GrantsAsync(grants[mailbox.Id], cancellationToken)],
            }, cancellationToken);
            await WriteMessagesAsync(writer, account.Id, mailbox, uids, damaged, cancellationToken);
        }
        return await writer.EndAsync(damaged, cancellationToken);
    }

    private async ValueTask WriteMessagesAsync(ArchiveWriter writer, AccountId account, MailboxInfo mailbox, Uid[] uids, List<string> damaged, CancellationToken cancellationToken)
    {
        await foreach (var message in mailboxes.MessagesAsync(account, mailbox.Id, UidSet.Of(uids), cancellationToken))
        {
            MessageToArchive prepared;
            try { prepared = await PrepareAsync(account, message, cancellationToken); }
            catch (ContentDamagedException damage)
            {
                damaged.Add(string.Create(CultureInfo.InvariantCulture, $"{mailbox.Name}/{message.Uid}: {damage.Message}"));
                continue;
            }
            await writer.AddAsync(prepared, cancellationToken);
        }
    }

    /// <summary>Reads the whole message, so that nothing that is damaged comes into the archive.</summary>
    private async ValueTask<MessageToArchive> PrepareAsync(AccountId account, MessageInfo message, CancellationToken cancellationToken)
    {
        // Not a person who reads it: the timeline is not told of it.
        var unread = message with { EmailId = "" };
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var kept = message.Size <= MaxKept ? new byte[message.Size] : null;
        await using (var octets = await mailboxes.OpenAsync(account, unread, 0, message.Size, cancellationToken))
        {
            var buffer = kept ?? new byte[64 * 1024];
            var length = 0L;
            while (length < message.Size && await octets.ReadAsync(kept is null ? buffer : buffer.AsMemory((int)length), cancellationToken) is var read and > 0)
            {
                hash.AppendData(buffer, kept is null ? 0 : (int)length, read);
                length += read;
            }
            if (length < message.Size) throw new ContentDamagedException(message.Content, $"{message.Size - length} octets are missing");
        }
        var archived = new ArchivedMessage(
            message.Uid.Value,
            message.ModSeq.Value,
            ArchivedFlags.Of(message.Flags.System),
            message.Flags.Keywords,
            message.InternalDate,
            message.SaveDate,
            message.EmailId,
            message.ThreadId,
            message.Size,
            Convert.ToHexStringLower(hash.GetHashAndReset()));
        return new MessageToArchive(archived, kept is null ? token => mailboxes.OpenAsync(account, unread, 0, message.Size, token) : _ => new(new MemoryStream(kept, writable: false)));
    }

    private async ValueTask<List<Annotation>> AnnotationsAsync(AccountId account, CancellationToken cancellationToken)
    {
        var annotations = new List<Annotation>();
        await foreach (var annotation in mailboxes.AnnotationsAsync(account, mailbox: null, cancellationToken)) annotations.Add(annotation);
        return annotations;
    }

    /// <summary>By address: another server has other ids.</summary>
    private async ValueTask<List<ArchivedGrant>> GrantsAsync(IEnumerable<MailboxGrant> grants, CancellationToken cancellationToken)
    {
        var archived = new List<ArchivedGrant>();
        foreach (var grant in grants)
        {
            var name = grant.Grantee.Account is { } id ? (await directory.FindAccountAsync(id, cancellationToken))?.Address.ToString() : grant.Grantee.Key;
            if (name is not null) archived.Add(new ArchivedGrant(name, grant.Negative, RightsText.Format(grant.Rights)));
        }
        return archived;
    }
}
