using System.Net;
using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>A session that was not as its policy wants it (RFC 8460 §4.3).</summary>
/// <param name="ReceivingMx">Name of the host.</param>
/// <param name="ReceivingHelo">How the host called itself.</param>
/// <param name="Detail">In words, for failure-reason-code.</param>
public sealed record TlsSessionFailure(TlsFailure Type, string? ReceivingMx = null, string? ReceivingHelo = null, IPAddress? ReceivingIp = null, IPAddress? SendingIp = null, string? Detail = null);

/// <summary>A kind of failure and how often it happened.</summary>
public sealed record CountedFailure(TlsSessionFailure Failure, long Sessions);

/// <summary>What became of the sessions under one policy.</summary>
public sealed record PolicySessions(ReportedPolicy Policy, long Successes, long Failures, IReadOnlyList<CountedFailure> Details);

/// <summary>What became of the sessions for one domain on one day (UTC).</summary>
public sealed record DomainSessions(string Domain, DateOnly Day, IReadOnlyList<PolicySessions> Policies);

/// <summary>
/// Counts sessions by recipient domain, policy and result until the day's report is written (RFC 8460 §4). Whatever strangers cause to be counted, it stays small:
/// what is over a bound is still in the sums, but without its details; domains over the bound are not counted.
/// </summary>
public sealed class TlsReportCollector(TimeProvider time, int maxDomains = 20_000, int maxPolicies = 10, int maxDetails = 50, long maxOctets = 64 * 1024 * 1024)
{
    private const int MaxText = 300;
    private const int MaxDays = 3;

    private readonly Lock _turn = new();
    private readonly Dictionary<(DateOnly Day, string Domain), Dictionary<ReportedPolicy, Tally>> _tallies = [];
    private readonly HashSet<(DateOnly Day, string Domain)> _changed = [];
    private long _octets;

    /// <param name="domain">Of the recipients: it is there that the record for reports is looked for.</param>
    public void Success(string domain, ReportedPolicy policy)
    {
        lock (_turn)
        {
            if (Find(domain, policy) is { } tally) tally.Successes++;
        }
    }

    /// <summary>One session that failed. Several failures of one session are reported by <see cref="Detail"/> for those after the first.</summary>
    public void Failure(string domain, ReportedPolicy policy, TlsSessionFailure failure)
    {
        lock (_turn)
        {
            if (Find(domain, policy) is not { } tally) return;
            tally.Failures++;
            Add(tally, failure);
        }
    }

    /// <summary>Something to be reported beside a session that is counted by itself, such as an MTA-STS policy that cannot be fetched.</summary>
    public void Detail(string domain, ReportedPolicy policy, TlsSessionFailure failure)
    {
        lock (_turn)
        {
            if (Find(domain, policy) is { } tally) Add(tally, failure);
        }
    }

    /// <summary>The days and domains for which something was counted since the last call, with all that was counted for them.</summary>
    public IReadOnlyList<DomainSessions> TakeChanged()
    {
        lock (_turn)
        {
            var changed = _changed.Where(_tallies.ContainsKey).Select(key => Of(key, _tallies[key])).ToList();
            _changed.Clear();
            return changed;
        }
    }

    /// <summary>These count as changed again: nobody could keep them.</summary>
    public void GiveBack(IEnumerable<DomainSessions> sessions)
    {
        lock (_turn) _changed.UnionWith(sessions.Select(one => (one.Day, one.Domain)));
    }

    /// <summary>What was counted on the days before this one; it is forgotten with that.</summary>
    public IReadOnlyList<DomainSessions> TakeBefore(DateOnly day)
    {
        lock (_turn)
        {
            var taken = _tallies.Where(tally => tally.Key.Day < day).ToList();
            foreach (var (key, policies) in taken) Forget(key, policies);
            return [.. taken.Select(tally => Of(tally.Key, tally.Value))];
        }
    }

    private static DomainSessions Of((DateOnly Day, string Domain) key, Dictionary<ReportedPolicy, Tally> policies) => new(key.Domain, key.Day, [.. policies.Select(one => one.Value.Of(one.Key))]);

    private Tally? Find(string domain, ReportedPolicy policy)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var key = (today, domain);
        if (!_tallies.TryGetValue(key, out var policies))
        {
            if (_tallies.Count >= maxDomains && !ForgetOldDays(today)) return null;
            _tallies[key] = policies = [];
        }
        _changed.Add(key);
        if (policies.TryGetValue(policy, out var tally)) return tally;
        if (policies.Count >= maxPolicies)
        {
            // More policies than a domain has: without their text there are only a few.
            policy = policy with { Text = [], Mx = [] };
            if (policies.TryGetValue(policy, out tally)) return tally;
            if (policies.Count >= 2 * maxPolicies) return null;
        }
        var octets = 200 + policy.Text.Concat(policy.Mx).Sum(line => 40L + 2 * line.Length);
        if (_octets + octets > maxOctets)
        {
            policy = policy with { Text = [], Mx = [] };
            if (policies.TryGetValue(policy, out tally)) return tally;
            octets = 200;
        }
        _octets += octets;
        return policies[policy] = new Tally { Octets = octets };
    }

    /// <summary>Reports that nobody took do not keep out those of today.</summary>
    private bool ForgetOldDays(DateOnly today)
    {
        var old = _tallies.Keys.Where(key => key.Day <= today.AddDays(-MaxDays)).ToList();
        foreach (var key in old) Forget(key, _tallies[key]);
        return old.Count > 0;
    }

    private void Forget((DateOnly Day, string Domain) key, Dictionary<ReportedPolicy, Tally> policies)
    {
        _tallies.Remove(key);
        _changed.Remove(key);
        _octets -= policies.Values.Sum(tally => tally.Octets);
    }

    private void Add(Tally tally, TlsSessionFailure failure)
    {
        var octets = tally.Add(Short(failure), maxDetails, maxOctets - _octets);
        _octets += octets;
        tally.Octets += octets;
    }

    private static TlsSessionFailure Short(TlsSessionFailure failure)
        => failure with { ReceivingMx = Short(failure.ReceivingMx), ReceivingHelo = Short(failure.ReceivingHelo), Detail = Short(failure.Detail) };

    private static string? Short(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;

    private sealed class Tally
    {
        private readonly Dictionary<TlsSessionFailure, long> _details = [];

        public long Successes { get; set; }

        public long Failures { get; set; }

        public long Octets { get; set; }

        /// <returns>Octets that the detail takes; none if it was there already, or there is no room for it.</returns>
        public long Add(TlsSessionFailure failure, int maxDetails, long room)
        {
            if (_details.TryGetValue(failure, out var count))
            {
                _details[failure] = count + 1;
                return 0;
            }
            var octets = 300 + 2 * ((failure.ReceivingMx?.Length ?? 0) + (failure.ReceivingHelo?.Length ?? 0) + (failure.Detail?.Length ?? 0));
            if (_details.Count >= maxDetails || octets > room) return 0;
            _details[failure] = 1;
            return octets;
        }

        public PolicySessions Of(ReportedPolicy policy)
            => new(policy, Successes, Failures, [.. _details.OrderByDescending(detail => detail.Value).Select(detail => new CountedFailure(detail.Key, detail.Value))]);
    }
}
