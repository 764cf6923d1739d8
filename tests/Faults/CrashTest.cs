using System.Text.Json;
using Merpati.TestKit;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>
/// 2,000 messages over 20 connections, while the process is killed with SIGKILL and started again at least 20 times.
/// A 250 is a promise: what got one is in the mailbox exactly once, byte for byte; what did not is there once or never.
/// </summary>
public sealed class CrashTest(ITestOutputHelper output)
{
    private const int Messages = 2000;
    private const int Connections = 20;
    private const int Kills = 20;
    private const int Accounts = 8;
    private const string Domain = "merpati.test";

    [Fact]
    public async Task Every_acknowledged_message_is_delivered_exactly_once_whenever_the_process_dies()
    {
        var random = new Random(Seed.Take(output));
        await using var server = await StandaloneProcess.StartAsync();
        var accounts = Enumerable.Range(0, Accounts).Select(i => ($"crash{i}@{Domain}", "secret of " + i)).ToArray();
        foreach (var (address, password) in accounts) await server.AddAccountAsync(address, password);

        var load = new MailLoad(accounts);
        var sending = load.SendAsync(Messages, Connections, () => server.SmtpPort);

        var kills = 0;
        for (; kills < Kills; kills++)
        {
            // Die in the middle of the work: when a random further number of messages has been acknowledged.
            var mark = load.Acknowledged + random.Next(5, 2 * Messages / Kills - 30);
            while (load.Acknowledged < Math.Min(mark, Messages - 50) && !sending.IsCompleted) await Task.Yield();
            await server.KillAsync();
            await server.RestartAsync();
        }
        await sending;
        // Once more with nothing coming in: what is left in the queue must find its way after a restart too.
        await server.KillAsync();
        await server.RestartAsync();
        var ledger = await WaitForEmptyQueueAsync(server);
        output.WriteLine(ledger.ToString());
        Assert.Equal(0, ledger.GetProperty("unaccounted").GetInt64());

        var report = await load.CompareAsync(server.ImapsPort);
        output.WriteLine($"{report}, {kills + 1} kills");
        Assert.True(report.IsClean, report.ToString());
        Assert.True(kills >= Kills);
        Assert.True(report.Acknowledged >= Messages);
    }

    private static async Task<JsonElement> WaitForEmptyQueueAsync(StandaloneProcess server)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var status = await server.MerpatiAsync(null, "queue", "status", "--json");
            Assert.True(status.ExitCode == 0, status.ToString());
            var ledger = JsonDocument.Parse(status.Output).RootElement.GetProperty("ledger").Clone();
            if (ledger.GetProperty("open").GetInt64() == 0) return ledger;
            patience.Token.ThrowIfCancellationRequested();
        }
    }
}
