using System.Diagnostics;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Door;
using Merpati.SmtpIngress.Recipients;
using Merpati.SmtpIngress.Scanners;
using Merpati.SmtpIngress.Senders;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>What every acceptance needs, and where it begins.</summary>
internal sealed class MessageAcceptance(IContentStore contents, IMailQueue queue, IJournal journal, IQueueBell bell, BinaryMessage binary, DoorPolicy door, SenderPolicy senders, RecipientRouting routing, MessageChecks checks, ContentScanners scanners, DmarcCounts dmarc, PolicySource policy, StoreRoom room,
    IngressMetrics metrics, IOptions<SmtpIngressOptions> options, TimeProvider time, ILogger<MessageAcceptance> logger)
{
    public IMailQueue Queue => queue;

    public IJournal Journal => journal;

    public IQueueBell Bell => bell;

    public BinaryMessage Binary => binary;

    public DoorPolicy Door => door;

    public SenderPolicy Senders => senders;

    public RecipientRouting Routing => routing;

    public ContentScanners Scanners => scanners;

    public DmarcCounts Dmarc => dmarc;

    public IContentStore Contents => contents;

    public PolicySource Policy => policy;

    public IngressMetrics Metrics => metrics;

    public SmtpIngressOptions Options { get; } = options.Value;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>Opens the store for one message; refuses before its octets are sent when the store does not want them.</summary>
    public async ValueTask<BodyVerdict> BeginAsync(SmtpRole role, SmtpPeer peer, Envelope envelope, MessageScan? scan, CancellationToken cancellationToken)
    {
        var activity = StartTrace();
        var id = activity is null ? QueueId.New(time) : QueueId.FromTraceId(activity.TraceId);
        try
        {
            var writer = await contents.CreateAsync(cancellationToken).ConfigureAwait(false);
            return new BodyVerdict.Accepted(new AcceptMessage(this, role, peer, envelope, id, activity, writer, checks.Begin(role, peer, envelope), scan));
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            activity?.Dispose();
            return new BodyVerdict.Refused(ReplyToStore(fault, id));
        }
    }

    /// <summary>The wire's word for a fault of the store: temporary in any case, for the message is still the client's.</summary>
    public SmtpReply ReplyToStore(Exception fault, QueueId id)
    {
        if (fault is not StoreFullException)
        {
            logger.StoreFault(fault, id);
            return Replies.LocalError;
        }
        room.MarkFull();
        logger.StoreFull(id, fault.Message);
        return Replies.StoreFull;
    }

    /// <summary>A trace of its own for each message, whatever the connection belongs to; null when nobody listens.</summary>
    private static Activity? StartTrace()
    {
        var around = Activity.Current;
        Activity.Current = null;
        var activity = IngressMetrics.Activities.StartActivity("accept message", ActivityKind.Server);
        Activity.Current = around;
        return activity;
    }
}
