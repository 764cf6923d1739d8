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
        await using var dns = DnsTestServer.Start(RelayLoad.Zone);
        await using var remote = ScriptedSmtpServer.Start();
        using var backlog = new RelayBacklog();
        await backlog.EnqueueAsync(RelayLoad.Recipients(Messages));

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
            for (RelayLoad so; (so = RelayLoad.ArrivedAt(remote, Messages)).Lost > 0; await Task.Delay(200))
            {
                Assert.True(watch.Elapsed < TimeSpan.FromMinutes(25), $"{so} after 25 minutes:\n{relay.Log}");
            }
            await WaitUntilClosedAsync(relay);
            await relay.StopAsync();
        }

        var ledger = await backlog.LedgerAsync();
        var load = RelayLoad.ArrivedAt(remote, Messages);
        output.WriteLine($"{load}, {kills} kills; {ledger.Closed[RecipientState.Relayed]} relayed, open {ledger.Open}, unaccounted {ledger.Unaccounted}; {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(0, load.Lost);
        Assert.Equal(Messages, ledger.Closed[RecipientState.Relayed]);
        Assert.Equal(0, ledger.Open);
        Assert.Equal(0, ledger.Unaccounted);
        // Whatever ran when it died, and no more.
        Assert.InRange(load.Doubled, 0, kills * 64);
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
