using System.Security.Cryptography;
using Merpati.Archives;
using Merpati.Mailboxes;

namespace Merpati.Cli.Archives;

/// <summary>A mailbox in files of this machine.</summary>
internal sealed record LocalMailbox(ArchivedMailbox Info, IAsyncEnumerable<LocalMessage> Messages);

/// <param name="Octets">With CRLF at the ends of lines, as the server has it.</param>
internal sealed record LocalMessage(uint? Uid, MessageFlags Flags, DateTimeOffset? InternalDate, ReadOnlyMemory<byte> Octets);

/// <summary>Where an export goes: files of another form than the archive's.</summary>
internal interface IMailFiles
{
    ValueTask BeginAsync(ArchiveHeader header, CancellationToken cancellationToken);

    /// <summary>The messages that come next are of this one.</summary>
    ValueTask BeginMailboxAsync(MailboxName name, ArchivedMailbox mailbox, CancellationToken cancellationToken);

    ValueTask WriteAsync(ArchivedMessage message, Stream octets, CancellationToken cancellationToken);

    /// <summary>After the last message.</summary>
    ValueTask EndAsync(CancellationToken cancellationToken);
}

/// <summary>Makes an archive of mail in files, so that the server sees one form only.</summary>
internal static class LocalMail
{
    /// <param name="progress">Told of messages and octets as they go.</param>
    public static async Task WriteArchiveAsync(this IAsyncEnumerable<LocalMailbox> mailboxes, string account, Stream archive, TimeProvider time, Action<long> progress, CancellationToken cancellationToken)
    {
        await using var writer = new ArchiveWriter(archive);
        await writer.WriteHeaderAsync(new ArchiveHeader(ArchiveFormat.Version, account, "merpati import", time.GetUtcNow(), 0, 0, 0), cancellationToken);
        await foreach (var mailbox in mailboxes.WithCancellation(cancellationToken))
        {
            await writer.BeginMailboxAsync(mailbox.Info, cancellationToken);
            await foreach (var message in mailbox.Messages.WithCancellation(cancellationToken))
            {
                await writer.AddAsync(ToArchive(message), cancellationToken);
                progress(message.Octets.Length);
            }
        }
        await writer.EndAsync([], cancellationToken);
    }

    private static MessageToArchive ToArchive(LocalMessage message)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(message.Octets.Span));
        return new MessageToArchive(
            new ArchivedMessage(message.Uid, null, ArchivedFlags.Of(message.Flags.System), message.Flags.Keywords, message.InternalDate, null, ArchiveFormat.EmailIdOf(digest), null, message.Octets.Length, digest),
            _ => new(new MemoryStream(message.Octets.ToArray(), writable: false)));
    }
}
