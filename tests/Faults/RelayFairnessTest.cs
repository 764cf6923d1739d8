using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merpati.Storage;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>10,000 messages in the queue, the first 9,000 of them for servers that take connections and never say a word. The other 1,000 do not wait for them.</summary>
public sealed class RelayFairnessTest(ITestOutputHelper output)
{
    private const int Dead = 9000;
    private const int Alive = 1000;
    private const int DeadDomains = 90;

    [Fact]
    public async Task Nine_thousand_for_dead_destinations_do_not_hold_up_the_other_thousand()
    {
        var alone = await RunAsync(dead: 0);
        var beside = await RunAsync(Dead);
        output.WriteLine($"{Alive} messages alone: {alone}; behind {Dead} for {DeadDomains} dead destinations: {beside}");
    }

    private static async Task<string> RunAsync(int dead)
    {
        var zone = Enumerable.Range(0, DeadDomains).Select(i => $"dead{i}.test A 127.0.0.2").Concat(Enumerable.Range(0, 20).Select(i => $"alive{i}.test A 127.0.0.1"));
        await using var dns = DnsTestServer.Start(string.Join('\n', zone));
        await using var remote = ScriptedSmtpServer.Start();
        using var silent = new TcpListener(IPAddress.Parse("127.0.0.2"), remote.Port);
        silent.Start(backlog: 4096);
        using var backlog = new RelayBacklog();
        await backlog.EnqueueAsync(Enumerable.Range(0, dead).Select(i => $"user{i}@dead{i % DeadDomains}.test").Concat(Enumerable.Range(0, Alive).Select(i => $"user{i}@alive{i % 20}.test")));

        var watch = Stopwatch.StartNew();
        string times;
        await using (var relay = await backlog.StartAsync(remote.Port, dns.Address, new() { ["shutdownGrace"] = "00:00:00" }))
        {
            // The worker begins before the program says that it is ready.
            var (ready, early) = (watch.Elapsed, remote.Messages.Count);
            while (remote.Messages.Count < Alive)
            {
                Assert.True(watch.Elapsed < TimeSpan.FromMinutes(15), $"{remote.Messages.Count} of {Alive} after 15 minutes:\n{relay.Log}");
                await Task.Delay(10);
            }
            times = string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:0.00} s ({early} of them within the {ready.TotalSeconds:0.00} s of the start)");
            await relay.StopAsync();
        }
        var ledger = await backlog.LedgerAsync();
        Assert.Equal(Alive, RelayLoad.ArrivedAt(remote, Alive).Arrived);
        Assert.Equal(dead, ledger.Open - (Alive - ledger.Closed[RecipientState.Relayed]));
        Assert.Equal(0, ledger.Unaccounted);
        return times;
    }
}
