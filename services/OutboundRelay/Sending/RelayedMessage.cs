using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client;
using Merpati.QueueWork;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>The octets of an entry as they go out: what acceptance and we put on top, then the content, which is never touched.</summary>
internal sealed class RelayedMessage(QueueEntry entry, ReadOnlyMemory<byte> prefix, IContentStore contents)
{
    /// <summary>A header field of ours: the mail goes whatever TLS is to be had (RFC 8689 §5).</summary>
    public static ReadOnlyMemory<byte> TlsNotRequired { get; } = "TLS-Required: No\r\n"u8.ToArray();

    public QueueEntry Entry => entry;

    /// <summary>It is to go even where DANE or MTA-STS forbid it.</summary>
    public bool NeedsNoTls => entry.TraceHeaders.Span.StartsWith(TlsNotRequired.Span);

    public long Size => prefix.Length + entry.Size;

    /// <param name="recipients">Those of one transaction.</param>
    /// <param name="beforeEnd">See <see cref="OutgoingMessage.BeforeEndAsync"/>.</param>
    public OutgoingMessage For(IReadOnlyList<QueueRecipient> recipients, Func<CancellationToken, ValueTask> beforeEnd) => new()
    {
        Envelope = new Envelope
        {
            ReversePath = entry.ReversePath,
            Recipients = [.. recipients.Select(recipient => recipient.Recipient)],
            Body = entry.Body,
            SmtpUtf8 = entry.SmtpUtf8,
            Return = entry.Return,
            EnvelopeId = entry.EnvelopeId,
            RequireTls = entry.RequireTls,
            Priority = entry.Priority,
            DeliverBy = entry.DeliverBy,
        },
        Size = Size,
        OpenAsync = OpenAsync,
        BeforeEndAsync = beforeEnd,
    };

    /// <exception cref="Mailboxes.ContentDamagedException">Missing or damaged; also while reading.</exception>
    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) => new MessageStream(prefix, await contents.OpenAsync(entry.Content, 0, entry.Size, cancellationToken));
}
