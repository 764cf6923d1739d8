using System.Globalization;
using Merpati.Mail.Auth;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Reports;

/// <summary>A DMARC report that came in.</summary>
/// <param name="Verified">The mail that brought it passed DMARC: it is of whom it says.</param>
public sealed record ReceivedDmarcReport(DateTimeOffset ReceivedAt, bool Verified, DmarcReport Report) : IReceivedReport<ReceivedDmarcReport>
{
    string IReceivedReport<ReceivedDmarcReport>.About => Report.Policy.Domain;

    string IReceivedReport<ReceivedDmarcReport>.Identity => $"{Report.Organization}\n{Report.Id}";

    ReceivedDmarcReport? IReceivedReport<ReceivedDmarcReport>.Shorter()
    {
        if (Report.Rows.Count == 0) return null;
        var rows = Report.Rows.OrderByDescending(row => row.Count).Take(Report.Rows.Count / 2).ToList();
        return this with { Report = Report with { Rows = rows, Errors = [string.Create(CultureInfo.InvariantCulture, $"it was too large: only {rows.Count} rows of it are kept")] } };
    }
}

/// <summary>The DMARC reports of others about domains of ours.</summary>
public sealed class ReceivedDmarcReports(ISharedRecords records, IOptions<ReportOptions> options, TimeProvider time) : ReceivedReports<ReceivedDmarcReport>("dmarc-in", records, options.Value, time);
