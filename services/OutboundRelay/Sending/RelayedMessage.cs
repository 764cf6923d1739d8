using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client;
using Merpati.QueueWork;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>The octets of an entry as they go out: what acceptance and we put on top, then the content.</summary>
/// <param name="Entry">What is relayed.</param>
/// <param name="Prefix">Trace headers, with our signatures above.</param>
/// <param name="ContentSize">Octets of the content as it goes out.</param>
/// <param name="OpenContent">Opens the content as it goes out; throws <see cref="Mailboxes.ContentDamagedException"/> where it is missing or damaged, also while it is read.</param>
/// <param name="Body">What the octets need of the next hop.</param>
internal sealed record RelayedMessage(QueueEntry Entry, ReadOnlyMemory<byte> Prefix, long ContentSize, Func<CancellationToken, ValueTask<Stream>> OpenContent, BodyType Body)
{
    /// <summary>A header field of ours: the mail goes whatever TLS is to be had (RFC 8689 §3).</summary>
    public static ReadOnlyMemory<byte> TlsNotRequired { get; } = "TLS-Required: No\r\n"u8.ToArray();

    /// <summary>The mail goes on only over TLS to who promises the same. A report is not lost for that: its return path may be another one (RFC 8689 §5).</summary>
    public static bool NeedsRequireTls(QueueEntry entry) => entry.RequireTls && !entry.ReversePath.IsNull;

    /// <param name="recipients">Those of one transaction.</param>
    /// <param name="canRequireTls">The server offers REQUIRETLS, and we know who it is.</param>
    /// <param name="beforeEnd">See <see cref="OutgoingMessage.BeforeEndAsync"/>.</param>
    public OutgoingMessage For(IReadOnlyList<QueueRecipient> recipients, bool canRequireTls, Func<CancellationToken, ValueTask> beforeEnd) => new()
    {
        Envelope = new Envelope
        {
            ReversePath = Entry.ReversePath,
            Recipients = [.. recipients.Select(recipient => recipient.Recipient)],
            Body = Body,
            SmtpUtf8 = Entry.SmtpUtf8,
            Return = Entry.Return,
            EnvelopeId = Entry.EnvelopeId,
            RequireTls = NeedsRequireTls(Entry) || (Entry.RequireTls && canRequireTls),
            Priority = Entry.Priority,
            DeliverBy = Entry.DeliverBy,
        },
        Size = Prefix.Length + ContentSize,
        OpenAsync = OpenAsync,
        BeforeEndAsync = beforeEnd,
    };

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken) => new MessageStream(Prefix, await OpenContent(cancellationToken));
}
