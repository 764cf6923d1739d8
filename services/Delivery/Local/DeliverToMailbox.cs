using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Delivery.Mailboxes;
using Merpati.Delivery.Reports;
using Merpati.Delivery.Routing;
using Merpati.Mail;
using Merpati.Mail.Policy;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Local;

/// <summary>
/// One attempt on one entry of the local queue:
/// <list type="number">
/// <item>Expand each queued recipient to the accounts and the addresses elsewhere behind it.</item>
/// <item>Read the message once for all of them.</item>
/// <item>Put one copy into the mailbox of each account: an account that two recipients lead to gets one.</item>
/// <item>Sum up each recipient: delivered, redirected, bounced, held, or still queued.</item>
/// <item>Write the report to the sender, if one is due; its content is durable now.</item>
/// <item>Write the timeline. Before the queue, so that a crash in between repeats an event and never loses one.</item>
/// <item>Close what is settled, put the report and the redirects into the queue and give up the lease, in one transaction.</item>
/// </list>
/// Any step may be the last before a crash: the next attempt finds what was delivered by its key (queue id, account) and goes on.
/// The trouble of one recipient never holds up another.
/// </summary>
internal sealed class DeliverToMailbox(
    IDirectory directory,
    IContentStore contents,
    IMailQueue queue,
    IJournal journal,
    MailboxDelivery mailboxes,
    Redirects redirects,
    ReportToSender reports,
    ReadReports received,
    IQueueBell bell,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<DeliverToMailbox> logger)
{
    private readonly DeliveryOptions _options = options.Value;
    private readonly RecipientExpander _expander = new(directory, options.Value.AliasDepth, options.Value.AliasFanOut);
    private readonly RetrySchedule _schedule = options.Value.Schedule;

    public async ValueTask RunAsync(LeaseHolder lease, CancellationToken cancellationToken)
    {
        try
        {
            await AttemptAsync(lease, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.AttemptFailed(lease.Current.Entry.Id, exception);
            await SetAsideAsync(lease.Current, exception, cancellationToken);
        }
    }

    /// <param name="lease">Read anew at the end: it may have been extended meanwhile.</param>
    private async ValueTask AttemptAsync(LeaseHolder lease, CancellationToken cancellationToken)
    {
        var entry = lease.Current.Entry;
        using var activity = AttemptSpan.Start(DeliveryTelemetry.Source, "deliver", entry);
        var started = time.GetTimestamp();
        var queued = entry.Recipients.Where(r => r.State == RecipientState.Queued).DistinctBy(r => r.Recipient.Address).ToList();

        // 1
        var expansions = new List<RecipientExpansion>(queued.Count);
        foreach (var recipient in queued) expansions.Add(await ExpandAsync(entry, recipient, cancellationToken));

        // 2, 3
        var (message, trouble) = await ReadAsync(entry, expansions, cancellationToken);
        var outcomes = await DeliverAsync(entry, message, trouble, expansions, cancellationToken);

        // 4
        var now = time.GetUtcNow();
        var verdicts = new List<Verdict>(queued.Count);
        foreach (var (recipient, expansion) in queued.Zip(expansions))
        {
            var ofRecipient = expansion.Targets.Select(t => (t.Address, outcomes[t.Account.Id]))
                .Concat(expansion.DeadEnds.Select(d => (d.Address, d.Outcome)))
                .ToList();
            IReadOnlyList<QueueEntry> successors = [];
            if (trouble is not null) ofRecipient.AddRange(expansion.Remotes.Select(remote => (remote, trouble)));
            else if (expansion.Remotes.Count > 0) (ofRecipient, successors) = await RedirectAsync(entry, message!, recipient, expansion, expansions, ofRecipient, now, cancellationToken);
            verdicts.Add(Verdict.Of(recipient, ofRecipient, entry.Attempts, entry.AcceptedAt, entry.DeliverBy, now, _options) with { Redirects = successors });
        }

        // 5
        QueueEntry? report = null;
        try
        {
            report = await reports.WriteAsync(entry, verdicts.Select(v => v.Outcome).OfType<ReportedRecipient>(), cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody is closed whose sender could not be told; what is in the mailboxes stays there, and the next attempt finds it.
            verdicts = verdicts.ConvertAll(v => ReportToSender.IsDue(entry, v.Outcome) ? Unreported(v, exception) : v);
            logger.ReportFailed(entry.Id, exception);
        }

        // Before the entry is closed: a crash in between reads a report again, and loses none.
        var arrived = outcomes.Values.Any(outcome => outcome is TargetOutcome.Delivered { Replayed: false }) || verdicts.Exists(verdict => verdict.State == RecipientState.Relayed);
        if (message is not null && arrived) await received.ReadAsync(entry, message, cancellationToken);

        // 6
        var nextAttempt = NextAttempt(entry, verdicts, now);
        var redirected = Successors(verdicts);
        await WriteTimelineAsync(entry.Id, AttemptTimeline.Of(entry, expansions, verdicts, report, now, nextAttempt), report, cancellationToken);
        await WriteTimelineAsync(entry, redirected, now, cancellationToken);

        // 7
        IReadOnlyList<QueueEntry> successorEntries = [.. redirected.Select(r => r.Entry), .. report is null ? [] : (QueueEntry[])[report]];
        var completed = await queue.CompleteAsync(lease.Current, verdicts.ConvertAll(v => v.Result), nextAttempt, successorEntries, cancellationToken);
        if (!completed)
        {
            metrics.LeaseLost();
            logger.LeaseLost(entry.Id, lease.Current.Worker);
            activity?.SetStatus(ActivityStatusCode.Error, "lease lost");
            return;
        }
        foreach (var route in successorEntries.Select(successor => successor.Route).Distinct()) bell.Ring(route);
        Account(entry, verdicts, activity, time.GetElapsedTime(started));
    }

    /// <summary>The attempt broke as a whole. The entry comes again later, and is held if that goes on: one bad message must not keep the worker busy.</summary>
    private async ValueTask SetAsideAsync(QueueLease lease, Exception exception, CancellationToken cancellationToken)
    {
        var entry = lease.Entry;
        var now = time.GetUtcNow();
        var outcome = TargetOutcome.Of(exception);
        var verdicts = entry.Recipients.Where(r => r.State == RecipientState.Queued)
            .DistinctBy(r => r.Recipient.Address)
            .Select(r => Verdict.Of(r, [(r.Recipient.Address, outcome)], entry.Attempts, now, by: null, now, _options))
            .ToList();
        var nextAttempt = NextAttempt(entry, verdicts, now);
        await WriteTimelineAsync(entry.Id, AttemptTimeline.Of(entry, [], verdicts, null, now, nextAttempt), null, cancellationToken);
        await queue.CompleteAsync(lease, verdicts.ConvertAll(v => v.Result), nextAttempt, [], cancellationToken);
    }

    private async ValueTask<RecipientExpansion> ExpandAsync(QueueEntry entry, QueueRecipient recipient, CancellationToken cancellationToken)
    {
        var address = recipient.Recipient.Address;
        if (recipient.BounceRequested is { } reason) return RecipientExpansion.Only(new DeadEnd(address, new TargetOutcome.Refused("5.7.1", $"Returned by an administrator: {reason}")), []);
        if (entry.DeliverBy is { Mode: DeliverByMode.Return } by && time.GetUtcNow() >= by.At) return RecipientExpansion.Only(new DeadEnd(address, Verdict.TooLate(null)), []);
        try
        {
            return await _expander.ExpandAsync(address, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return RecipientExpansion.Only(new DeadEnd(address, Trouble(entry.Id, address, exception)), []);
        }
    }

    /// <summary>The message, or why it cannot be read; neither when nobody needs it.</summary>
    private async ValueTask<(ReceivedMessage? Message, TargetOutcome? Trouble)> ReadAsync(QueueEntry entry, IReadOnlyList<RecipientExpansion> expansions, CancellationToken cancellationToken)
    {
        if (!expansions.Any(e => e.Targets.Count > 0 || e.Remotes.Count > 0)) return (null, null);
        try { return (await ReceivedMessage.ReadAsync(contents, entry, cancellationToken), null); }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.ContentUnreadable(entry.Id, entry.Content, exception);
            return (null, TargetOutcome.Of(exception));
        }
    }

    /// <summary>
    /// A recipient that leads elsewhere is closed in this attempt, for only with that its redirects enter the queue, and only once: what is here and cannot be reached yet goes on in an entry of its own.
    /// </summary>
    private async ValueTask<(List<(EmailAddress Address, TargetOutcome Outcome)> Outcomes, IReadOnlyList<QueueEntry> Entries)> RedirectAsync(
        QueueEntry entry, ReceivedMessage message, QueueRecipient recipient, RecipientExpansion expansion, IReadOnlyList<RecipientExpansion> all, List<(EmailAddress Address, TargetOutcome Outcome)> outcomes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var address = recipient.Recipient.Address;
        // RFC 9228 §4: a message that comes back to where it was redirected is in a loop.
        if (message.DeliveredTo.Contains(address) && !Redirects.IsItself(recipient.Recipient, expansion.Remotes))
            return ([.. outcomes, .. expansion.Remotes.Select(remote => (remote, (TargetOutcome)new TargetOutcome.Refused("5.4.6", "The message was here before: mail loop")))], []);

        // Another recipient that stays open leads to the same mailbox: it goes on trying for both.
        var covered = all.Where(other => other != expansion && other.Remotes.Count == 0).SelectMany(other => other.Targets).Select(target => target.Account.Id).ToHashSet();
        var later = expansion.Targets.Where(target => !covered.Contains(target.Account.Id)).Select(target => target.Address).ToHashSet();
        later.IntersectWith(outcomes.Where(o => o.Outcome is TargetOutcome.Postponed or TargetOutcome.Faulted).Select(o => o.Address));
        try
        {
            var isOnly = expansion is { Remotes.Count: 1, Targets.Count: 0, DeadEnds.Count: 0 };
            var entries = await redirects.CreateAsync(entry, recipient.Recipient, expansion.Remotes, [.. later], isOnly, now, NextAttempt(entry, [], now), cancellationToken);
            var ways = entries.SelectMany(e => e.Recipients, (e, r) => (r.Recipient.Address, Outcome: (TargetOutcome)new TargetOutcome.Redirected(e))).ToList();
            var settled = outcomes.Where(o => o.Outcome is not (TargetOutcome.Postponed or TargetOutcome.Faulted)).ToList();
            return ([.. settled, .. ways], entries);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var trouble = Trouble(entry.Id, address, exception);
            return ([.. outcomes, .. expansion.Remotes.Select(remote => (remote, trouble))], []);
        }
    }

    /// <summary>Not later than the moment at which BY wants something said of it (RFC 2852 §4).</summary>
    private DateTimeOffset NextAttempt(QueueEntry entry, List<Verdict> verdicts, DateTimeOffset now)
    {
        var next = _schedule.NextAttempt(now, verdicts.Exists(v => v.WaitsForRoom) ? 1 : entry.Attempts, entry.AcceptedAt);
        return entry.DeliverBy?.At is { } at && at > now && at < next ? at : next;
    }

    /// <summary>The redirects of the recipients that are closed; an address that several of them lead to gets one copy.</summary>
    private static List<(EmailAddress From, QueueEntry Entry)> Successors(IEnumerable<Verdict> verdicts)
    {
        var taken = new HashSet<EmailAddress>();
        var successors = new List<(EmailAddress, QueueEntry)>();
        foreach (var verdict in verdicts.Where(verdict => verdict.IsClosed))
        {
            foreach (var redirect in verdict.Redirects)
            {
                var fresh = redirect.Recipients.Where(recipient => taken.Add(recipient.Recipient.Address)).ToList();
                if (fresh.Count > 0) successors.Add((verdict.Address, redirect with { Recipients = fresh }));
            }
        }
        return successors;
    }

    /// <summary>Delivers to each account once, several at a time.</summary>
    private async ValueTask<Dictionary<AccountId, TargetOutcome>> DeliverAsync(QueueEntry entry, ReceivedMessage? message, TargetOutcome? trouble, IReadOnlyList<RecipientExpansion> expansions, CancellationToken cancellationToken)
    {
        var targets = expansions.SelectMany(e => e.Targets).DistinctBy(t => t.Account.Id).ToList();
        var outcomes = new Dictionary<AccountId, TargetOutcome>(targets.Count);
        if (message is null)
        {
            foreach (var target in targets) outcomes[target.Account.Id] = trouble!;
            return outcomes;
        }
        foreach (var group in targets.Chunk(_options.MailboxConcurrency))
        {
            var results = await Task.WhenAll(group.Select(target => DeliverAsync(entry, message, target, cancellationToken).AsTask()));
            foreach (var (target, outcome) in group.Zip(results)) outcomes[target.Account.Id] = outcome;
        }
        return outcomes;
    }

    private async ValueTask<TargetOutcome> DeliverAsync(QueueEntry entry, ReceivedMessage message, LocalTarget target, CancellationToken cancellationToken)
    {
        // RFC 9228 §4: a message that comes back to where it was delivered is in a loop.
        if (message.DeliveredTo.Contains(target.Address)) return new TargetOutcome.Refused("5.4.6", "The message was here before: mail loop");
        try
        {
            // The account, not the address that led to it: two recipients of one entry share a copy, and a renamed account gets no second one.
            var key = new DeliveryKey(entry.Id, target.Account.Id.ToString());
            var prefix = TracePrefix.Write(entry, target.Address);
            var (mailbox, to) = MailboxOf(entry, target);
            var outcome = await mailboxes.DeliverAsync(target.Account, to, entry, prefix, message.Structure, key, cancellationToken);
            if (outcome is AppendOutcome.NoSuchMailbox && to != DeliveryTarget.Inbox)
            {
                mailbox = MailboxName.Inbox.ToString();
                outcome = await mailboxes.DeliverAsync(target.Account, DeliveryTarget.Inbox, entry, prefix, message.Structure, key, cancellationToken);
            }
            return outcome switch
            {
                AppendOutcome.Done { Messages: [var appended] } => new TargetOutcome.Delivered(mailbox, appended, Replayed: false),
                AppendOutcome.AlreadyDelivered { Message: var appended } => new TargetOutcome.Delivered(mailbox, appended, Replayed: true),
                AppendOutcome.OverQuota => new TargetOutcome.Postponed("4.2.2", "The mailbox is full", (entry.AcceptedAt + _options.OverQuotaRetry, "5.2.2")),
                AppendOutcome.TooLarge => new TargetOutcome.Refused("5.2.3", "The message is too large for the mailbox"),
                AppendOutcome.NoSuchMailbox => new TargetOutcome.Postponed("4.2.0", "The mailbox is not there", null),
                _ => throw new UnreachableException(),
            };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return Trouble(entry.Id, target.Address, exception);
        }
    }

    /// <summary>The mailbox for junk where the policy says so; else INBOX, or the mailbox that the subaddress names if the options allow: the sender chose that name, so it is not made.</summary>
    private (string Told, DeliveryTarget Target) MailboxOf(QueueEntry entry, LocalTarget target)
    {
        if (VerdictHeader.IsJunk(entry.TraceHeaders.Span)) return ("the mailbox for junk", new DeliveryTarget.Special(SpecialUse.Junk));
        return _options.DetailToMailbox && MailboxName.TryParse(target.Detail, out var named) ? (named.ToString(), new DeliveryTarget.Named(named)) : (MailboxName.Inbox.ToString(), DeliveryTarget.Inbox);
    }

    private TargetOutcome Trouble(QueueId id, EmailAddress address, Exception exception)
    {
        var outcome = TargetOutcome.Of(exception);
        if (outcome is TargetOutcome.Faulted) logger.DeliveryFaulted(id, address, exception);
        else logger.DeliveryPostponed(id, address, exception.Message);
        return outcome;
    }

    private static Verdict Unreported(Verdict verdict, Exception exception)
        => verdict with { State = RecipientState.Queued, Detail = $"4.3.0 the report to the sender could not be written: {exception.GetType().Name}" };

    /// <summary>The timeline is for people: without it mail is delivered all the same.</summary>
    private async ValueTask WriteTimelineAsync(QueueId id, IReadOnlyList<TimelineEvent> events, QueueEntry? report, CancellationToken cancellationToken)
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

    /// <summary>What is redirected is found by the same Message-ID.</summary>
    private async ValueTask WriteTimelineAsync(QueueEntry entry, IReadOnlyList<(EmailAddress From, QueueEntry Entry)> redirected, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (redirected.Count == 0) return;
        try
        {
            var messageId = (await journal.FindAsync(entry.Id, cancellationToken))?.MessageId;
            foreach (var (from, redirect) in redirected)
            {
                // A part of the message is as old as the message, as those are that acceptance makes: reports on one find the others by that.
                var at = Redirects.IsItself(from, redirect) ? entry.AcceptedAt : now;
                var subject = new TimelineSubject(redirect.Id, at, messageId, redirect.ReversePath.Address?.ToString() ?? "", [.. redirect.Recipients.Select(r => r.Recipient.Address.ToString())], redirect.Size, null);
                await journal.AppendAsync(subject, AttemptTimeline.OfRedirect(entry, from, redirect, now), cancellationToken);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.TimelineFailed(entry.Id, exception);
        }
    }

    private void Account(QueueEntry entry, IReadOnlyList<Verdict> verdicts, Activity? activity, TimeSpan duration)
    {
        metrics.Attempted(duration);
        foreach (var verdict in verdicts)
        {
            metrics.Settled(verdict.State);
            foreach (var (_, outcome) in verdict.Outcomes)
            {
                if (outcome is TargetOutcome.Delivered { Replayed: false }) metrics.Delivered(time.GetUtcNow() - entry.AcceptedAt);
            }
            if (verdict.State is RecipientState.Held or RecipientState.Bounced) logger.RecipientFailed(entry.Id, verdict.Address, verdict.State, verdict.Detail);
        }
        if (activity is null) return;
        activity.SetTag("merpati.delivered", verdicts.Count(v => v.State == RecipientState.Delivered));
        activity.SetTag("merpati.redirected", verdicts.Count(v => v.State == RecipientState.Relayed));
        activity.SetTag("merpati.deferred", verdicts.Count(v => v.State == RecipientState.Queued));
        activity.SetTag("merpati.bounced", verdicts.Count(v => v.State == RecipientState.Bounced));
    }
}
