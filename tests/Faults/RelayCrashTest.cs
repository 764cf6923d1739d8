using System.Diagnostics;
using Merpati.Storage;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>
/// 5,000 messages for other servers, while the relay is killed with SIGKILL and started again. None is lost, the ledger closes, and those that came twice are no more than those
/// that were between the end of the message and the record of it when the relay died.
/// </summary>
public sealed class RelayCrashTest(ITestOutputHelper output)
{
    private const int Messages = 5000;
    private const int Kills = 12;

    [Fact]
    public async Task No_message_is_lost_whenever_the_relay_dies()
    {
        var random = new Random(Seed.Take(output));
        await using var dns = DnsTestServer.Start(string.Join('\n', Enumerable.Range(0, 10).Select(i => $"d{i}.test MX 10 mx.d{i}.test\nmx.d{i}.test A 127.0.0.1")));
        await using var remote = ScriptedSmtpServer.Start();
        using var backlog = new RelayBacklog();
        await backlog.EnqueueAsync(Enumerable.Range(0, Messages).Select(i => $"user{i}@d{i % 10}.test"));

        var kills = 0;
        var watch = Stopwatch.StartNew();
        // A lease of a relay that died ends soon, so that the test does too.
        await using (var relay = await backlog.StartAsync(remote.Port, dns.Address, new() { ["leaseDuration"] = "00:00:10", ["sweepInterval"] = "00:00:01", ["concurrency"] = 64 }))
        {
            for (; kills < Kills && remote.Messages.Count < Messages - 100; kills++)
            {
                var mark = remote.Messages.Count + random.Next(10, Messages / Kills);
                while (remote.Messages.Count < Math.Min(mark, Messages - 50)) await Task.Delay(1);
                await relay.KillAsync();
                await relay.RestartAsync();
            }
            for (int arrived; (arrived = remote.Messages.Select(message => RelayBacklog.NumberOf(message.Octets)).Distinct().Count()) < Messages; await Task.Delay(200))
            {
                Assert.True(watch.Elapsed < TimeSpan.FromMinutes(25), $"{arrived} of {Messages} after 25 minutes:\n{relay.Log}");
            }
            await WaitUntilClosedAsync(relay);
            await relay.StopAsync();
        }

        var ledger = await backlog.LedgerAsync();
        var copies = remote.Messages.CountBy(message => RelayBacklog.NumberOf(message.Octets)).ToList();
        var doubles = copies.Sum(copy => copy.Value - 1);
        output.WriteLine($"{Messages} messages, {kills} kills, {copies.Count} arrived, lost {Messages - copies.Count}, doubled {doubles}; {ledger.Closed[RecipientState.Relayed]} relayed, open {ledger.Open}, unaccounted {ledger.Unaccounted}; {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(Messages, copies.Count);
        Assert.Equal(Messages, ledger.Closed[RecipientState.Relayed]);
        Assert.Equal(0, ledger.Open);
        Assert.Equal(0, ledger.Unaccounted);
        // Whatever ran when it died, and no more.
        Assert.InRange(doubles, 0, kills * 64);
    }

    private static async Task WaitUntilClosedAsync(Merpati.TestKit.StandaloneProcess relay)
    {
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(200))
        {
            var status = await relay.MerpatiAsync(null, "queue", "status", "--json");
            if (status.ExitCode == 0 && System.Text.Json.JsonDocument.Parse(status.Output).RootElement.GetProperty("ledger").GetProperty("open").GetInt64() == 0) return;
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(3), status.ToString());
        }
    }
}
