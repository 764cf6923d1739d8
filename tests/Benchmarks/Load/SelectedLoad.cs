using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Load;

/// <summary>
/// What the server holds for a session that has a large mailbox selected, beyond a session that has none: as selected, when all sessions may share what they know, and after an arrival and an expunge,
/// which each has to take in for itself.
/// </summary>
internal static class SelectedLoad
{
    public const string Usage = "--port N --pid PID[,PID] [--host 127.0.0.1] [--connections 200] [--login user0@bench.test] [--password bench]";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (server, login, password, processes) = (options.EndPoint(143), options.Text("login", "user0@bench.test"), options.Text("password", "bench"), options.Numbers("pid"));
        var sessions = new List<ImapSession>();
        try
        {
            for (var i = 0; i <= options.Number("connections", 200); i++) sessions.Add(await ImapSession.LogInAsync(server, tls: false, login, password, cancellationToken));
            await sessions[0].SelectAsync(cancellationToken);
            var some = sessions[1..];
            await ForAllAsync(some, session => session.CommandAsync("NOOP", cancellationToken));
            var before = await SettledAsync(processes, cancellationToken);
            await ForAllAsync(some, session => session.SelectAsync(cancellationToken));
            var shared = await SettledAsync(processes, cancellationToken);
            await sessions[0].AppendAsync(FilledMailboxes.Message(0, 0, 1000), cancellationToken);
            await sessions[0].CommandAsync("UID STORE 2 +FLAGS.SILENT (\\Deleted)", cancellationToken);
            await sessions[0].CommandAsync("EXPUNGE", cancellationToken);
            await ForAllAsync(some, session => session.CommandAsync("NOOP", cancellationToken));
            var own = await SettledAsync(processes, cancellationToken);
            var messages = (double)sessions[0].Messages * some.Count;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{some.Count} sessions with a mailbox of {sessions[0].Messages} messages: {(shared - before) / 1e6:F1} MB when selected ({(shared - before) / messages:F2} octets a message), {(own - before) / 1e6:F1} MB after changes ({(own - before) / messages:F2})"));
        }
        finally
        {
            foreach (var session in sessions) await session.DisposeAsync();
        }
    }

    private static async Task ForAllAsync(IEnumerable<ImapSession> sessions, Func<ImapSession, ValueTask> work)
    {
        foreach (var session in sessions) await work(session);
    }

    private static async Task<long> SettledAsync(int[] processes, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
        return ProcessFigures.Of(processes).Pss;
    }
}
