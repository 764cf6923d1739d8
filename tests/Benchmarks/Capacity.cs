using System.Diagnostics;
using System.Globalization;
using System.Net;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;
using Merpati.Local.Cluster;
using Merpati.TestKit.Cluster;
using Merpati.TestKit.Dns;

namespace Merpati.Benchmarks;

/// <summary>
/// What each piece of work costs each of the six services: processor time an operation and memory a connection, one process of each on the MongoDB and RabbitMQ of deploy/local,
/// whose work is not counted. Rates say nothing here, since all share one machine with the database and the load; processor time is what pods are sized by
/// (docs/operations/capacity.md).
/// </summary>
internal static class Capacity
{
    public const string Usage = "[--messages 2000] [--size 10240] [--connections 10] [--seconds 5] [--idle 2000]";

    private const int Domains = 10;

    private static readonly string[] ImapOperations = ["login", "noop", "status", "select", "flags", "envelope", "body", "store", "append", "search", "resync"];

    private static readonly ServiceKind[] Kinds = Enum.GetValues<ServiceKind>();

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (messages, size, connections, seconds, idle) = (options.Number("messages", 2000), options.Number("size", 10240), options.Number("connections", 10), options.Number("seconds", 5), options.Number("idle", 2000));
        var destinations = Enumerable.Range(0, Domains).Select(i => (Domain: Numbered.Name("d{0}.test", i), Host: new IPAddress([127, 0, 0, (byte)(i + 1)])));
        await using var dns = DnsTestServer.Start(
            "remote.test TXT \"v=spf1 ip4:127.0.0.1 -all\"\n_dmarc.remote.test TXT \"v=DMARC1; p=none\"\n" + string.Join('\n', destinations.Select(one => $"{one.Domain} MX 10 mx.{one.Domain}\nmx.{one.Domain} A {one.Host}")));
        await using var sink = await SmtpSink.StartAsync(cancellationToken);
        await using var server = await ClusterServer.StartAsync(settings => settings with { Keys = KeysOf(dns.Address, sink.Port) });
        var peer = await MerpatiPeer.WithAccountsAsync("cluster", server);
        var processes = Kinds.ToDictionary(kind => kind, kind => server.Cluster.First(kind).ProcessId);
        Row("", kind => kind.Name());
        Row("---", _ => "---:");
        MemoryRow("started, MB");

        SmtpLoadPlan inbound = new(peer.Smtp, connections, messages, size, BenchAccounts.Pattern, BenchAccounts.Count);
        SmtpLoadPlan outbound = new(peer.Submission, connections, messages, size, "user@d{0}.test", Domains) { Sender = BenchAccounts.Addresses.First(), Password = BenchAccounts.Password };
        var rest = Kinds.ToDictionary(kind => kind, _ => 0.0);
        foreach (var warm in new[] { true, false })
        {
            var count = warm ? messages / 4 : messages;
            await CostAsync(warm, "a message from outside, delivered, ms", async () =>
            {
                await Deliver.RunAsync(new DeliverPlan(inbound with { Messages = count }, peer.Imap, BenchAccounts.Pattern, BenchAccounts.Password, []), cancellationToken);
                return count;
            });
            await CostAsync(warm, "a message submitted, relayed, ms", async () =>
            {
                await RelayLoad.RunAsync(outbound with { Messages = count }, sink, [], cancellationToken);
                return count;
            });
            if (warm) rest = await RestAsync();
        }
        foreach (var operation in ImapOperations)
        {
            var plan = new ImapLoadPlan(peer.Imap, Tls: false, connections, TimeSpan.FromSeconds(seconds), BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, [(operation, 1)]);
            foreach (var warm in new[] { true, false })
                await CostAsync(warm, $"IMAP {operation}, ms", async () => (await ImapLoad.RunAsync(warm ? plan with { Duration = plan.Duration / 3 } : plan, cancellationToken))[operation].Count);
        }
        foreach (var warm in new[] { true, false }) await CostAsync(warm, "POP3 poll (login, STAT, QUIT), ms", () => PollAsync(new IPEndPoint(IPAddress.Loopback, server.Pop3Port), warm ? 20 : 100, cancellationToken));
        MemoryRow("after all that, MB");

