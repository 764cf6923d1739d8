using System.Globalization;
using System.Text;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;

namespace Merpati.Benchmarks;

/// <summary>
/// IMAP alone, on large mailboxes: Merpati and Dovecot with the same messages, command by command, alternating within one run. Each figure is that of the best pass of its server.
/// </summary>
internal static class MailboxesCompare
{
    public const string Usage = "[--mailbox 10000] [--connections 10,50] [--seconds 2] [--passes 2] [--operations select,body,…,mix] [--idle 0] [--large-mb 0] [--peers merpati,postfix]";

    private const int Doublings = 4;
    private const int Readers = 20;

    private const string UsualOperations = "noop,select,status,flags,envelope,body,store,login,resync,append,mix";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (mailbox, passes, seconds, idle, large) = (options.Number("mailbox", 10_000), options.Number("passes", 2), options.Number("seconds", 2), options.Number("idle", 0), options.Number("large-mb", 0));
        var peers = new List<IPeer>();
        try
        {
            foreach (var name in options.Text("peers", "merpati,postfix").Split(','))
                peers.Add(name == "merpati" ? await MerpatiPeer.StartStandaloneAsync() : await PostfixDovecotPeer.StartAsync(cancellationToken));
            foreach (var peer in peers) await FillAsync(peer, mailbox, cancellationToken);

            Row(["", .. peers.Select(peer => peer.Name), "ratio"]);
            Row(["---", .. peers.Select(_ => "---:"), "---:"]);
            foreach (var connections in options.Numbers("connections", 10, 50))
            {
                foreach (var operation in options.Text("operations", UsualOperations).Split(','))
                {
                    var best = new double[peers.Count];
                    // The first round warms: code, caches, processes.
                    for (var pass = 0; pass <= passes; pass++)
                    {
                        for (var i = 0; i < peers.Count; i++)
                        {
                            var rate = await RateAsync(peers[i], operation, connections, pass == 0 ? 1 : seconds, cancellationToken);
                            if (pass > 0 || passes == 0) best[i] = Math.Max(best[i], rate);
                        }
                    }
                    Row([$"{operation}, {connections} connections", .. best.Select(rate => Format($"{rate:F0}")), peers.Count == 2 ? Format($"{best[0] / best[1]:F2}") : ""]);
                }
            }
            foreach (var peer in peers.Where(_ => idle > 0))
            {
                var result = await IdleLoad.RunAsync(new IdleLoadPlan(peer.Imap, Tls: false, idle, BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, peer.Processes), cancellationToken);
                Console.WriteLine(Format($"{peer.Name}, mailboxes of {mailbox}: {result}"));
            }
            foreach (var peer in peers.Where(_ => large > 0)) await StallAsync(peer, large, cancellationToken);
        }
        finally
        {
            foreach (var peer in peers) await peer.DisposeAsync();
        }
    }

    private static async Task<double> RateAsync(IPeer peer, string operation, int connections, int seconds, CancellationToken cancellationToken)
    {
        var mix = operation == "mix" ? ImapLoad.ParseMix(ImapLoad.ClientMix) : [(operation, 1)];
        var plan = new ImapLoadPlan(peer.Imap, Tls: false, connections, TimeSpan.FromSeconds(seconds), BenchAccounts.Pattern, BenchAccounts.Password, BenchAccounts.Count, mix);
        var latencies = await ImapLoad.RunAsync(plan, cancellationToken);
        return latencies.Values.Sum(each => each.Count) / plan.Duration.TotalSeconds;
    }

    /// <summary>A sixteenth is appended, each message another, and that copied four times over.</summary>
    private static Task FillAsync(IPeer peer, int messages, CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, BenchAccounts.Count).Select(async number =>
    {
        await using var session = await ImapSession.LogInAsync(peer.Imap, tls: false, Numbered.Name(BenchAccounts.Pattern, number), BenchAccounts.Password, cancellationToken);
        await session.SelectAsync(cancellationToken);
        var count = messages >> Doublings;
        for (var i = 0; i < count; i++) await session.AppendAsync(Message(number, i, 10_000), cancellationToken);
        for (; count < messages; count = Math.Min(count * 2, messages)) await session.CommandAsync(Format($"COPY 1:{Math.Min(count, messages - count)} INBOX"), cancellationToken);
        await session.CommandAsync(Format($"STORE 1:{messages / 2} +FLAGS.SILENT (\\Seen)"), cancellationToken);
    }));

    /// <summary>Clients that ask for a large message and then take nothing: what does the server hold for them?</summary>
    private static async Task StallAsync(IPeer peer, int megabytes, CancellationToken cancellationToken)
    {
        var sessions = new List<ImapSession>();
        try
        {
            for (var i = 0; i <= Readers; i++) sessions.Add(await ImapSession.LogInAsync(peer.Imap, tls: false, Numbered.Name(BenchAccounts.Pattern, 0), BenchAccounts.Password, cancellationToken));
            await sessions[0].AppendAsync(Message(0, 0, megabytes * 1_000_000), cancellationToken);
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

    private static byte[] Message(int user, int number, int size)
    {
        var text = new StringBuilder(Format($"From: Sender {number % 50} <sender{number % 50}@remote.test>\r\nTo: <user{user}@bench.test>\r\nSubject: Message {number} of many\r\nMessage-ID: <{user}.{number}@remote.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"));
        while (text.Length < size) text.Append("A line of a message, one of very many, which is as long as lines are.\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Row(IReadOnlyList<string> cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
