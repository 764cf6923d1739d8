using System.Net.Http.Headers;
using Merpati.Addresses;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Reports;
using Merpati.OutboundRelay.Sending;
using Merpati.Platform.Sharing;
using Merpati.Queueing;
using Merpati.QueueWork;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>
/// Sends TLS reports (RFC 8460 §4, §5), by mail through our own queue and by POST. A mail's queue id is made of the day, the domain and the target, so that a round that is repeated puts in no second one.
/// </summary>
internal sealed class DailyTlsReports(
    SharedTlsSessions tlsSessions,
    IMailDns dns,
    OwnMail mail,
    PublicHttpClient http,
    IOptions<TlsReportOptions> reportOptions,
    IOptions<OutboundRelayOptions> relayOptions,
    RelayMetrics metrics,
    TimeProvider time,
    ILogger<DailyTlsReports> logger) : DailyReports("tls", tlsSessions.Daily, reportOptions.Value.Spread, metrics, time, logger)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(10);

    private readonly TlsReportOptions _options = reportOptions.Value;
    private readonly string _hostName = relayOptions.Value.HostName;

    protected override bool IsOn => _options.Send;

    protected override async ValueTask<bool> ReportAsync(DateOnly day, string domain, IReadOnlyList<ReadOnlyMemory<byte>> counted, CancellationToken cancellationToken)
    {
        if (await TlsReportingRecord.FindAsync(dns, domain, cancellationToken) is not { } record) return false;
        var sessions = SharedTlsSessions.Together(day, domain, counted);
        var contact = _options.Contact is { Length: > 0 } given ? EmailAddress.Parse(given) : new EmailAddress("postmaster", _hostName);
        var organization = _options.Organization is { Length: > 0 } name ? name : _hostName;
        var report = new TlsReport(organization, contact.ToString(), _hostName, Unique(organization, domain, day), sessions);
        foreach (var mailto in record.Mailto) await MailAsync(report, contact, EmailAddress.Parse(mailto), cancellationToken);
        foreach (var https in record.Https) await PostAsync(report, https, cancellationToken);
        return true;
    }

    private async Task MailAsync(TlsReport report, EmailAddress from, EmailAddress to, CancellationToken cancellationToken)
    {
        var id = QueueId.Derive($"tlsrpt\n{report.Id}\n{to.ToString().ToLowerInvariant()}", DailyRecords.StartOf(report.Sessions.Day));
        var messageId = $"{id}@{_hostName}";
        using var message = TlsReportMessage.Write(report, from, to, messageId, Time.GetUtcNow());
        // The report of a failure must not fail for the same reason (RFC 8460 §5.3, RFC 8689 §3).
        await mail.SendAsync(new OwnMessage(id, to, messageId, $"TLS report for {report.Sessions.Domain}", message) { TlsOptional = true, TraceHeaders = RelayedMessage.TlsNotRequired }, cancellationToken);
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
            Failed(report.Sessions.Domain, reason);
            if (attempt == 2) return;
            await Task.Delay(Retry, Time, cancellationToken);
        }
    }
}