        var idling = new List<Dictionary<ServiceKind, double>>();
        await IdleLoad.HoldAsync(new IdleLoadPlan(peer.Imap, Tls: false, idle, BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, []), () => idling.Add(Memory()), cancellationToken);
        Row(string.Create(CultureInfo.InvariantCulture, $"each of {idle} connections in IDLE, kB"), kind => Text((idling[1][kind] - idling[0][kind]) / 1e3 / idle, "F1"));

        async Task CostAsync(bool warm, string what, Func<Task<int>> work)
        {
            var (started, clock) = (Processor(), Stopwatch.StartNew());
            var count = await work();
            // What a service writes down after the last reply is its work too.
            await Task.Delay(TimeSpan.FromSeconds(warm ? 0 : 1), cancellationToken);
            var (ended, elapsed) = (Processor(), clock.Elapsed);
            if (!warm) Row(what, kind => Text(Math.Max(0, (ended[kind] - started[kind] - elapsed * rest[kind]).TotalMilliseconds / count), "F2"));
        }

        // What a service does anyway, as the share of a processor, is no part of an operation. What was just loaded still compiles for a while: it rests when it does no longer grow less.
        async Task<Dictionary<ServiceKind, double>> RestAsync()
        {
            var share = await ShareAsync();
            for (var window = 0; window < 8; window++)
            {
                var before = share;
                share = await ShareAsync();
                if (Kinds.All(kind => share[kind] > 0.7 * before[kind])) break;
            }
            Row("at rest, ms each second", kind => Text(share[kind] * 1000, "F1"));
            return share;
        }

        async Task<Dictionary<ServiceKind, double>> ShareAsync()
        {
            var (started, clock) = (Processor(), Stopwatch.StartNew());
            await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            var (ended, elapsed) = (Processor(), clock.Elapsed);
            return Kinds.ToDictionary(kind => kind, kind => (ended[kind] - started[kind]) / elapsed);
        }

        void MemoryRow(string what)
        {
            var memory = Memory();
            Row(what, kind => Text(memory[kind] / 1e6, "F0"));
        }

        Dictionary<ServiceKind, TimeSpan> Processor() => processes.ToDictionary(one => one.Key, one => ProcessFigures.Of(one.Value).Cpu);

        Dictionary<ServiceKind, double> Memory() => processes.ToDictionary(one => one.Key, one => (double)ProcessFigures.Of(one.Value).Pss);
    }

    private static Dictionary<ServiceKind, IReadOnlyDictionary<string, string>> KeysOf(string dns, int relayPort)
    {
        var resolver = new Dictionary<string, string> { ["dns:servers:0"] = dns };
        return new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>
        {
            // The load comes from loopback, and is to be judged as a stranger's mail is.
            [ServiceKind.SmtpIngress] = new Dictionary<string, string>(resolver) { ["smtpIngress:checks:exemptNetworks:0"] = "192.0.2.0/24" },
            [ServiceKind.OutboundRelay] = new Dictionary<string, string>(resolver) { ["outboundRelay:port"] = relayPort.ToString(CultureInfo.InvariantCulture), ["destinations:allowPrivateAddresses"] = "true" },
        };
    }

    /// <summary>Each poll with a connection of its own, as clients do it; a maildrop is open to one at a time.</summary>
    private static async Task<int> PollAsync(IPEndPoint server, int polls, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(BenchAccounts.Addresses, cancellationToken, async (address, token) =>
        {
            for (var poll = 0; poll < polls; poll++)
            {
                await using var pop3 = await MailConnection.OpenAsync(server, tls: false, token);
                foreach (var command in new[] { "", $"USER {address}\r\n", $"PASS {BenchAccounts.Password}\r\n", "STAT\r\n", "QUIT\r\n" })
                {
                    if (command.Length > 0) await pop3.SendAsync(command, token);
                    var reply = await pop3.ReadLineAsync(token);
                    if (!reply.StartsWith("+OK", StringComparison.Ordinal)) throw new InvalidOperationException($"The server said: {reply}");
                }
            }
        });
        return polls * BenchAccounts.Count;
    }

    private static void Row(string what, Func<ServiceKind, string> cell) => Console.WriteLine($"| {what} |{string.Concat(Kinds.Select(kind => $" {cell(kind)} |"))}");

    private static string Text(double figure, string format) => figure.ToString(format, CultureInfo.InvariantCulture);
}
