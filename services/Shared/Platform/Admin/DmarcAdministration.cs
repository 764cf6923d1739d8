using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mail.Auth;
using Merpati.Platform.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Admin;

/// <summary>What DMARC reports of others say about our domains: <c>GET dmarc/reports?domain=…&amp;since=…</c>.</summary>
public static class DmarcAdministration
{
    private const int MaxSources = 5000;
    private const int MaxWords = 10;
    internal static readonly TimeSpan Usual = TimeSpan.FromDays(7);

    public static IEndpointRouteBuilder MapDmarcAdministration(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapAdministration().MapGet("/dmarc/reports", ReportsAsync);
        return endpoints;
    }

    private static async Task<IResult> ReportsAsync(ReceivedDmarcReports received, TimeProvider time, string? domain, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var from = since ?? time.GetUtcNow() - Usual;
        var sources = new Dictionary<(string Domain, string Source), Tally>();
        var (reports, unverified, cut) = (0, 0, false);
        await foreach (var one in received.ReadAsync(from, domain is null ? null : DomainName.ToAscii(DomainName.Normalize(domain)), cancellationToken))
        {
            reports++;
            if (!one.Verified) unverified++;
            foreach (var row in one.Report.Rows)
            {
                var key = (one.Report.Policy.Domain, row.Source);
                if (!sources.TryGetValue(key, out var tally))
                {
                    if (sources.Count >= MaxSources)
                    {
                        cut = true;
                        continue;
                    }
                    sources[key] = tally = new Tally();
                }
                tally.Add(row, one.Report.Organization);
            }
        }
        var views = sources.Select(pair => pair.Value.View(pair.Key.Domain, pair.Key.Source)).OrderBy(view => view.Domain, StringComparer.Ordinal).ThenByDescending(view => view.Failed).ThenByDescending(view => view.Passed).ThenBy(view => view.Source, StringComparer.Ordinal);
        return Results.Json(new DmarcReportsView(from, reports, unverified, [.. views], cut), AdministrationJson.Default.DmarcReportsView);
    }

    private sealed class Tally
    {
        private readonly Dictionary<string, long> _results = new(StringComparer.Ordinal);
        private readonly SortedSet<string> _reporters = new(StringComparer.Ordinal);
        private long _passed;
        private long _failed;
        private long _refused;

        public void Add(DmarcRow row, string reporter)
        {
            if (row.Passes) _passed += row.Count;
            else _failed += row.Count;
            if (row.Disposition is "reject" or "quarantine") _refused += row.Count;
            if (_reporters.Count < MaxWords) _reporters.Add(reporter);
            foreach (var signature in row.Signatures) Add($"dkim={signature.Result} {signature.Domain}", row.Count);
            if (row.Spf is { } spf) Add($"spf={spf.Result} {spf.Domain}", row.Count);
        }

        public DmarcSourceView View(string domain, string source)
            => new(domain, source, _passed, _failed, _refused, [.. _results.OrderByDescending(result => result.Value).ThenBy(result => result.Key, StringComparer.Ordinal).Select(result => result.Key)], [.. _reporters]);

        private void Add(string result, long count)
        {
            if (_results.ContainsKey(result) || _results.Count < MaxWords) _results[result] = _results.GetValueOrDefault(result) + count;
        }
    }
}
