using System.Diagnostics;
using Merpati.Fuzz.Sessions;
using Merpati.TestKit;

namespace Merpati.Fuzz;

/// <summary><c>imap-sessions</c> on the command line: whole IMAP sessions for some seconds, run by run, from a seed on.</summary>
internal static class SessionsRun
{
    public const string Name = "imap-sessions";

    private const int Steps = 150;
    private const int Rounds = 10;

    public static async Task<int> StartAsync(TimeSpan duration, int seed)
    {
        var fuzz = new SessionFuzz(log => new ImapTestServer(log: log));
        var concurrent = new ConcurrentFuzz(log => new ImapTestServer(log: log));
        var clock = Stopwatch.StartNew();
        var runs = 0;
        for (; clock.Elapsed < duration; runs++)
        {
            if ((await fuzz.RunAsync(seed + runs, Steps) ?? await concurrent.RunAsync(seed + runs, Rounds)) is not { } failure) continue;
            await Console.Error.WriteLineAsync($"{Name} failed\n{failure}");
            return 1;
        }
        await Console.Out.WriteLineAsync($"{Name}: {fuzz.Commands} commands one by one, {concurrent.Commands} at once in {runs} runs, no failure (seeds from {seed})");
        return 0;
    }
}
