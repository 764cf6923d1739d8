using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;
using Merpati.TestKit.Dns;

namespace Merpati.Benchmarks;

/// <summary>
/// The same mail for other servers submitted to Merpati Standalone and to Debian's Postfix, alternating within one run; smtp-sink takes it on ten addresses. Merpati asks a resolver on
/// loopback for MX, addresses and policies, and its client logs in; Postfix has its routes in a table and trusts its client. Each figure is that of the best of the passes.
/// </summary>
internal static class RelayCompare
{
    public const string Usage = "[--passes 3] [--messages 3000] [--size 10240] [--connections 20] [--destinations 10,1] [--pace 50] [--peers merpati,dkim,postfix,postfix-raised]";

    private const int Domains = 10;

    private sealed record Relay(string Name, IPEndPoint Submission, string? Password, IReadOnlyList<int> Processes, IAsyncDisposable Server, Uri? Metrics = null);

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (passes, messages, size, pace, connections) = (options.Number("passes", 3), options.Number("messages", 3000), options.Number("size", 10240), options.Number("pace", 50), options.Number("connections", 20));
        var names = options.Text("peers", "merpati,dkim,postfix,postfix-raised").Split(',');
        var rates = new Dictionary<(string Relay, int Domains), RelayResult>();
        var latencies = new Dictionary<string, Latencies>(StringComparer.Ordinal);
        await using (var sink = await SmtpSink.StartAsync(cancellationToken))
        {
            await WithRelaysAsync(names, sink.Port, async relays =>
            {
                foreach (var relay in relays) await RelayLoad.RunAsync(Plan(relay, Domains, messages), sink, relay.Processes, cancellationToken); // warm: code, pools, processes
                for (var pass = 1; pass <= passes; pass++)
                {
                    foreach (var domains in options.Numbers("destinations", Domains, 1))
                    {
                        foreach (var relay in relays)
                        {
                            var result = await RelayLoad.RunAsync(Plan(relay, domains, messages), sink, relay.Processes, cancellationToken);
                            await Console.Error.WriteLineAsync($"pass {pass}, {domains} destinations, {relay.Name}: {result}");
                            if (!rates.TryGetValue((relay.Name, domains), out var best) || result.PerSecond > best.PerSecond) rates[(relay.Name, domains)] = result;
                        }
                    }
                }
                foreach (var relay in relays.Where(relay => relay.Metrics is not null)) await PrintWindowAsync(relay, cancellationToken);
            }, cancellationToken);
        }
        if (pace > 0)
        {
            var taken = new ConcurrentDictionary<int, long>();
            await using var sink = new ClockingSink((number, at) => taken[number] = at);
            await WithRelaysAsync(names, sink.Port, async relays =>
            {
                foreach (var relay in relays)
                {
                    await RelayLoad.RunPacedAsync(Plan(relay, Domains, 500), taken, cancellationToken); // warm
                    latencies[relay.Name] = await RelayLoad.RunPacedAsync(Plan(relay, Domains, pace * 10) with { Pace = pace }, taken, cancellationToken);
                    await Console.Error.WriteLineAsync($"{pace} messages a second, {relay.Name}: {latencies[relay.Name]}");
                    if (relay.Metrics is not null) await PrintWindowAsync(relay, cancellationToken);
                }
            }, cancellationToken);
        }
        Print(rates, latencies);

        SmtpLoadPlan Plan(Relay relay, int domains, int count) => new(relay.Submission, connections, count, size, "user@d{0}.test", domains) { Sender = BenchAccounts.Addresses.First(), Password = relay.Password };
    }

    private static async Task WithRelaysAsync(string[] names, int port, Func<IReadOnlyList<Relay>, Task> run, CancellationToken cancellationToken)
    {
        var destinations = Enumerable.Range(0, Domains).Select(i => (Domain: Numbered.Name("d{0}.test", i), Host: new IPAddress([127, 0, 0, (byte)(i + 1)]))).ToArray();
        await using var dns = DnsTestServer.Start(string.Join('\n', destinations.Select(one => $"{one.Domain} MX 10 mx.{one.Domain}\nmx.{one.Domain} A {one.Host}")));
        var relays = new List<Relay>();
        try
        {
            foreach (var name in names)
            {
                relays.Add(name switch
                {
                    "merpati" => Of(await MerpatiPeer.StartRelayAsync(port, dns.Address, signing: false)),
                    "dkim" => Of(await MerpatiPeer.StartRelayAsync(port, dns.Address, signing: true)),
                    "postfix" => Of("Postfix", await PostfixRelayPeer.StartAsync(destinations, port, raised: false, cancellationToken)),
                    "postfix-raised" => Of("Postfix, raised", await PostfixRelayPeer.StartAsync(destinations, port, raised: true, cancellationToken)),
                    _ => throw new UsageException($"There is no peer '{name}'."),
                });
            }
            await run(relays);
        }
        finally
        {
            foreach (var relay in relays) await relay.Server.DisposeAsync();
        }
    }

    private static Relay Of(MerpatiPeer peer) => new(peer.Name, peer.Submission, BenchAccounts.Password, peer.Processes, peer, peer.Http);

    private static Relay Of(string name, PostfixRelayPeer peer) => new(name, peer.Smtp, Password: null, peer.Processes, peer);

    /// <summary>How long a crash would double a message (docs/reliability.md).</summary>
    private static async Task PrintWindowAsync(Relay relay, CancellationToken cancellationToken)
    {
        const string Window = "merpati_relay_unrecorded_duration_seconds";
        var (half, most) = (await ScrapedHistogram.PercentileAsync(relay.Metrics!, Window, 50, cancellationToken), await ScrapedHistogram.PercentileAsync(relay.Metrics!, Window, 99, cancellationToken));
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{relay.Name}, from reading 250 to the record of it: p50 {half * 1000:F1} ms, p99 {most * 1000:F1} ms"));
    }

    private static void Print(Dictionary<(string Relay, int Domains), RelayResult> rates, Dictionary<string, Latencies> latencies)
    {
        var names = rates.Keys.Select(key => key.Relay).Distinct().ToArray();
        Console.WriteLine($"| |{string.Concat(names.Select(name => $" {name} |"))}");
        Console.WriteLine($"|---|{string.Concat(names.Select(_ => "---:|"))}");
        foreach (var domains in rates.Keys.Select(key => key.Domains).Distinct())
        {
            var to = domains == 1 ? "1 destination" : $"{domains} destinations";
            Row($"relayed/s, {to}", name => rates[(name, domains)].PerSecond, "F0");
            Row($"accepted/s, {to}", name => rates[(name, domains)].Smtp.PerSecond, "F0");
            Row($"CPU ms per message, {to}", name => rates[(name, domains)].CpuMillisecondsPerMessage, "F2");
        }
        if (latencies.Count == 0) return;
        Row("MAIL to remote 250 p50, ms", name => latencies[name].Milliseconds(50), "F1");
        Row("MAIL to remote 250 p99, ms", name => latencies[name].Milliseconds(99), "F1");

        void Row(string what, Func<string, double> figure, string format)
            => Console.WriteLine($"| {what} |{string.Concat(names.Select(name => $" {figure(name).ToString(format, CultureInfo.InvariantCulture)} |"))}");
    }
}
