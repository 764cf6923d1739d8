using System.Globalization;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Reports;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Platform.Sharing;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MimeKit.IO;

namespace Merpati.OutboundRelay.DmarcReports;

/// <summary>
/// Sends DMARC aggregate reports (RFC 7489 §7.2, RFC 9990) by mail through our own queue, to the addresses of the domain's record that want them and take as much. A mail's queue id is made of the
/// day, the domain and the target, so that a round that is repeated puts in no second one.
/// </summary>
internal sealed class DailyDmarcReports(
    ISharedRecords records,
    IMailDns dns,
    IDirectory directory,
    OwnMail mail,
    IOptions<ReportOptions> options,
    RelayMetrics metrics,
    TimeProvider time,
    ILogger<DailyDmarcReports> logger) : DailyReports("dmarc", records.Daily(SharedDmarcDays.Kind, time), options.Value.Spread, metrics, time, logger)
{
    private static readonly string Generator = $"Merpati {ProductVersion.Of(typeof(DailyDmarcReports).Assembly)}";

    private readonly ReportOptions _options = options.Value;

    protected override bool IsOn => _options.AreSent();

    protected override async ValueTask<bool> ReportAsync(DateOnly day, string domain, IReadOnlyList<ReadOnlyMemory<byte>> counted, CancellationToken cancellationToken)
    {
        var from = EmailAddress.Parse(_options.From!);
        // Nobody else signs for it, and a report that fails DMARC is worth nothing (RFC 9990 §2.6.2).
        if (!await directory.IsLocalDomainAsync(from.Domain, cancellationToken)) throw new InvalidOperationException($"{from}, of which reports are to come, is in no domain of ours");
        var together = SharedDmarcDays.Together(counted);
        if (DmarcRecord.Parse(together.Record) is not { Reports.Count: > 0 } parsed) return false;
        var record = parsed with { Discovery = together.Discovery };
        var targets = new List<DmarcReportUri>();
        foreach (var uri in record.Reports)
            targets.AddRange(await uri.VerifyAsync(domain, record.Discovery, dns, cancellationToken) ?? throw new TimeoutException($"DNS does not say whether {uri.Address.Domain} wants the reports"));
        if (targets.Count == 0) return false;

        var report = ReportOf(together, record, from);
        var gzip = DmarcReportWriter.ToGzip(report, Generator);
        var sent = 0;
        foreach (var target in targets.DistinctBy(target => target.Address))
        {
            if (await MailAsync(report, gzip, from, target, cancellationToken)) sent++;
        }
        return sent > 0;
    }

    private DmarcReport ReportOf(DmarcDay day, DmarcRecord record, EmailAddress from)
    {
        var organization = _options.Organization is { Length: > 0 } name ? name : from.Domain;
        var start = DailyRecords.StartOf(day.Day);
        IReadOnlyList<string> errors = day.Unlisted == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"{day.Unlisted} more messages came that are not listed here")];
        return new DmarcReport(organization, from.ToString(), _options.Contact, $"{Unique(organization, day.Domain, day.Day)}@{from.Domain}", start, start.AddDays(1).AddSeconds(-1), errors, PublishedPolicy.Of(day.Domain, record), day.Rows);
    }

    /// <returns>False when it is more than the other side takes.</returns>
    private async ValueTask<bool> MailAsync(DmarcReport report, byte[] gzip, EmailAddress from, DmarcReportUri target, CancellationToken cancellationToken)
    {
        var id = QueueId.Derive($"dmarc\n{report.Id}\n{report.Policy.Domain}\n{target.Address.ToString().ToLowerInvariant()}", report.Begin);
        var messageId = $"{id}@{from.Domain}";
        using var message = DmarcReportMessage.Write(report, gzip, from, target.Address, messageId, Time.GetUtcNow());
        if (target.MaxOctets is { } limit)
        {
            using var measure = new MeasuringStream();
            await message.WriteToAsync(measure, cancellationToken);
            if (measure.Length > limit)
            {
                logger.ReportTooLarge(report.Policy.Domain, target.Address, measure.Length, limit);
                return false;
            }
        }
        await mail.SendAsync(new OwnMessage(id, target.Address, messageId, $"DMARC report for {report.Policy.Domain}", message), cancellationToken);
        return true;
    }
}
