using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Merpati.Tests.Chart;

namespace Merpati.Tests.Pods;

/// <summary>A connection between components; <see cref="Outside"/> is whatever is no pod of the chart.</summary>
internal sealed record Flow(string From, string To, int Port)
{
    public const string Outside = "outside";
}

/// <summary>The NetworkPolicies of the chart as rules that can be asked.</summary>
internal sealed class NetworkRules(RenderedChart chart)
{
    /// <summary>Both sides have to agree, as far as they have a policy.</summary>
    public bool Allow(Flow flow, Pod? from, Pod? to)
        => (from is null || PoliciesOf(from).Any(policy => policy["spec"]["egress"].Items.Any(rule => HasPort(rule, flow.Port, to) && Names(rule["to"], to))))
            && (to is null || PoliciesOf(to).Any(policy => policy["spec"]["ingress"].Items.Any(rule => HasPort(rule, flow.Port, to) && Names(rule["from"], from))));

    private IEnumerable<Node> PoliciesOf(Pod pod) => chart.OfKind("NetworkPolicy").Where(policy => policy["spec"]["podSelector"]["matchLabels"].Selects(pod.Labels));

    private static bool HasPort(Node rule, int port, Pod? owner)
        => !rule["ports"].IsThere || rule["ports"].Items.Any(known => int.TryParse(known["port"].Text, CultureInfo.InvariantCulture, out var number) ? number == port : owner?.PortOf(known["port"].Text) == port);

    private static bool Names(Node peers, Pod? pod)
        => !peers.IsThere || peers.Items.Any(peer => peer["namespaceSelector"].IsThere || (pod is not null && peer["podSelector"]["matchLabels"].Selects(pod.Labels)));
}

/// <summary>Watches what connections there are, in the kernel's own tables of each pod's network.</summary>
internal sealed class FlowWatch : IAsyncDisposable
{
    private const string Established = "01";
    private const string Listening = "0A";

    private readonly ConcurrentDictionary<Flow, (Pod? From, Pod? To)> _seen = [];

    // Also those that are not listened on any more: a pod that drains has sessions that came in over them.
    private readonly HashSet<(int ProcessId, int Port)> _listening = [];
    private readonly Func<IReadOnlyCollection<Pod>> _pods;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;

    public FlowWatch(Func<IReadOnlyCollection<Pod>> pods)
    {
        _pods = pods;
        _watching = Task.Run(WatchAsync);
    }

    public IReadOnlyDictionary<Flow, (Pod? From, Pod? To)> Seen => _seen;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                var pods = _pods().ToDictionary(pod => pod.Address);
                foreach (var pod in pods.Values) Look(pod, pods);
            }
        }
        catch (OperationCanceledException) { }
    }

    private void Look(Pod pod, Dictionary<IPAddress, Pod> pods)
    {
        List<string[]> rows;
        try { rows = [.. new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadAllLines($"/proc/{pod.ProcessId}/net/{table}").Skip(1)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))]; }
        catch (IOException) { return; } // it ended
        _listening.UnionWith(rows.Where(row => row[3] == Listening).Select(row => (pod.ProcessId, EndPointOf(row[1]).Port)));
        foreach (var row in rows.Where(row => row[3] == Established))
        {
            var (local, remote) = (EndPointOf(row[1]), EndPointOf(row[2]));
            if (IPAddress.IsLoopback(remote.Address)) continue;
            var peer = pods.GetValueOrDefault(remote.Address);
            var there = peer?.Component ?? Flow.Outside;
            if (_listening.Contains((pod.ProcessId, local.Port))) _seen.TryAdd(new Flow(there, pod.Component, local.Port), (peer, pod));
            else _seen.TryAdd(new Flow(pod.Component, there, remote.Port), (pod, peer));
        }
    }

    /// <summary>The kernel writes addresses in words of four octets, each in the machine's order: <c>0100007F:1F90</c>.</summary>
    private static IPEndPoint EndPointOf(string text)
    {
        var parts = text.Split(':');
        var octets = Convert.FromHexString(parts[0]);
        if (BitConverter.IsLittleEndian) for (var word = 0; word < octets.Length; word += 4) octets.AsSpan(word, 4).Reverse();
        var address = new IPAddress(octets);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
