using System.Globalization;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mail.Dns;
using Merpati.Platform.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Admin;

/// <summary>What TLS reports of others say about their sessions with us (RFC 8460): <c>GET tls/reports?domain=…&amp;since=…</c>.</summary>
public static class TlsReportAdministration
{
    private const int MaxPolicies = 1000;
    private const int MaxFailures = 20;
    private const int MaxReporters = 10;

    public static IEndpointRouteBuilder MapTlsReportAdministration(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapAdministration().MapGet("/tls/reports", ReportsAsync);
        return endpoints;
    }

    private static async Task<IResult> ReportsAsync(ReceivedTlsReports received, TimeProvider time, string? domain, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var from = since ?? time.GetUtcNow() - DmarcAdministration.Usual;
        var about = domain is null ? null : DomainName.ToAscii(DomainName.Normalize(domain));
        var tallies = new Dictionary<(string Domain, string Policy), Tally>();
        var (reports, unverified, cut) = (0, 0, false);
        // One report can be about several domains: what it is kept under is only the first.
        await foreach (var one in received.ReadAsync(from, null, cancellationToken))
        {
            var policies = one.Report.Policies.Where(policy => about is null || policy.Domain == about).ToList();
            if (policies.Count == 0) continue;
            reports++;
            if (!one.Verified) unverified++;
            foreach (var policy in policies)
            {
                var key = (policy.Domain, policy.Type);
                if (!tallies.TryGetValue(key, out var tally))
                {
                    if (tallies.Count >= MaxPolicies)
                    {
                        cut = true;
                        continue;
                    }
                    tallies[key] = tally = new Tally();
                }
                tally.Add(policy, one.Report.Organization);
            }
        }
        var views = tallies.Select(pair => pair.Value.View(pair.Key.Domain, pair.Key.Policy)).OrderBy(view => view.Domain, StringComparer.Ordinal).ThenByDescending(view => view.Failed).ThenBy(view => view.Policy, StringComparer.Ordinal);
        return Results.Json(new TlsReportsView(from, reports, unverified, [.. views], cut), AdministrationJson.Default.TlsReportsView);
    }

    private sealed class Tally
    {
        private readonly Dictionary<string, long> _failures = new(StringComparer.Ordinal);
        private readonly SortedSet<string> _reporters = new(StringComparer.Ordinal);
        private long _succeeded;
        private long _failed;

        public void Add(ToldTlsPolicy policy, string reporter)
        {
            _succeeded += policy.Successes;
            _failed += policy.Failures;
            if (_reporters.Count < MaxReporters) _reporters.Add(reporter);
            foreach (var detail in policy.Details)
            {
                var failure = string.Join(' ', new[] { detail.Type, detail.Mx, detail.Reason.Length > 0 ? $"({detail.Reason})" : "" }.Where(word => word.Length > 0));
                if (_failures.ContainsKey(failure) || _failures.Count < MaxFailures) _failures[failure] = _failures.GetValueOrDefault(failure) + detail.Sessions;
            }
        }

        public TlsPolicyView View(string domain, string policy)
            => new(domain, policy, _succeeded, _failed, [.. _failures.OrderByDescending(failure => failure.Value).ThenBy(failure => failure.Key, StringComparer.Ordinal).Select(failure => string.Create(CultureInfo.InvariantCulture, $"{failure.Key}: {failure.Value}"))], [.. _reporters]);
    }
}
