using System.Diagnostics;
using Merpati.Fuzz.Sessions;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Transcripts;
using Microsoft.Extensions.Logging;

namespace Merpati.Fuzz;

/// <summary><c>imap-sessions</c> on the command line: whole IMAP sessions for some seconds, run by run, from a seed on.</summary>
internal static class SessionsRun
{
    private const int Steps = 150;
    private const int Rounds = 10;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    /// <summary>What the mailboxes of the sessions rest on, by the name on the command line.</summary>
    public static IReadOnlyDictionary<string, Func<ILogger, ImapTestServer>> All { get; } = new SortedDictionary<string, Func<ILogger, ImapTestServer>>(StringComparer.Ordinal)
    {
        ["imap-sessions"] = log => new ImapTestServer(log: log),
        ["imap-sessions-sqlite"] = log => new ImapTestServer(log: log, mailboxes: StandaloneMailboxes.Of),
    };

    public static async Task<int> StartAsync(string name, TimeSpan duration, int seed)
    {
        var fuzz = new SessionFuzz(All[name]);
        var concurrent = new ConcurrentFuzz(All[name]);
        var clock = Stopwatch.StartNew();
        var reported = TimeSpan.Zero;
        var runs = 0;
        for (; clock.Elapsed < duration; runs++)
        {
            if ((await fuzz.RunAsync(seed + runs, Steps) ?? await concurrent.RunAsync(seed + runs, Rounds)) is { } failure)
            {
                await Console.Error.WriteLineAsync($"{name} failed\n{failure}");
                return 1;
            }
            if (clock.Elapsed - reported < ReportInterval) continue;
            reported = clock.Elapsed;
            await ReportAsync("so far");
        }
        await ReportAsync("no failure");
        return 0;

        Task ReportAsync(string end) => Console.Out.WriteLineAsync($"{name}: {fuzz.Commands} commands one by one, {concurrent.Commands} at once in {runs + 1} runs, {end} (seeds from {seed})");
    }
}
