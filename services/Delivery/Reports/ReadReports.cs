using System.Text.RegularExpressions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Platform.Reports;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Relaying;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Merpati.Delivery.Reports;

/// <summary>
/// Reads the reports that come in beside their delivery (docs/inbound/reports.md): bounces and complaints about messages of ours go into the timelines of those and to the suppression list, DMARC
/// and TLS reports are kept. Anybody can write a report: what it says counts only where the message that it returns is ours, by a queue id that the journal knows with this recipient.
/// </summary>
internal sealed partial class ReadReports(
    IContentStore contents,
    IJournal journal,
    IDirectory directory,
    ISuppressionList suppressions,
    HardBounces bounces,
    ReceivedDmarcReports dmarc,
    ReceivedTlsReports tls,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> deliveryOptions,
    IOptions<ReportOptions> reportOptions,
    TimeProvider time,
    ILogger<ReadReports> logger)
{
    private const int MaxCandidates = 10;
    private const int MaxSiblings = 50;

    /// <summary>A report is small; what is larger is not read as one.</summary>
    private const long MaxMessage = 20 * 1024 * 1024;

    /// <summary>Whatever comes in at once: a few hold all that a report may unpack to.</summary>
    private static readonly SemaphoreSlim Unpacking = new(2);

    private static readonly string[] Complaints = ["abuse", "fraud", "opt-out", "opt-out-list", "unsubscribe"];

    private readonly string _hostName = deliveryOptions.Value.HostName;
    private readonly ReportOptions _options = reportOptions.Value;

    /// <summary>The message was delivered, or is about to be. What goes wrong is no reason to hold it up.</summary>
    public async ValueTask ReadAsync(QueueEntry entry, Local.ReceivedMessage message, CancellationToken cancellationToken)
    {
        // From outside alone: what our users and we ourselves write is no report about us.
        if (entry.Submitter is not null || entry.Size > MaxMessage || !MessageDigest.HasField(entry.TraceHeaders, "Received")) return;
        try
        {
            if (await ReceivedReport.ReadAsync(message.Structure, (offset, length, token) => contents.OpenAsync(entry.Content, offset, length, token), cancellationToken) is { } report)
                await TakeAsync(entry, report, cancellationToken);
            else if (entry.Recipients.Any(recipient => _options.IsTakenIn(recipient.Recipient.Address)))
                await TakeAttachedAsync(entry, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.ReportRead("unreadable");
            logger.ReportUnreadable(entry.Id, exception.Message);
        }
    }

    private async ValueTask TakeAsync(QueueEntry entry, ReceivedReport report, CancellationToken cancellationToken)
    {
        var originals = await OriginalsAsync(report, cancellationToken);
        if (originals.Count == 0)
        {
            metrics.ReportRead("foreign");
            logger.ReportForeign(entry.Id);
            return;
        }
        switch (report)
        {
            case ReceivedReport.Delivery delivery: await TakeAsync(entry, delivery, originals, cancellationToken); break;
            case ReceivedReport.Feedback feedback: await TakeAsync(entry, feedback, originals, cancellationToken); break;
        }
    }

    /// <summary>A bounce after the 250 of the other side (RFC 3464).</summary>
    private async ValueTask TakeAsync(QueueEntry entry, ReceivedReport.Delivery report, IReadOnlyList<Original> originals, CancellationToken cancellationToken)
    {
        // It comes back to the reverse-path and nowhere else.
        if (!entry.Recipients.Any(recipient => recipient.Recipient.Address.Equals(originals[0].Sender))) return;
        foreach (var outcome in report.Outcomes.Where(outcome => outcome.Action == "failed"))
        {
            var named = outcome.Original ?? outcome.Final;
            var original = originals.FirstOrDefault(one => one.Recipient.Equals(outcome.Final)) ?? originals.FirstOrDefault(one => one.Recipient.Equals(named)) ?? (originals.Count == 1 ? originals[0] : null);
            if (original is null) continue;
            var counts = outcome.Status == HardBounces.NoSuchMailbox && original.Recipient.Equals(outcome.Final) && MaySpeakFor(entry, original, originals);
            var server = report.ReportingMta.Length > 0 ? report.ReportingMta : "its server";
            await TellAsync(original.Id, original.Recipient, TimelineStep.Bounced, $"{outcome.Status} after it was taken, as {server} reports in {entry.Id}: {outcome.Diagnostic}", cancellationToken);
            metrics.ReportRead("bounce");
            logger.BouncedLater(original.Id, original.Recipient, outcome.Status, entry.Id);
            if (counts) await bounces.CountAsync(original.Recipient, server, outcome.Diagnostic.Length > 0 ? outcome.Diagnostic : outcome.Status, cancellationToken);
        }
    }

    /// <summary>A complaint by a feedback loop (RFC 5965, RFC 6650).</summary>
    private async ValueTask TakeAsync(QueueEntry entry, ReceivedReport.Feedback report, IReadOnlyList<Original> originals, CancellationToken cancellationToken)
    {
        // Providers like to hide who complains; where the message had one recipient it was that one.
        var original = originals.FirstOrDefault(one => report.Recipients.Contains(one.Recipient)) ?? (originals.Count == 1 && report.Recipients.Count == 0 ? originals[0] : null);
        metrics.ReportRead("complaint");
        if (original is null)
        {
            await TellAsync(originals[0].Id, null, TimelineStep.Reported, $"{report.Type}: one of its recipients complains, and {entry.Id} does not say which", cancellationToken);
            return;
        }
        var suppresses = Complaints.Contains(report.Type) && MaySpeakFor(entry, original, originals);
        await TellAsync(original.Id, original.Recipient, TimelineStep.Reported, $"{report.Type}: the recipient complains in {entry.Id}{(suppresses ? ", and is sent nothing more by this sender" : "")}", cancellationToken);
        logger.Complained(original.Id, original.Recipient, report.Type, entry.Id);
        if (!suppresses) return;
        await suppressions.PutAsync(new Suppression(Suppression.Of(original.Recipient, original.Sender), SuppressionSource.Complaint, $"the recipient complained ({report.Type})", time.GetUtcNow(), Until: null), cancellationToken);
    }

    private async ValueTask TakeAttachedAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        ReportAttachment? attached;
        await Unpacking.WaitAsync(cancellationToken);
        try
        {
            await using var content = await contents.OpenAsync(entry.Content, 0, entry.Size, cancellationToken);
            using var message = await MimeMessage.LoadAsync(content, cancellationToken);
            attached = await ReportAttachment.ReadAsync(message, cancellationToken);
        }
        finally { Unpacking.Release(); }
        var kept = attached switch
        {
            ReportAttachment.Dmarc { Report: var report } => await TakeAsync(entry, report, cancellationToken),
            ReportAttachment.Tls { Report: var report } => await TakeAsync(entry, report, cancellationToken),
            _ => (Kept?)null,
        };
        switch (kept)
        {
            case null:
                break;
            case { About: null }:
                metrics.ReportRead("foreign");
                logger.ReportForeign(entry.Id);
                break;
            case { Kind: var kind, Organization: var organization, About: { } about, Parts: var parts, IsKept: var isKept }:
                metrics.ReportRead(isKept ? kind.ToLowerInvariant() : "dropped");
                logger.ReportRead(entry.Id, kind, organization, about, parts, isKept);
                await journal.AppendAsync(null, [new TimelineEvent(entry.Id, time.GetUtcNow(), TimelineStep.Reported, null, isKept ? $"{kind} report of {organization} about {about}" : $"{kind} report about {about}: there were too many today")], cancellationToken);
                break;
        }
    }

    private async ValueTask<Kept> TakeAsync(QueueEntry entry, DmarcReport report, CancellationToken cancellationToken)
    {
        if (await AboutAsync(report.Policy.Domain, entry, cancellationToken) is not { } about) return new Kept("DMARC", report.Organization, null, 0, IsKept: false);
        report = report with { Policy = report.Policy with { Domain = about } };
        return new Kept("DMARC", report.Organization, about, report.Rows.Count, await dmarc.KeepAsync(new ReceivedDmarcReport(time.GetUtcNow(), ReporterOf(entry) is not null, report), cancellationToken));
    }

    private async ValueTask<Kept> TakeAsync(QueueEntry entry, ToldTlsReport report, CancellationToken cancellationToken)
    {
        var policies = new List<ToldTlsPolicy>();
        foreach (var policy in report.Policies)
        {
            if (await AboutAsync(policy.Domain, entry, cancellationToken) is { } about) policies.Add(policy with { Domain = about });
        }
        if (policies.Count == 0) return new Kept("TLS", report.Organization, null, 0, IsKept: false);
        var received = new ReceivedTlsReport(time.GetUtcNow(), ReporterOf(entry) is not null, report with { Policies = policies });
        return new Kept("TLS", report.Organization, policies[0].Domain, policies.Count, await tls.KeepAsync(received, cancellationToken));
    }

    /// <summary>The domain as it is kept; null when it is none of ours.</summary>
    private async ValueTask<string?> AboutAsync(string domain, QueueEntry entry, CancellationToken cancellationToken)
        => SharedDmarcDays.NameOf(domain) is { } about && await IsOursAsync(about, entry, cancellationToken) ? about : null;

    /// <summary>A domain of ours, or one that an address here for reports is in the organization of.</summary>
    private async ValueTask<bool> IsOursAsync(string domain, QueueEntry entry, CancellationToken cancellationToken)
    {
        if (await directory.IsLocalDomainAsync(domain, cancellationToken)) return true;
        return entry.Recipients.Any(recipient => _options.IsTakenIn(recipient.Recipient.Address) && PublicSuffixes.AreOfOneOrganization(recipient.Recipient.Address.Domain, domain));
    }

    /// <summary>The recipients elsewhere to whom a message of ours went that the report returns; none when it is not ours.</summary>
    private async ValueTask<IReadOnlyList<Original>> OriginalsAsync(ReceivedReport report, CancellationToken cancellationToken)
    {
        foreach (var id in report.Received.SelectMany(field => QueueIds().Matches(field)).Select(match => match.Groups["id"].Value).Distinct().Take(MaxCandidates))
        {
            if (!QueueId.TryParse(id, out var queueId) || await journal.FindAsync(queueId, cancellationToken) is not { } subject) continue;
            if (!EmailAddress.TryParse(subject.ReversePath, out var sender) || !await directory.IsLocalDomainAsync(sender.Domain, cancellationToken)) continue;
            var originals = new List<Original>();
            foreach (var part in await PartsAsync(subject, cancellationToken))
            {
                foreach (var step in await journal.ReadAsync(part.QueueId, cancellationToken))
                {
                    if (step.Step == TimelineStep.Relayed && EmailAddress.TryParse(step.Recipient, out var recipient)) originals.Add(new Original(part.QueueId, sender, recipient));
                }
            }
            if (originals.Count > 0) return originals;
        }
        return [];
    }

    /// <summary>The entries that the message was split into when it was accepted, by destination.</summary>
    private async ValueTask<IEnumerable<TimelineSubject>> PartsAsync(TimelineSubject subject, CancellationToken cancellationToken)
    {
        if (subject.MessageId is not { Length: > 0 } messageId) return [subject];
        var same = await journal.SearchAsync(messageId, MaxSiblings, cancellationToken);
        return same.Where(one => one.At == subject.At && one.ReversePath == subject.ReversePath).Append(subject).DistinctBy(one => one.QueueId);
    }

    /// <summary>The queue id proves that the report is by somebody who has the message. Where it had several recipients, one could speak for another: then the reporter has to be of the recipient's organization.</summary>
    private bool MaySpeakFor(QueueEntry entry, Original original, IReadOnlyList<Original> originals)
        => originals.All(one => one.Recipient.Equals(original.Recipient))
            || ReporterOf(entry) is { } reporter && PublicSuffixes.AreOfOneOrganization(reporter, original.Recipient.Domain);

    /// <summary>The author's domain, where DMARC passed; null for whom we do not know.</summary>
    private string? ReporterOf(QueueEntry entry)
        => AuthenticationResults.ReadBack(entry.TraceHeaders, _hostName) is { } found && PassedDmarc().Match(found.Payload) is { Success: true } match ? match.Groups["domain"].Value : null;

    private ValueTask TellAsync(QueueId id, EmailAddress? recipient, TimelineStep step, string detail, CancellationToken cancellationToken)
        => journal.AppendAsync(null, [new TimelineEvent(id, time.GetUtcNow(), step, recipient?.ToString(), detail)], cancellationToken);

    [GeneratedRegex(@"\bid (?<id>[0-9a-f]{32})\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex QueueIds();

    [GeneratedRegex(@"\bdmarc=pass\b[^;]*\bheader\.from=(?<domain>[^\s;]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PassedDmarc();

    /// <summary>What became of a report of a kind.</summary>
    /// <param name="About">Null when it is not about us.</param>
    /// <param name="Parts">Rows, or policies.</param>
    private sealed record Kept(string Kind, string Organization, string? About, int Parts, bool IsKept);

    /// <param name="Id">The entry that went there.</param>
    private sealed record Original(QueueId Id, EmailAddress Sender, EmailAddress Recipient);
}
