using System.Diagnostics;
using Merpati.Mail;
using Merpati.Mail.Dns;
using Merpati.Mailboxes;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Sending;
using Merpati.QueueWork;
using Merpati.Queueing;
using Merpati.Relaying;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// One attempt on one entry of the relay queue:
/// <list type="number">
/// <item>What a person wants back, whoever is on the suppression list, and what is over, is not tried.</item>
/// <item>Wait for a place at the gate of the destination; where it is left alone, or the rate is reached, the entry comes again later. Where it goes well the intent is written meanwhile.</item>
/// <item>Find the hosts of the destination.</item>
/// <item>Offer the message to them, one after the other. Before the end of the message the intent is durable.</item>
/// <item>Sum up each recipient: relayed, bounced, or still queued.</item>
/// <item>Write the report to the sender, if one is due; its content is durable now.</item>
/// <item>Write the timeline. Before the queue, so that a crash in between repeats an event and never loses one; at the same time, once the next hop has it: its promise must be recorded soonest.</item>
/// <item>Close what is settled, put the report into the queue and give up the lease, in one transaction.</item>
/// </list>
/// A crash between the reply in 4 and the end of 8 repeats the attempt: the message is doubled then, which the intent makes known; it is never lost.
/// </summary>
internal sealed class RelayAttempt(
    DestinationGates gates,
    FindHosts hosts,
    ISuppressionList suppressions,
    OfferToHosts offers,
    RelaySchedules schedules,
    RelayVerdicts judge,
    ReportToSender reports,
    HardBounces bounces,
    IMailQueue queue,
    IJournal journal,
    IQueueBell bell,
    RelayMetrics metrics,
    IOptions<OutboundRelayOptions> options,
    TimeProvider time,
    ILogger<RelayAttempt> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly OutboundRelayOptions _options = options.Value;

    public async ValueTask RunAsync(LeaseHolder lease, CancellationToken cancellationToken)
    {
        var entry = lease.Current.Entry;
        using var activity = AttemptSpan.Start(RelayTelemetry.Source, "relay", entry);
        var started = time.GetTimestamp();
        try
        {
            var queued = entry.Recipients.Where(recipient => recipient.State == RecipientState.Queued).DistinctBy(recipient => recipient.Recipient.Address).ToList();
            var offer = await OfferAsync(lease, entry, queued, cancellationToken);
            // What the next hop has must be written down, even if we are to stop.
            await CloseAsync(lease, entry, queued, offer, activity, started, offer.Fates.Any(fate => fate is Fate.Relayed) ? CancellationToken.None : cancellationToken);
        }
        catch (LeaseLostException)
        {
            LeaseLost(entry.Id, lease.Current.Worker, activity);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            await SetAsideAsync(lease, entry, exception, cancellationToken);
        }
    }

    /// <summary>Steps 1 to 4.</summary>
    private async ValueTask<Offer> OfferAsync(LeaseHolder lease, QueueEntry entry, IReadOnlyList<QueueRecipient> queued, CancellationToken cancellationToken)
    {
        // 1
        var now = time.GetUtcNow();
        var suppressed = await suppressions.FindAsync([.. queued.Select(recipient => recipient.Recipient.Address)], entry.ReversePath.Address, cancellationToken);
        var fates = new Fate?[queued.Count];
        for (var i = 0; i < fates.Length; i++)
        {
            if (queued[i].BounceRequested is { } reason) fates[i] = new Fate.Refused("5.7.1", $"550 5.7.1 {reason}");
            else if (suppressed.TryGetValue(queued[i].Recipient.Address, out var suppression)) fates[i] = new Fate.Refused("5.7.1", $"550 5.7.1 No mail is sent to {suppression.Pattern}: {suppression.Reason}");
            else if (entry.DeliverBy is { Mode: Envelopes.DeliverByMode.Return } && judge.Expired(entry, now) is { } over) fates[i] = new Fate.Refused("5.4.7", $"550 5.4.7 {over}");
        }
        var open = queued.Where((_, i) => fates[i] is null).ToList();
        var offer = open.Count == 0 ? new Offer([], [], GateFeedback.None, null) : await ThroughGateAsync(lease, entry, open, cancellationToken);
        var next = 0;
        for (var i = 0; i < fates.Length; i++) fates[i] ??= offer.Fates[next++];
        return offer with { Fates = fates! };
    }

    private async ValueTask<Offer> ThroughGateAsync(LeaseHolder lease, QueueEntry entry, IReadOnlyList<QueueRecipient> open, CancellationToken cancellationToken)
    {
        // 2
        var destination = DestinationOf(entry);
        var gate = gates.Of(destination);
        string? intended = null;
        async ValueTask IntendAsync(string host)
        {
            await offers.IntendAsync(lease, open, host, cancellationToken);
            intended = host;
        }
        if (await gate.EnterAsync(IntendAsync, cancellationToken) is { } rests) return All(open, new Fate.Postponed("4.4.1", rests), $"{destination} is left alone for a while: {rests}");
        var (feedback, failure, host) = (GateFeedback.None, default(string), default(string));
        try
        {
            if (await gate.TakeTurnAsync(cancellationToken) is { } destinationTurn) return All(open, new Fate.Postponed("4.7.0", $"450 4.7.0 The rate for {destination} is reached", destinationTurn));
            if (await gates.TakeTurnOfSenderAsync(entry, cancellationToken) is { } senderTurn) return All(open, new Fate.Postponed("4.7.0", "450 4.7.0 The rate for the sender is reached", senderTurn));
            var offer = await ToHostsAsync(lease, entry, destination, open, intended, cancellationToken);
            (feedback, failure, host) = (offer.Feedback, offer.Failure, offer.Fates.OfType<Fate.Relayed>().FirstOrDefault()?.Host);
            return offer;
        }
        finally
        {
            gate.Leave(feedback, failure, host);
        }
    }

    private async ValueTask<Offer> ToHostsAsync(LeaseHolder lease, QueueEntry entry, string destination, IReadOnlyList<QueueRecipient> open, string? intended, CancellationToken cancellationToken)
    {
        // 3
        using var limit = new CancellationTokenSource(_options.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var way = await hosts.OfAsync(destination, either.Token);
            var found = way.To;
            if (found is Destination.None none)
            {
                var detail = none.Detail ?? none.ToString();
                return none.Permanent
                    ? All(open, new Fate.Refused(none.Status, none.ToString()), detail)
                    : All(open, new Fate.Postponed(none.Status, none.ToString()), detail) with { Feedback = GateFeedback.Bad, Failure = none.ToString() };
            }
            // 4
            var doubles = open.Where(recipient => recipient.Intent is not null).Select(RelayTimeline.MayBeDouble).ToList();
            if (doubles.Count > 0)
            {
                metrics.MayBeDouble(doubles.Count);
                logger.MayBeDouble(entry.Id, doubles.Count);
            }
            var to = (Destination.Hosts)found;
            var offer = await offers.RunAsync(lease, entry, to, way.Route, open, intended, either.Token);
            return offer with { Steps = [.. doubles, .. to.Notes, .. offer.Steps] };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return All(open, new Fate.Postponed("4.4.7", $"450 4.4.7 {destination} took longer than an attempt may take")) with { Feedback = GateFeedback.Bad, Failure = $"450 4.4.7 {destination} took longer than an attempt may take" };
        }
    }

    /// <summary>Steps 5 to 8.</summary>
    private async ValueTask CloseAsync(LeaseHolder lease, QueueEntry entry, IReadOnlyList<QueueRecipient> queued, Offer offer, Activity? activity, long started, CancellationToken cancellationToken)
    {
        // 5
        var now = time.GetUtcNow();
        var verdicts = queued.Zip(offer.Fates, (recipient, fate) => judge.Of(entry, recipient, fate, now)).ToList();

        // 6
        QueueEntry? report = null;
        try
        {
            report = await reports.WriteAsync(entry, verdicts.Select(verdict => verdict.Outcome).OfType<ReportedRecipient>(), cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody is bounced whose sender could not be told. What the next hop has stays relayed: to offer it again would double it.
            verdicts = verdicts.ConvertAll(verdict => Unreported(entry, verdict, exception));
            logger.ReportFailed(entry.Id, exception);
        }

        // 7
        var nextAttempt = schedules.NextAttempt(entry, now, verdicts.Select(verdict => (verdict.Fate as Fate.Postponed)?.RetryAt).Where(at => at is not null).Min());
        var timeline = WriteTimelineAsync(entry.Id, RelayTimeline.Of(entry, offer.Steps, verdicts, report, now, nextAttempt), report, cancellationToken);
        var promise = verdicts.Select(verdict => verdict.Fate).OfType<Fate.Relayed>().MinBy(relayed => relayed.ReadAt);
        if (promise is null) await timeline;

        // 8
        var completed = await CompleteAsync(lease, verdicts, nextAttempt, report, cancellationToken);
        if (promise is not null)
        {
            if (completed) metrics.Recorded(time.GetElapsedTime(promise.ReadAt));
            await timeline;
        }
        if (!completed)
        {
            LeaseLost(entry.Id, lease.Current.Worker, activity);
            return;
        }
        if (report is not null) bell.Ring(report.Route);
        foreach (var verdict in verdicts)
        {
            // The words of a server, not of a person or a policy of ours.
            if (verdict is { State: RecipientState.Bounced, Fate: Fate.Refused { Host: { } said, Code: HardBounces.NoSuchMailbox } refused }) await bounces.CountAsync(verdict.Address, said, refused.Text, cancellationToken);
        }
        Account(entry, verdicts, activity, time.GetElapsedTime(started));
    }

    /// <summary>Once the next hop has it, a queue that is away for a while is waited for: to try the message again would double it.</summary>
    private async ValueTask<bool> CompleteAsync(LeaseHolder lease, List<RelayVerdict> verdicts, DateTimeOffset nextAttempt, QueueEntry? report, CancellationToken cancellationToken)
    {
        var results = verdicts.ConvertAll(verdict => verdict.Result);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await queue.CompleteAsync(lease.Current, results, nextAttempt, report is null ? [] : [report], cancellationToken);
            }
            catch (Exception exception) when (verdicts.Exists(verdict => verdict.State == RecipientState.Relayed))
            {
                logger.NotRecorded(lease.Current.Entry.Id, pause, exception);
            }
            await Task.Delay(pause, time, CancellationToken.None);
        }
    }

    /// <summary>The attempt broke as a whole. The entry comes again later, and is held if that goes on.</summary>
    private async ValueTask SetAsideAsync(LeaseHolder lease, QueueEntry entry, Exception exception, CancellationToken cancellationToken)
    {
        logger.AttemptFailed(entry.Id, exception);
        var now = time.GetUtcNow();
        var (state, text) = exception switch
        {
            ContentDamagedException damage => (RecipientState.Held, $"4.3.0 {damage.Message}"),
            StoreFullException => (RecipientState.Queued, "4.3.1 The mail system is full"),
            // A store or the directory is away: an outage says nothing about the message.
            IOException or TimeoutException or OperationCanceledException => (RecipientState.Queued, $"4.3.0 The mail system has a temporary problem ({exception.GetType().Name})"),
            _ when entry.Attempts >= _options.HoldAfterFaults => (RecipientState.Held, $"4.3.0 {exception.GetType().Name} in every attempt"),
            _ => (RecipientState.Queued, $"4.3.0 The mail system has a temporary problem ({exception.GetType().Name})"),
        };
        var verdicts = entry.Recipients.Where(recipient => recipient.State == RecipientState.Queued).DistinctBy(recipient => recipient.Recipient.Address)
            .Select(recipient => new RelayVerdict(recipient, state, new Fate.Postponed("4.3.0", text, Uncertain: recipient.Intent is not null), text, null)).ToList();
        var nextAttempt = schedules.NextAttempt(entry, now, null);
        await WriteTimelineAsync(entry.Id, RelayTimeline.Of(entry, [], verdicts, null, now, nextAttempt), null, cancellationToken);
        await queue.CompleteAsync(lease.Current, verdicts.ConvertAll(verdict => verdict.Result), nextAttempt, [], cancellationToken);
        foreach (var verdict in verdicts) metrics.Settled(verdict.State);
    }

    private static RelayVerdict Unreported(QueueEntry entry, RelayVerdict verdict, Exception exception)
    {
        if (!ReportToSender.IsDue(entry, verdict.Outcome)) return verdict;
        if (verdict.State is RecipientState.Relayed or RecipientState.Queued) return verdict with { Outcome = null };
        var text = $"450 4.3.0 The report to the sender could not be written ({exception.GetType().Name}): {verdict.Text}";
        return verdict with { State = RecipientState.Queued, Fate = new Fate.Postponed("4.3.0", text), Text = text, Outcome = null };
    }

    /// <summary>The timeline is for people: without it mail is relayed all the same.</summary>
    private async Task WriteTimelineAsync(QueueId id, IReadOnlyList<TimelineEvent> events, QueueEntry? report, CancellationToken cancellationToken)
    {
        try
        {
            if (report is not null) await journal.AppendAsync(ReportTimeline.SubjectOf(report, reports.MessageIdOf(report.Id)), ReportTimeline.Of(id, report), cancellationToken);
            if (events.Count > 0) await journal.AppendAsync(null, events, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.TimelineFailed(id, exception);
        }
    }

    private void LeaseLost(QueueId id, string worker, Activity? activity)
    {
        metrics.LeaseLost();
        logger.LeaseLost(id, worker);
        activity?.SetStatus(ActivityStatusCode.Error, "lease lost");
    }

    private void Account(QueueEntry entry, IReadOnlyList<RelayVerdict> verdicts, Activity? activity, TimeSpan duration)
    {
        metrics.Attempted(duration, verdicts);
        foreach (var verdict in verdicts)
        {
            metrics.Settled(verdict.State);
            if (verdict.State == RecipientState.Relayed) metrics.Relayed(time.GetUtcNow() - entry.AcceptedAt);
            if (verdict.State == RecipientState.Bounced) logger.Bounced(entry.Id, verdict.Address, verdict.Text);
        }
        if (activity is null) return;
        activity.SetTag("merpati.destination", entry.Destination);
        activity.SetTag("merpati.relayed", verdicts.Count(verdict => verdict.State == RecipientState.Relayed));
        activity.SetTag("merpati.deferred", verdicts.Count(verdict => verdict.State == RecipientState.Queued));
        activity.SetTag("merpati.bounced", verdicts.Count(verdict => verdict.State == RecipientState.Bounced));
    }

    private static string DestinationOf(QueueEntry entry) => entry.Destination ?? entry.Recipients[0].Recipient.Address.Domain;

    private static Offer All(IReadOnlyList<QueueRecipient> open, Fate fate, params string[] steps) => new([.. open.Select(_ => fate)], steps, GateFeedback.None, null);
}
