using System.Globalization;
using Merpati.Mail;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Fuzz;

/// <summary>
/// Reports by strangers: as the XML of a DMARC report, which is read or refused by <see cref="InvalidDataException"/> alone and comes through our own writer as it was, as the JSON of a TLS report, and as a
/// message that is a bounce or a complaint.
/// </summary>
internal static class IncomingReports
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var octets = input.ToArray();
        ReadDmarc(octets);
        ReadTls(octets);
        var reading = ReadAsync(octets);
        if (!reading.IsCompletedSuccessfully) throw new InvalidOperationException("A report threw, or waits though every octet is there.", reading.Exception);
    }

    private static void ReadDmarc(byte[] octets)
    {
        DmarcReport report;
        try { report = DmarcReportReader.Read(new MemoryStream(octets, writable: false)); }
        catch (InvalidDataException) { return; }
        using var written = new MemoryStream();
        DmarcReportWriter.Write(report, "fuzz", written);
        written.Position = 0;
        var again = DmarcReportReader.Read(written);
        if (again.Rows.Count != report.Rows.Count || again.Rows.Sum(row => row.Count) != report.Rows.Sum(row => row.Count) || again.Rows.Count(row => row.Passes) != report.Rows.Count(row => row.Passes))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{report.Rows.Count} rows became {again.Rows.Count}, or others."));
    }

    private static void ReadTls(byte[] octets)
    {
        ToldTlsReport report;
        try { report = TlsReportReader.Read(new MemoryStream(octets, writable: false)); }
        catch (InvalidDataException) { return; }
        if (report.Policies.Any(policy => policy.Successes < 0 || policy.Failures < 0 || policy.Details.Any(detail => detail.Sessions < 0 || (detail.Type + detail.Mx + detail.Reason).Any(char.IsControl))))
            throw new InvalidOperationException("A negative number or a control character came through.");
    }

    private static async Task ReadAsync(byte[] octets)
    {
        using var message = new MemoryStream(octets, writable: false);
        var structure = await MessageStructureBuilder.BuildAsync(message, CancellationToken.None);
        var report = await ReceivedReport.ReadAsync(structure, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), CancellationToken.None);
        if (report is null) return;
        if (report.Received.Count > 50) throw new InvalidOperationException("There are more fields than may be.");
        if (report is ReceivedReport.Delivery delivery && delivery.Outcomes.Any(outcome => (outcome.Action + outcome.Status + outcome.Diagnostic).Any(char.IsControl))) throw new InvalidOperationException("A control character came through.");
    }
}
