using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.QueueWork;

/// <summary>Tells the sender what became of the message, where the sender wants to know: a delivery status notification (RFC 3461, RFC 3464).</summary>
/// <param name="hostName">Ours: Reporting-MTA, and the domain of MAILER-DAEMON.</param>
public sealed class ReportToSender(IContentStore contents, IDirectory directory, string hostName, TimeProvider time)
{
    /// <summary>
    /// Null when nobody is to be told. Else the report's content is durable, and the entry that carries it has yet to be put into the queue,
    /// in the same transaction that closes the recipients.
    /// </summary>
    /// <param name="outcomes">What became of recipients in the attempt; those that the sender does not want to hear of are left out.</param>
    public async ValueTask<QueueEntry?> WriteAsync(QueueEntry entry, IEnumerable<ReportedRecipient> outcomes, CancellationToken cancellationToken)
    {
        // A report on a report could go round for ever: the null reverse-path never gets one (RFC 5321 §4.5.5).
        if (entry.ReversePath.Address is not { } sender) return null;
        var recipients = outcomes.Where(outcome => Wants(outcome)).ToList();
        if (recipients.Count == 0) return null;

        var id = ReportId(entry, recipients);
        var now = time.GetUtcNow();
        var report = new DeliveryReport
        {
            ReportingMta = hostName,
            From = new EmailAddress("MAILER-DAEMON", hostName),
            To = sender,
            MessageId = MessageIdOf(id),
            Date = now,
            ArrivalDate = entry.AcceptedAt,
            EnvelopeId = entry.EnvelopeId,
            // RET speaks of failures; a success returns the header alone (RFC 3461 §4.3), and so does all of a message with REQUIRETLS (RFC 8689 §5),
            // or with BINARYMIME, as a report travels as lines.
            Return = !entry.RequireTls && entry.Body != BodyType.BinaryMime && recipients.Exists(r => r.Action == DsnAction.Failed) ? entry.Return : DsnReturn.Headers,
            SmtpUtf8 = entry.SmtpUtf8,
            Recipients = recipients,
        };
        // Where it goes is asked first: a content that no entry needs is left behind when the directory is away.
        var destination = await directory.IsLocalDomainAsync(sender.Domain, cancellationToken) ? null : RelayEntries.DestinationOf(sender);
        var content = await StoreAsync(report, entry, cancellationToken);
        return new QueueEntry
        {
            Id = id,
            Route = destination is null ? QueueRoute.Local : QueueRoute.Relay,
            Destination = destination,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = ReadOnlyMemory<byte>.Empty,
            ReversePath = ReversePath.Null,
            Body = BodyType.EightBitMime,
            SmtpUtf8 = report.IsInternational,
            RequireTls = entry.RequireTls,
            // As urgent as what it reports on (RFC 6710).
            Priority = entry.Priority,
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(sender, DsnNotify.Never) }],
            AcceptedAt = now,
            NextAttemptAt = now,
            // The report belongs to the story of the message that it reports on.
            TraceParent = System.Diagnostics.Activity.Current?.Id ?? entry.TraceParent,
        };
    }

    /// <summary>Message-ID of the report, without angle brackets.</summary>
    public string MessageIdOf(QueueId report) => $"{report}@{hostName}";

    /// <summary>True when the sender has to be told of this.</summary>
    public static bool IsDue(QueueEntry entry, ReportedRecipient? outcome) => outcome is not null && !entry.ReversePath.IsNull && Wants(outcome);

    /// <summary>RFC 3461 §4.1: no NOTIFY means failures and, as we like, delays; NEVER means never.</summary>
    private static bool Wants(ReportedRecipient outcome)
    {
        var notify = outcome.Recipient.Notify;
        return !notify.HasFlag(DsnNotify.Never) && (outcome.AskedOtherwise || outcome.Action switch
        {
            DsnAction.Failed => notify == DsnNotify.Unspecified || notify.HasFlag(DsnNotify.Failure),
            DsnAction.Delayed => notify == DsnNotify.Unspecified || notify.HasFlag(DsnNotify.Delay),
            _ => notify.HasFlag(DsnNotify.Success),
        });
    }

    private async ValueTask<ContentInfo> StoreAsync(DeliveryReport report, QueueEntry entry, CancellationToken cancellationToken)
    {
        var ours = InternalFields.Remove(entry.TraceHeaders);
        try
        {
            await using var original = new MessageStream(ours, await contents.OpenAsync(entry.Content, 0, entry.Size, cancellationToken));
            return await StoreAsync(report, original, cancellationToken);
        }
        catch (ContentDamagedException)
        {
            // The sender has to know all the more; what we can still return is what acceptance wrote.
            using var remains = new MemoryStream(ours.ToArray(), writable: false);
            return await StoreAsync(report with { Return = DsnReturn.Headers }, remains, cancellationToken);
        }
    }

    private ValueTask<ContentInfo> StoreAsync(DeliveryReport report, Stream original, CancellationToken cancellationToken)
        => contents.StoreAsync((destination, token) => DsnBuilder.WriteAsync(report, original, destination, token).AsTask(), cancellationToken);

    /// <summary>
    /// The same for the same recipients of the same message, whatever attempt comes to it: a replay is no second report.
    /// </summary>
    internal static QueueId ReportId(QueueEntry entry, IReadOnlyList<ReportedRecipient> recipients)
    {
        var name = new StringBuilder("report\n").Append(entry.Id).Append('\n');
        foreach (var line in recipients.Select(r => $"{r.Action} {r.Recipient.Address.ToString().ToLowerInvariant()}\n").Order(StringComparer.Ordinal)) name.Append(line);
        return QueueId.Derive(name.ToString(), entry.AcceptedAt);
    }
}
