using Merpati.Mail.Dns;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>When an entry is tried again and when it is given up: by domain, and by what the server said.</summary>
internal sealed class RelaySchedules(IOptions<OutboundRelayOptions> options)
{
    /// <summary>What large providers say to those who send too much; a rule of the configuration that fits comes first.</summary>
    private static readonly ReplyRule[] KnownReplies =
    [
        new() { Pattern = @"^421 4\.7\.\d", TooMany = true },
        new() { Pattern = @"^4(21|50|51|52) .*(too many (concurrent |recent )?(connections|messages|mails|e-?mails|sessions)|rate.?limit|throttl|sending rate|unusual rate)", TooMany = true },
    ];

    private readonly OutboundRelayOptions _options = options.Value;
    private readonly DomainTable<DomainRelayOptions> _domains = new(options.Value.Domains);

    /// <summary>Null where nothing is known of the reply.</summary>
    public ReplyRule? RuleFor(string reply) => _options.Replies.Concat(KnownReplies).FirstOrDefault(rule => rule.Matches(reply));

    /// <summary>It is over: the mail is as old as it may become, and was tried often enough for that.</summary>
    public bool IsOver(QueueEntry entry, DateTimeOffset now) => entry.Attempts >= _options.FewestAttempts && now >= entry.AcceptedAt + Of(entry).GiveUpAfter;

    /// <summary>When an entry that is not relayed is given up; for Will-Retry-Until.</summary>
    public DateTimeOffset EndOf(QueueEntry entry)
    {
        var end = entry.AcceptedAt + Of(entry).GiveUpAfter;
        return entry.DeliverBy is { Mode: Envelopes.DeliverByMode.Return, At: var at } && at < end ? at : end;
    }

    /// <param name="wanted">What the reply, or a rest, asks for; null leaves it to the schedule.</param>
    public DateTimeOffset NextAttempt(QueueEntry entry, DateTimeOffset now, DateTimeOffset? wanted)
    {
        var schedule = Of(entry);
        var next = wanted is { } asked && asked > now ? asked : schedule.NextAttempt(now, entry.Attempts, entry.AcceptedAt);
        // Not later than the moment at which something has to be said of it.
        foreach (var moment in new[] { EndOf(entry), entry.DeliverBy?.At, DelayReportAt(entry) })
        {
            if (moment > now && moment < next) next = moment.Value;
        }
        return next;
    }

    /// <summary>When the sender is to be told that it is late; null when that was done, or is never done.</summary>
    public DateTimeOffset? DelayReportAt(QueueEntry entry)
        => _options.DelayReportAfter > TimeSpan.Zero && entry.Recipients.Any(recipient => recipient.State == RecipientState.Queued && !recipient.DelayReported) ? entry.AcceptedAt + _options.DelayReportAfter : null;

    private RetrySchedule Of(QueueEntry entry)
    {
        var own = entry.Destination is { } domain && _domains.TryFind(domain, out var found) ? found : null;
        return new RetrySchedule(own?.FirstRetry ?? _options.FirstRetry, own?.LongestRetry ?? _options.LongestRetry, own?.GiveUpAfter ?? _options.GiveUpAfter);
    }
}
