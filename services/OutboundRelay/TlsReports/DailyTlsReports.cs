using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Sending;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>
/// Sends the reports of a day after its end (RFC 8460 §4, §5), by mail through our own queue and by POST: one for each domain, with the sessions of all relays. The relay that comes first
/// makes it; if that one dies over it, another one does an hour later. A mail's queue id is made of the day, the domain and the target, so that a round that is repeated puts in no second one.
/// </summary>
internal sealed class DailyTlsReports(
    SharedTlsSessions counted,
    IMailDns dns,
    IContentStore contents,
    IMailQueue queue,
    IJournal journal,
    IDirectory directory,
    IQueueBell bell,
    PublicHttpClient http,
    IOptions<TlsReportOptions> reportOptions,
    IOptions<OutboundRelayOptions> relayOptions,
    TimeProvider time,
    ILogger<DailyTlsReports> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>After midnight: by then all relays have written what they counted.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    private readonly TlsReportOptions _options = reportOptions.Value;
    private readonly string _hostName = relayOptions.Value.HostName;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Send) return;
        try
        {
            var offset = Settling + _options.Spread * Random.Shared.NextDouble();
            while (true)
            {
                // What a relay that was off, or died over it, left behind, is found within the hour.
                var now = time.GetUtcNow();
                var start = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + offset;
                await Task.Delay(start > now && start - now < Interval ? start - now : Interval, time, stoppingToken);
                if (time.GetUtcNow().TimeOfDay < offset) continue;
                try { await SendDueAsync(stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { logger.TlsReportFailed("all domains", exception.Message); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>Sends the reports of all days before today.</summary>
    internal async Task SendDueAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var (sent, unwanted) = (0, 0);
        foreach (var (day, domain) in await counted.DueAsync(cancellationToken))
        {
            try
            {
                if (await counted.ClaimAsync(day, domain, cancellationToken) is not { } sessions) continue;
                if (await TlsReportingRecord.FindAsync(dns, domain, cancellationToken) is { } record)
                {
                    await SendAsync(sessions, record, cancellationToken);
                    sent++;
                }
                else unwanted++;
                await counted.ForgetAsync(day, domain, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                logger.TlsReportFailed(domain, exception.Message);
            }
        }
        if (sent + unwanted > 0) logger.TlsReportsSent(today.AddDays(-1), sent, unwanted);
    }

    private async Task SendAsync(DomainSessions sessions, TlsReportingRecord record, CancellationToken cancellationToken)
    {
        var contact = _options.Contact is { Length: > 0 } given ? EmailAddress.Parse(given) : new EmailAddress("postmaster", _hostName);
        var organization = _options.Organization is { Length: > 0 } name ? name : _hostName;
        var report = new TlsReport(organization, contact.ToString(), _hostName, Unique(organization, sessions), sessions);
        foreach (var mailto in record.Mailto) await MailAsync(report, contact, EmailAddress.Parse(mailto), cancellationToken);
        foreach (var https in record.Https) await PostAsync(report, https, cancellationToken);
    }

    private async Task MailAsync(TlsReport report, EmailAddress from, EmailAddress to, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = IdOf(report, to);
        var messageId = $"{id}@{_hostName}";
        using var message = TlsReportMessage.Write(report, from, to, messageId, now);
        var content = await contents.StoreAsync((destination, token) => message.WriteToAsync(new MimeKit.FormatOptions { NewLineFormat = MimeKit.NewLineFormat.Dos }, destination, token), cancellationToken);
        var local = await directory.IsLocalDomainAsync(to.Domain, cancellationToken);
        var entry = new QueueEntry
        {
            Id = id,
            Route = local ? QueueRoute.Local : QueueRoute.Relay,
            Destination = local ? null : RelayEntries.DestinationOf(to),
            Content = content.Id,
            Size = content.Size,
            // The report of a failure must not fail for the same reason (RFC 8460 §5.3, RFC 8689 §3).
            TraceHeaders = RelayedMessage.TlsNotRequired,
            TlsOptional = true,
            ReversePath = ReversePath.Null,
            Body = BodyType.SevenBit,
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(to, DsnNotify.Never) }],
            AcceptedAt = now,
            NextAttemptAt = now,
        };
        await journal.AppendAsync(ReportTimeline.SubjectOf(entry, messageId), [new TimelineEvent(id, now, TimelineStep.Accepted, null, $"TLS report for {report.Sessions.Domain}")], cancellationToken);
        await queue.EnqueueAsync(entry, cancellationToken);
        bell.Ring(entry.Route);
    }

    /// <summary>§5.4. A web server that is away is asked once more; what it does not take then is lost, as the domain named other ways or has the mails of the other days.</summary>
    private async Task PostAsync(TlsReport report, Uri target, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.PostTimeout);
            string reason;
            try
            {
                using var content = new ByteArrayContent(report.ToGzip());
                content.Headers.ContentType = new MediaTypeHeaderValue("application/tlsrpt+gzip");
                using var response = await http.Client.PostAsync(target, content, limit.Token);
                if (response.IsSuccessStatusCode) return;
                reason = $"{target.Host} answers {(int)response.StatusCode}";
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                reason = $"{target.Host}: {exception.Message}";
            }
            logger.TlsReportFailed(report.Sessions.Domain, reason);
            if (attempt == 2) return;
            await Task.Delay(Retry, time, cancellationToken);
        }
    }

    /// <summary>The same for whoever makes it.</summary>
    private static string Unique(string organization, DomainSessions sessions)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{organization}\n{sessions.Domain}\n{sessions.Day:yyyy-MM-dd}"))))[..12];

    private static QueueId IdOf(TlsReport report, EmailAddress to)
        => QueueId.Derive($"tlsrpt\n{report.Id}\n{to.ToString().ToLowerInvariant()}", new DateTimeOffset(report.Sessions.Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
}
