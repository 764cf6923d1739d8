using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Load;

internal sealed record DeliverPlan(SmtpLoadPlan Smtp, IPEndPoint Imap, string LoginPattern, string Password, IReadOnlyList<int> Processes);

/// <param name="AllVisible">From the first MAIL until STATUS of all mailboxes counts every accepted message.</param>
/// <param name="Cpu">Of the server, over that time; zero when no process was named.</param>
internal sealed record DeliverResult(SmtpLoadResult Smtp, TimeSpan AllVisible, TimeSpan Cpu)
{
    public double DeliveredPerSecond => Smtp.Accepted / AllVisible.TotalSeconds;

    public double CpuMillisecondsPerMessage => Cpu.TotalMilliseconds / Smtp.Accepted;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"accepted {Smtp.PerSecond:F0}/s ({Smtp.Refused} refused; {Smtp.Latencies}), delivered {DeliveredPerSecond:F0}/s, {CpuMillisecondsPerMessage:F2} ms CPU per message");
}

/// <summary>The SMTP load, and how long it takes until all of it can be read.</summary>
internal static class Deliver
{
    public const string Usage = "--port SMTP --imap-port N [--pid PID[,PID]] [--login-pattern user{0}@bench.test] [--password bench] and the options of smtp";

    /// <summary>A look at the mailboxes costs the server something: not more often than this.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var smtp = SmtpLoad.Plan(options);
        Console.WriteLine(await RunAsync(new DeliverPlan(smtp, new IPEndPoint(smtp.Server.Address, options.Number("imap-port")), options.Text("login-pattern", "user{0}@bench.test"), options.Text("password", "bench"), options.Numbers("pid")), cancellationToken));
    }

    public static async Task<DeliverResult> RunAsync(DeliverPlan plan, CancellationToken cancellationToken)
    {
        var sessions = await Task.WhenAll(Enumerable.Range(0, plan.Smtp.Recipients).Select(number =>
            ImapSession.LogInAsync(plan.Imap, tls: false, Numbered.Name(plan.LoginPattern, number), plan.Password, cancellationToken)));
        try
        {
            var before = await CountAsync(sessions, cancellationToken);
            var cpu = ProcessFigures.Of(plan.Processes).Cpu;
            var clock = Stopwatch.StartNew();
            var smtp = await SmtpLoad.RunAsync(plan.Smtp, cancellationToken);
            while (await CountAsync(sessions, cancellationToken) < before + smtp.Accepted)
            {
                if (clock.Elapsed > Patience) throw new TimeoutException($"{before + smtp.Accepted - await CountAsync(sessions, cancellationToken)} messages were accepted and cannot be seen.");
                await Task.Delay(LookEvery, cancellationToken);
            }
            return new DeliverResult(smtp, clock.Elapsed, ProcessFigures.Of(plan.Processes).Cpu - cpu);
        }
        finally
        {
            foreach (var session in sessions) await session.DisposeAsync();
        }
    }

    private static async Task<int> CountAsync(ImapSession[] sessions, CancellationToken cancellationToken)
    {
        var counts = 0;
        foreach (var session in sessions) counts += await session.CountAsync(cancellationToken);
        return counts;
    }
}
