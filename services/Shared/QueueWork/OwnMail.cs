using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using MimeKit;

namespace Merpati.QueueWork;

/// <summary>A message that this server writes by itself: a report, a digest.</summary>
/// <param name="Id">Made of what it is about, so that whoever makes it again makes no second one.</param>
/// <param name="MessageId">Without angle brackets, as the message has it.</param>
/// <param name="Why">In words, for its timeline.</param>
public sealed record OwnMessage(QueueId Id, EmailAddress To, string MessageId, string Why, MimeMessage Message)
{
    /// <summary><c>TLS-Required: No</c> (RFC 8689 §3).</summary>
    public bool TlsOptional { get; init; }

    /// <summary>Header fields on top of the message, each with CRLF.</summary>
    public ReadOnlyMemory<byte> TraceHeaders { get; init; }
}

/// <summary>Puts messages of our own into the queue: with the null reverse-path, so that nothing is ever sent back for them, and with a timeline like all others.</summary>
public sealed class OwnMail(IContentStore contents, IMailQueue queue, IJournal journal, IDirectory directory, IQueueBell bell, TimeProvider time)
{
    private static readonly FormatOptions Lines = new() { NewLineFormat = NewLineFormat.Dos };

    /// <summary>The message is ours to bring on when this returns.</summary>
    public async ValueTask SendAsync(OwnMessage own, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Where it goes is asked first: a content that no entry needs is left behind when the directory is away.
        var local = await directory.IsLocalDomainAsync(own.To.Domain, cancellationToken);
        own.Message.Prepare(EncodingConstraint.SevenBit);
        var content = await contents.StoreAsync((destination, token) => own.Message.WriteToAsync(Lines, destination, token), cancellationToken);
        var entry = new QueueEntry
        {
            Id = own.Id,
            Route = local ? QueueRoute.Local : QueueRoute.Relay,
            Destination = local ? null : RelayEntries.DestinationOf(own.To),
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = own.TraceHeaders,
            TlsOptional = own.TlsOptional,
            SmtpUtf8 = !System.Text.Ascii.IsValid(own.To.LocalPart),
            ReversePath = ReversePath.Null,
            Body = BodyType.SevenBit,
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(own.To, DsnNotify.Never) }],
            AcceptedAt = now,
            NextAttemptAt = now,
        };
        await journal.AppendAsync(ReportTimeline.SubjectOf(entry, own.MessageId), [new TimelineEvent(own.Id, now, TimelineStep.Accepted, null, own.Why)], cancellationToken);
        await queue.EnqueueAsync(entry, cancellationToken);
        bell.Ring(entry.Route);
    }
}
