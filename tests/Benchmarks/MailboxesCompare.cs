using System.Globalization;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;

namespace Merpati.Benchmarks;

/// <summary>
/// IMAP alone, on large mailboxes: Merpati and Dovecot with the same messages, command by command, alternating within one run. The rate is that of the best pass of a server; the processor time of an
/// operation, that of its cheapest: what other work on the machine takes shows in the rate and hardly in the time.
/// </summary>
internal static class MailboxesCompare
{
    public const string Usage = "[--mailbox 10000] [--users 10] [--connections 10,50] [--seconds 2] [--warm 3] [--passes 2] [--operations select,body,…,mix] [--idle 0] [--large-mb 0] [--peers merpati,postfix | --attach name:smtp:imap:pid,…]";

    private const int Readers = 20;

    private const string UsualOperations = "noop,select,status,flags,envelope,body,store,search,bodysearch,login,resync,append,mix";

    private readonly record struct Figure(double Rate, double Cpu);

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (mailbox, users, idle, large) = (options.Number("mailbox", 10_000), options.Number("users", BenchAccounts.Count), options.Number("idle", 0), options.Number("large-mb", 0));
        var peers = new List<IPeer>();
        try
        {
            if (options.Has("attach")) peers.AddRange(options.Text("attach").Split(',').Select(AttachedPeer.Parse));
            else await StartAsync(peers, options.Text("peers", "merpati,postfix").Split(','), users, mailbox, cancellationToken);

            Row(["operations/s (CPU µs of the server for one)", .. peers.Select(peer => peer.Name), "ratio", "ratio of CPU"]);
            Row(["---", .. peers.Select(_ => "---:"), "---:", "---:"]);
            foreach (var connections in options.Numbers("connections", 10, 50))
            {
                foreach (var operation in options.Text("operations", UsualOperations).Split(',')) await CompareAsync(peers, operation, connections, users, options, cancellationToken);
            }
            foreach (var peer in peers.Where(_ => idle > 0))
            {
                var result = await IdleLoad.RunAsync(new IdleLoadPlan(peer.Imap, Tls: false, idle, BenchAccounts.Pattern, BenchAccounts.Password, users, peer.Processes), cancellationToken);
                Console.WriteLine(Format($"{peer.Name}, mailboxes of {mailbox}: {result}"));
            }
            foreach (var peer in peers.Where(_ => large > 0)) await StallAsync(peer, large, cancellationToken);
        }
        finally
        {
            foreach (var peer in peers) await peer.DisposeAsync();
        }
    }

    private static async Task StartAsync(List<IPeer> peers, string[] names, int users, int mailbox, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            peers.Add(name == "merpati" ? await MerpatiPeer.StartStandaloneAsync() : await PostfixDovecotPeer.StartAsync(cancellationToken));
            await FilledMailboxes.FillAsync(peers[^1].Imap, users, mailbox, cancellationToken);
        }
    }

    private static async Task CompareAsync(List<IPeer> peers, string operation, int connections, int users, Options options, CancellationToken cancellationToken)
    {
        var (passes, seconds) = (options.Number("passes", 2), options.Number("seconds", 2));
        var best = new Figure[peers.Count];
        // The first round warms: code, caches, processes.
        for (var pass = 0; pass <= passes; pass++)
        {
            for (var i = 0; i < peers.Count; i++)
            {
                var figure = await MeasureAsync(peers[i], operation, connections, users, pass == 0 ? options.Number("warm", 3) : seconds, cancellationToken);
                if (pass == 0) continue;
                best[i] = pass == 1 ? figure : new Figure(Math.Max(best[i].Rate, figure.Rate), Math.Min(best[i].Cpu, figure.Cpu));
            }
        }
        Row([$"{operation}, {connections} connections", .. best.Select(figure => Format($"{figure.Rate:F0} ({figure.Cpu:F0})")), .. peers.Count == 2 ? [Format($"{best[0].Rate / best[1].Rate:F2}"), Format($"{best[1].Cpu / best[0].Cpu:F2}")] : (string[])["", ""]]);
    }

    private static async Task<Figure> MeasureAsync(IPeer peer, string operation, int connections, int users, int seconds, CancellationToken cancellationToken)
    {
        var mix = operation == "mix" ? ImapLoad.ParseMix(ImapLoad.ClientMix) : [(operation, 1)];
        var plan = new ImapLoadPlan(peer.Imap, Tls: false, connections, TimeSpan.FromSeconds(seconds), BenchAccounts.Pattern, BenchAccounts.Password, users, mix);
        // While the sessions are open: a process of a session that has ended is not counted any more.
        var (before, after) = (TimeSpan.Zero, TimeSpan.Zero);
        var latencies = await ImapLoad.RunAsync(plan, cancellationToken, () => before = CpuOf(peer), () => after = CpuOf(peer));
        var count = latencies.Values.Sum(each => each.Count);
        return new Figure(count / plan.Duration.TotalSeconds, (after - before).TotalMicroseconds / Math.Max(count, 1));
    }

    private static TimeSpan CpuOf(IPeer peer) => ProcessFigures.Of(peer.Processes).Cpu;

    /// <summary>Clients that ask for a large message and then take nothing: what does the server hold for them?</summary>
    private static async Task StallAsync(IPeer peer, int megabytes, CancellationToken cancellationToken)
    {
        var sessions = new List<ImapSession>();
        try
        {
            for (var i = 0; i <= Readers; i++) sessions.Add(await ImapSession.LogInAsync(peer.Imap, tls: false, Numbered.Name(BenchAccounts.Pattern, 0), BenchAccounts.Password, cancellationToken));
            await sessions[0].AppendAsync(FilledMailboxes.Message(0, 0, megabytes * 1_000_000), cancellationToken);
            foreach (var session in sessions) await session.SelectAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            var before = ProcessFigures.Of(peer.Processes);
            foreach (var session in sessions.Skip(1)) await session.Connection.SendAsync(Format($"x FETCH {session.Messages} BODY.PEEK[]\r\n"), cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
            var during = ProcessFigures.Of(peer.Processes);
            Console.WriteLine(Format($"{peer.Name}, {Readers} clients that take nothing of a body of {megabytes} MB: {(during.Pss - before.Pss) / 1e6 / Readers:F2} MB each"));
        }
        finally
        {
            foreach (var session in sessions) await session.DisposeAsync();
        }
    }

    private static void Row(IReadOnlyList<string> cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
