using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Load;

internal sealed record IdleLoadPlan(IPEndPoint Server, bool Tls, int Connections, string LoginPattern, string Password, int Users, IReadOnlyList<int> Processes);

/// <summary>Memory before the connections, while they idle, and for each of them.</summary>
internal sealed record IdleLoadResult(ProcessFigures Before, ProcessFigures During, int Connections)
{
    public double GrowthMegabytes => (During.Pss - Before.Pss) / 1e6;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Connections} idle connections: {GrowthMegabytes:F1} MB above the base of {Before.Pss / 1e6:F1} MB ({GrowthMegabytes * 1000 / Connections:F0} kB each; RSS {Before.Rss / 1e6:F1} to {During.Rss / 1e6:F1} MB)");
}

/// <summary>Opens IMAP connections that select INBOX and idle, and reads the server's memory.</summary>
internal static class IdleLoad
{
    public const string Usage = "--port N --pid PID[,PID] [--host 127.0.0.1] [--tls] [--connections 1000] [--login-pattern user{0}@bench.test] [--password bench] [--users 10]";

    public static Task RunAsync(Options options, CancellationToken cancellationToken) => PrintAsync(new IdleLoadPlan(
        options.EndPoint(143), options.Has("tls"), options.Number("connections", 1000), options.Text("login-pattern", "user{0}@bench.test"),
        options.Text("password", "bench"), options.Number("users", 10), options.Numbers("pid")), cancellationToken);

    public static async Task<IdleLoadResult> RunAsync(IdleLoadPlan plan, CancellationToken cancellationToken)
    {
        var figures = new List<ProcessFigures>();
        await HoldAsync(plan, () => figures.Add(ProcessFigures.Of(plan.Processes)), cancellationToken);
        return new IdleLoadResult(figures[0], figures[1], plan.Connections);
    }

    /// <param name="look">Called twice: when one connection has idled for some time, and when all the others have too.</param>
    public static async Task HoldAsync(IdleLoadPlan plan, Action look, CancellationToken cancellationToken)
    {
        var sessions = new List<ImapSession>();
        try
        {
            // One first: what every session shares (code, caches) belongs to the base.
            sessions.Add(await StartAsync(plan, 0, cancellationToken));
            await LookAsync();
            foreach (var batch in Enumerable.Range(1, plan.Connections).Chunk(20))
                sessions.AddRange(await Task.WhenAll(batch.Select(number => StartAsync(plan, number, cancellationToken))));
            await LookAsync();
        }
        finally
        {
            foreach (var session in sessions) await session.DisposeAsync();
        }

        // Some seconds after the work: what a server keeps, not what it has not given back yet.
        async Task LookAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            look();
        }
    }

    private static async Task PrintAsync(IdleLoadPlan plan, CancellationToken cancellationToken) => Console.WriteLine(await RunAsync(plan, cancellationToken));

    private static async Task<ImapSession> StartAsync(IdleLoadPlan plan, int number, CancellationToken cancellationToken)
    {
        var login = Numbered.Name(plan.LoginPattern, number % plan.Users);
        var session = await ImapSession.LogInAsync(plan.Server, plan.Tls, login, plan.Password, cancellationToken);
        await session.SelectAsync(cancellationToken);
        await session.IdleAsync(cancellationToken);
        return session;
    }
}
