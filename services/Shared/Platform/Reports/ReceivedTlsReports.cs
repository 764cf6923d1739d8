using Merpati.Mail.Dns;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Reports;

/// <summary>A TLS report that came in (RFC 8460).</summary>
/// <param name="Verified">The mail that brought it passed DMARC: it is of whom it says.</param>
/// <param name="Report">With the policies that are about us, of which there is at least one.</param>
public sealed record ReceivedTlsReport(DateTimeOffset ReceivedAt, bool Verified, ToldTlsReport Report) : IReceivedReport<ReceivedTlsReport>
{
    string IReceivedReport<ReceivedTlsReport>.About => Report.Policies[0].Domain;

    string IReceivedReport<ReceivedTlsReport>.Identity => $"{Report.Organization}\n{Report.Id}";

    ReceivedTlsReport? IReceivedReport<ReceivedTlsReport>.Shorter()
        => Report.Policies.All(policy => policy.Details.Count == 0)
            ? null
            : this with { Report = Report with { Policies = [.. Report.Policies.Select(policy => policy with { Details = [.. policy.Details.OrderByDescending(detail => detail.Sessions).Take(policy.Details.Count / 2)] })] } };
}

/// <summary>The TLS reports of others about domains of ours.</summary>
public sealed class ReceivedTlsReports(ISharedRecords records, IOptions<ReportOptions> options, TimeProvider time) : ReceivedReports<ReceivedTlsReport>("tls-in", records, options.Value, time);
