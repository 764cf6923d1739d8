using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Merpati.Mail.Auth;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Reports;

/// <summary>A report that came in.</summary>
/// <param name="Verified">The mail that brought it passed DMARC: it is of whom it says.</param>
public sealed record ReceivedDmarcReport(DateTimeOffset ReceivedAt, bool Verified, DmarcReport Report);

/// <summary>The DMARC reports of others about domains of ours, in the store for a time. Whoever sends a report again replaces it.</summary>
public sealed class ReceivedDmarcReports(ISharedRecords records, IOptions<ReportOptions> options, TimeProvider time)
{
    public const string Kind = "dmarc-in";
    public const string CountKind = "dmarc-in-count";

    private const int Page = 50;

    private readonly ReportOptions _options = options.Value;

    /// <returns>False when the domain has had as many today as may be.</returns>
    public async ValueTask<bool> KeepAsync(ReceivedDmarcReport received, CancellationToken cancellationToken)
    {
        var report = received.Report;
        var day = $"{Day(received.ReceivedAt)} {report.Policy.Domain}";
        if (!await MakeRoomAsync(day, cancellationToken)) return false;
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{report.Organization}\n{report.Id}")))[..16];
        await records.PutAsync([new SharedRecord(Kind, $"{day} {id}", PackedJson.Write(received), received.ReceivedAt + _options.Keep)], cancellationToken);
        return true;
    }

    /// <summary>Those that came since then, the oldest first.</summary>
    /// <param name="domain">The policy domain; null for all.</param>
    public async IAsyncEnumerable<ReceivedDmarcReport> ReadAsync(DateTimeOffset since, string? domain, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = Day(since);
        while (await records.ListAsync(Kind, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var record in page.Where(record => domain is null || record.Key.Split(' ') is [_, var of, _] && of == domain))
            {
                if (PackedJson.Read<ReceivedDmarcReport>(record.Value) is { } received && received.ReceivedAt >= since) yield return received;
            }
            after = page[^1].Key;
        }
    }

    private ValueTask<bool> MakeRoomAsync(string day, CancellationToken cancellationToken) => records.ChangeAsync(CountKind, day, there =>
    {
        var count = there is null ? 0 : BitConverter.ToInt32(there.Value.Span);
        return count >= _options.MaxReceived ? null : new SharedRecord(CountKind, day, BitConverter.GetBytes(count + 1), time.GetUtcNow() + TimeSpan.FromDays(2));
    }, cancellationToken);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
