using System.Text.Json;

namespace Merpati.Mail.Auth;

/// <summary>What was counted for a policy domain on a day (UTC).</summary>
/// <param name="Record">The record that was found last, as it stands in DNS.</param>
/// <param name="SeenAt">When it was.</param>
/// <param name="Unlisted">Messages for which there was no room for a row.</param>
public sealed record DmarcDay(DateOnly Day, string Domain, string Record, DateTimeOffset SeenAt, IReadOnlyList<DmarcRow> Rows, long Unlisted)
{
    /// <summary>How that record was found; what a version counted that does not know of it, was found by the list.</summary>
    public DmarcDiscovery Discovery { get; init; }

    /// <summary>What several counted, as one. Rows that are alike become one.</summary>
    /// <param name="counted">At least one.</param>
    public static DmarcDay Together(IReadOnlyList<DmarcDay> counted)
    {
        var newest = counted.MaxBy(one => one.SeenAt)!;
        var rows = counted.SelectMany(one => one.Rows)
            .GroupBy(row => JsonSerializer.Serialize(row with { Count = 0 }), StringComparer.Ordinal)
            .Select(same => same.First() with { Count = same.Sum(row => row.Count) })
            .OrderByDescending(row => row.Count).ThenBy(row => row.Source, StringComparer.Ordinal);
        return newest with { Rows = [.. rows], Unlisted = counted.Sum(one => one.Unlisted) };
    }
}

/// <summary>
/// Counts messages by policy domain and by how they fared, until the day's report is written (RFC 7489 §7.2). Strangers choose domains and selectors: rows over a bound are a number alone,
/// and domains over the bound are not counted.
/// </summary>
public sealed class DmarcReportCollector(TimeProvider time, int maxDomains, int maxRows, long maxOctets = 64 * 1024 * 1024)
{
    private const int MaxRecord = 2000;
    private const int MaxDays = 3;

    private readonly Lock _turn = new();
    private readonly Dictionary<(DateOnly Day, string Domain), Tally> _tallies = [];
    private readonly HashSet<(DateOnly Day, string Domain)> _changed = [];
    private long _octets;

    /// <summary>Counts one message; the count that the row has does not matter.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool Count(string policyDomain, DmarcRecord record, DmarcRow row)
    {
        if (record.Text.Length > MaxRecord) return false;
        var text = JsonSerializer.Serialize(row with { Count = 0 });
        var now = time.GetUtcNow();
        var key = (DateOnly.FromDateTime(now.UtcDateTime), policyDomain);
        lock (_turn)
        {
            if (!_tallies.TryGetValue(key, out var tally))
            {
                var octets = 500 + 2 * (record.Text.Length + policyDomain.Length);
                if ((_tallies.Count >= maxDomains || _octets + octets > maxOctets) && !ForgetOldDays(key.Item1)) return false;
                _tallies[key] = tally = new Tally { Octets = octets };
                _octets += octets;
            }
            (tally.Record, tally.Discovery, tally.SeenAt) = (record.Text, record.Discovery, now);
            _changed.Add(key);
            return Add(tally, text);
        }
    }

    /// <summary>The days and domains for which something was counted since the last call, with all that was counted for them.</summary>
    public IReadOnlyList<DmarcDay> TakeChanged()
    {
        lock (_turn)
        {
            var changed = _changed.Where(_tallies.ContainsKey).Select(key => _tallies[key].Of(key)).ToList();
            _changed.Clear();
            return changed;
        }
    }

    /// <summary>These count as changed again: nobody could keep them.</summary>
    public void GiveBack(IEnumerable<DmarcDay> days)
    {
        lock (_turn) _changed.UnionWith(days.Select(one => (one.Day, one.Domain)));
    }

    /// <summary>Forgets the days before this one, but for what is changed and not taken yet.</summary>
    public void ForgetBefore(DateOnly day)
    {
        lock (_turn)
        {
            foreach (var key in _tallies.Keys.Where(key => key.Day < day && !_changed.Contains(key)).ToList()) Forget(key);
        }
    }

    private bool Add(Tally tally, string row)
    {
        if (tally.Rows.TryGetValue(row, out var count))
        {
            tally.Rows[row] = count + 1;
            return true;
        }
        var octets = 80 + 2 * row.Length;
        if (tally.Rows.Count >= maxRows || _octets + octets > maxOctets)
        {
            tally.Unlisted++;
            return false;
        }
        tally.Rows[row] = 1;
        tally.Octets += octets;
        _octets += octets;
        return true;
    }

    /// <summary>What nobody took does not keep out today's.</summary>
    private bool ForgetOldDays(DateOnly today)
    {
        var old = _tallies.Keys.Where(key => key.Day <= today.AddDays(-MaxDays)).ToList();
        foreach (var key in old) Forget(key);
        return old.Count > 0;
    }

    private void Forget((DateOnly Day, string Domain) key)
    {
        _octets -= _tallies[key].Octets;
        _tallies.Remove(key);
        _changed.Remove(key);
    }

    private sealed class Tally
    {
        public Dictionary<string, long> Rows { get; } = new(StringComparer.Ordinal);

        public string Record { get; set; } = "";

        public DmarcDiscovery Discovery { get; set; }

        public DateTimeOffset SeenAt { get; set; }

        public long Unlisted { get; set; }

        public long Octets { get; set; }

        public DmarcDay Of((DateOnly Day, string Domain) key)
            => new(key.Day, key.Domain, Record, SeenAt, [.. Rows.Select(row => JsonSerializer.Deserialize<DmarcRow>(row.Key)! with { Count = row.Value })], Unlisted) { Discovery = Discovery };
    }
}
