using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <param name="LoginPattern">A login in which <c>{0}</c> stands for a number from 0 to <paramref name="Users"/> - 1.</param>
/// <param name="Mix">Operation and weight.</param>
internal sealed record ImapLoadPlan(IPEndPoint Server, bool Tls, int Connections, TimeSpan Duration, string LoginPattern, string Password, int Users, IReadOnlyList<(string Operation, int Weight)> Mix);

/// <summary>Many IMAP sessions that do what a mix of clients does, each as fast as it can, for a given time.</summary>
internal static class ImapLoad
{
    public const string Usage = "--port N [--host 127.0.0.1] [--tls] [--connections 10] [--seconds 10] [--login-pattern user{0}@bench.test] [--password bench] [--users 10] [--mix noop=1,select=1,flags=1,envelope=1,body=4,store=2,search=1,append=1,login=0]";

    private const string UsualMix = "noop=1,select=1,flags=1,envelope=1,body=4,store=2,search=1,append=1";

    /// <summary>Names for a mix: FETCH of all flags, of 100 envelopes and of one body; SEARCH by header and by body; SELECT and all flags; SELECT with QRESYNC by a client that has missed 100 changes; the others are named for their command.</summary>
    public static IReadOnlyList<string> Operations { get; } = ["noop", "select", "status", "flags", "envelope", "body", "store", "search", "bodysearch", "append", "login", "resync", "sync"];

    private static readonly byte[] AppendedMessage = Encoding.ASCII.GetBytes(
        "From: Sender <sender@remote.test>\r\nTo: <user@bench.test>\r\nSubject: Appended\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n" + string.Concat(Enumerable.Repeat("A line of an appended message, which is as long as lines are.\r\n", 160)));

    /// <summary>What many clients do at once.</summary>
    public const string ClientMix = "noop=4,select=2,status=2,flags=1,envelope=2,body=8,store=4,append=1,resync=1";

    public static ImapLoadPlan Plan(Options options) => new(
        options.EndPoint(143), options.Has("tls"), options.Number("connections", 10), TimeSpan.FromSeconds(options.Number("seconds", 10)),
        options.Text("login-pattern", "user{0}@bench.test"), options.Text("password", "bench"), options.Number("users", 10), ParseMix(options.Text("mix", UsualMix)));

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var plan = Plan(options);
        foreach (var (operation, latencies) in await RunAsync(plan, cancellationToken))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{operation,-9} {latencies.Count / plan.Duration.TotalSeconds,8:F0}/s  {latencies}"));
    }

    /// <param name="onBegin">Called when all sessions are open and selected.</param>
    /// <param name="onEnd">Called before they are closed.</param>
    public static async Task<IReadOnlyDictionary<string, Latencies>> RunAsync(ImapLoadPlan plan, CancellationToken cancellationToken, Action? onBegin = null, Action? onEnd = null)
    {
        var results = plan.Mix.ToDictionary(entry => entry.Operation, _ => new Latencies(), StringComparer.Ordinal);
        var sessions = await Task.WhenAll(Enumerable.Range(0, plan.Connections).Select(number => StartAsync(plan, number, cancellationToken)));
        onBegin?.Invoke();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(sessions.Select(async (session, number) =>
        {
            var random = new Random(number);
            while (clock.Elapsed < plan.Duration)
            {
                var operation = Pick(plan.Mix, random);
                var started = Stopwatch.GetTimestamp();
                await DoAsync(plan, operation, session, number, random, cancellationToken);
                results[operation].Add(started);
            }
        }));
        onEnd?.Invoke();
        foreach (var session in sessions) await session.DisposeAsync();
        return results;
    }

    public static IReadOnlyList<(string Operation, int Weight)> ParseMix(string mix)
        => [.. mix.Split(',').Select(part => part.Split('=')).Select(pair => pair is [var operation, var text] && int.TryParse(text, CultureInfo.InvariantCulture, out var weight)
            ? (operation, weight)
            : throw new UsageException("--mix is operation=weight,…")).Where(entry => entry.weight > 0)];

    private static async Task<ImapSession> StartAsync(ImapLoadPlan plan, int number, CancellationToken cancellationToken)
    {
        var session = await ImapSession.LogInAsync(plan.Server, plan.Tls, LoginOf(plan, number), plan.Password, cancellationToken);
        await session.SelectAsync(cancellationToken);
        return session;
    }

    private static string LoginOf(ImapLoadPlan plan, int number) => Numbered.Name(plan.LoginPattern, number % plan.Users);

    private static string Pick(IReadOnlyList<(string Operation, int Weight)> mix, Random random)
    {
        var at = random.Next(mix.Sum(entry => entry.Weight));
        foreach (var (operation, weight) in mix)
        {
            if ((at -= weight) < 0) return operation;
        }
        throw new UnreachableException();
    }

    private static async ValueTask DoAsync(ImapLoadPlan plan, string operation, ImapSession session, int number, Random random, CancellationToken cancellationToken)
    {
        var message = random.Next(1, Math.Max(2, session.Messages + 1));
        var first = Math.Max(1, message - 99);
        switch (operation)
        {
            case "noop": await session.CommandAsync("NOOP", cancellationToken); break;
            case "select": await session.SelectAsync(cancellationToken); break;
            case "status": await session.CountAsync(cancellationToken); break;
            case "flags": await session.CommandAsync("FETCH 1:* (UID FLAGS)", cancellationToken); break;
            case "envelope": await session.CommandAsync(Format($"FETCH {first}:{message} (UID FLAGS ENVELOPE)"), cancellationToken); break;
            case "body": await session.CommandAsync(Format($"FETCH {message} BODY.PEEK[]"), cancellationToken); break;
            case "store": await session.CommandAsync(Format($"STORE {message} {(random.Next(2) == 0 ? '+' : '-')}FLAGS.SILENT (\\Seen)"), cancellationToken); break;
            case "search": await session.CommandAsync("SEARCH SUBJECT \"no such subject\"", cancellationToken); break;
            case "bodysearch": await session.CommandAsync("SEARCH BODY \"no such text\"", cancellationToken); break;
            case "sync":
                await session.SelectAsync(cancellationToken);
                await session.CommandAsync("FETCH 1:* (UID FLAGS)", cancellationToken);
                break;
            case "append": await session.AppendAsync(AppendedMessage, cancellationToken); break;
            case "resync": await session.ResynchroniseAsync(cancellationToken); break;
            case "login": await (await ImapSession.LogInAsync(plan.Server, plan.Tls, LoginOf(plan, number), plan.Password, cancellationToken)).DisposeAsync(); break;
            default: throw new UsageException($"--mix knows no '{operation}'");
        }
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
