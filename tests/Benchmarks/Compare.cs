using System.Globalization;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;

namespace Merpati.Benchmarks;

/// <summary>
/// The same load against Merpati (Standalone, or the cluster) and against Postfix with Dovecot, alternating within one run on one machine, so that whatever
/// else the machine does hits all. Each figure is that of the best of the passes for its server.
/// </summary>
internal static class Compare
{
    public const string Usage = "[--passes 3] [--messages 3000] [--size 10240] [--connections 10,50] [--idle 1000] [--imap-seconds 3] [--notices 200] [--peers merpati,postfix,cluster]";

    private const int ImapConnections = 10;

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (passes, messages, size) = (options.Number("passes", 3), options.Number("messages", 3000), options.Number("size", 10240));
        var (connections, idle, names) = (options.Numbers("connections", 10, 50), options.Number("idle", 1000), options.Text("peers", "merpati,postfix").Split(','));
        var peers = new List<IPeer>();
        try
        {
            foreach (var name in names)
            {
                peers.Add(name switch
                {
                    "merpati" => await MerpatiPeer.StartStandaloneAsync(),
                    "postfix" => await PostfixDovecotPeer.StartAsync(cancellationToken),
                    "cluster" => await MerpatiPeer.StartClusterAsync(),
                    _ => throw new UsageException($"There is no peer '{name}'."),
                });
            }
            foreach (var peer in peers) await PassAsync(peer, 10, messages / 10, size, cancellationToken); // warm: code, pools, processes

            var best = new Dictionary<(string Peer, int Connections), DeliverResult>();
            for (var pass = 1; pass <= passes; pass++)
            {
                foreach (var count in connections)
                {
                    foreach (var peer in peers)
                    {
                        var result = await PassAsync(peer, count, messages, size, cancellationToken);
                        await Console.Error.WriteLineAsync($"pass {pass}, {count} connections, {peer.Name}: {result}");
                        if (!best.TryGetValue((peer.Name, count), out var previous) || result.DeliveredPerSecond > previous.DeliveredPerSecond) best[(peer.Name, count)] = result;
                    }
                }
            }
            var notices = new Dictionary<string, Latencies>(StringComparer.Ordinal);
            foreach (var peer in peers)
            {
                notices[peer.Name] = await Notice.RunAsync(new NoticePlan(peer.Smtp, peer.Imap, Numbered.Name(BenchAccounts.Pattern, 0), BenchAccounts.Password, options.Number("notices", 200), size), cancellationToken);
                await Console.Error.WriteLineAsync($"250 to EXISTS, {peer.Name}: {notices[peer.Name]}");
            }
            var operations = await ImapAsync(peers, options.Number("imap-seconds", 3), cancellationToken);
            var memory = new Dictionary<string, IdleLoadResult>(StringComparer.Ordinal);
            foreach (var peer in peers.Where(_ => idle > 0))
            {
                memory[peer.Name] = await IdleLoad.RunAsync(new IdleLoadPlan(peer.Imap, Tls: false, idle, BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, peer.Processes), cancellationToken);
                await Console.Error.WriteLineAsync($"{peer.Name}: {memory[peer.Name]}");
            }
            Print(peers, connections, best, notices, operations, memory);
        }
        finally
        {
            foreach (var peer in peers) await peer.DisposeAsync();
        }
    }

    private static Task<DeliverResult> PassAsync(IPeer peer, int connections, int messages, int size, CancellationToken cancellationToken) => Deliver.RunAsync(
        new DeliverPlan(new SmtpLoadPlan(peer.Smtp, connections, messages, size, BenchAccounts.Pattern, BenchAccounts.Count), peer.Imap, BenchAccounts.Pattern, BenchAccounts.Password, peer.Processes),
        cancellationToken);

    /// <summary>Operations a second, one kind at a time, on the mailboxes that the deliveries have filled.</summary>
    private static async Task<Dictionary<(string Peer, string Operation), double>> ImapAsync(List<IPeer> peers, int seconds, CancellationToken cancellationToken)
    {
        var rates = new Dictionary<(string Peer, string Operation), double>();
        foreach (var operation in seconds == 0 ? [] : ImapLoad.Operations)
        {
            foreach (var peer in peers)
            {
                var plan = new ImapLoadPlan(peer.Imap, Tls: false, ImapConnections, TimeSpan.FromSeconds(seconds), BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, [(operation, 1)]);
                var latencies = (await ImapLoad.RunAsync(plan, cancellationToken))[operation];
                rates[(peer.Name, operation)] = latencies.Count / plan.Duration.TotalSeconds;
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"IMAP {operation}, {peer.Name}: {rates[(peer.Name, operation)]:F0}/s; {latencies}"));
            }
        }
        return rates;
    }

    private static void Print(List<IPeer> peers, int[] connections, Dictionary<(string Peer, int Connections), DeliverResult> best, Dictionary<string, Latencies> notices, Dictionary<(string Peer, string Operation), double> operations, Dictionary<string, IdleLoadResult> memory)
    {
        var ratio = peers.Count == 2;
        Console.WriteLine($"| |{string.Concat(peers.Select(peer => $" {peer.Name} |"))}{(ratio ? " ratio |" : "")}");
        Console.WriteLine($"|---|{string.Concat(peers.Select(_ => "---:|"))}{(ratio ? "---:|" : "")}");
        foreach (var count in connections)
        {
            Row($"accepted/s, {count} connections", peer => best[(peer.Name, count)].Smtp.PerSecond, "F0");
            Row($"delivered/s, {count} connections", peer => best[(peer.Name, count)].DeliveredPerSecond, "F0");
            Row($"latency of acceptance p50, ms, {count} connections", peer => best[(peer.Name, count)].Smtp.Latencies.Milliseconds(50), "F1");
            Row($"latency of acceptance p99, ms, {count} connections", peer => best[(peer.Name, count)].Smtp.Latencies.Milliseconds(99), "F1");
            Row($"CPU ms per message, {count} connections", peer => best[(peer.Name, count)].CpuMillisecondsPerMessage, "F2");
        }
        Row("from 250 to EXISTS p50, ms", peer => notices[peer.Name].Milliseconds(50), "F1");
        Row("from 250 to EXISTS p99, ms", peer => notices[peer.Name].Milliseconds(99), "F1");
        foreach (var operation in operations.Keys.Select(key => key.Operation).Distinct()) Row($"IMAP {operation}/s, {ImapConnections} connections", peer => operations[(peer.Name, operation)], "F0");
        if (memory.Count > 0) Row($"MB for {memory.First().Value.Connections} idle IMAP connections", peer => memory[peer.Name].GrowthMegabytes, "F1");

        void Row(string what, Func<IPeer, double> figure, string format)
        {
            var figures = peers.Select(figure).ToArray();
            var cells = string.Concat(figures.Select(value => $" {value.ToString(format, CultureInfo.InvariantCulture)} |"));
            Console.WriteLine($"| {what} |{cells}{(ratio ? $" {(figures[0] / figures[1]).ToString("F2", CultureInfo.InvariantCulture)} |" : "")}");
        }
    }
}
