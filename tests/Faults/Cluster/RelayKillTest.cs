using System.Diagnostics;
using System.Globalization;
using Merpati.Local.Broker;
using Merpati.Local.Cluster;
using Merpati.Local.ForTests;
using Merpati.Storage.MongoDb;
using Merpati.TestKit.Cluster;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>
/// 5,000 messages for other servers and three relays that are killed with SIGKILL at random, while the broker goes away and comes back. None is lost, the ledger closes, and those that came
/// twice are no more than those that were under way when a relay died.
/// </summary>
[Collection(ClusterFaults.Name)]
public sealed class RelayKillTest(ITestOutputHelper output)
{
    private const int Messages = 5000;
    private const int Relays = 3;
    private const int Kills = 12;
    private const int Concurrency = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    [Fact]
    public async Task No_message_is_lost_whichever_relay_dies()
    {
        var random = new Random(Seed.Take(output));
        await using var broker = await RabbitBroker.StartNewAsync(CancellationToken.None);
        await using var dns = DnsTestServer.Start(RelayLoad.Zone);
        await using var remote = ScriptedSmtpServer.Start();
        var database = "";
        await using var server = await ClusterServer.StartAsync(await TestMongo.ConnectionStringAsync(), broker.Uri.ToString(), settings =>
        {
            database = settings.Database;
            return settings with
            {
                Instances = new Dictionary<ServiceKind, int> { [ServiceKind.OutboundRelay] = Relays },
                Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>
                {
                    [ServiceKind.OutboundRelay] = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["outboundRelay:port"] = remote.Port.ToString(CultureInfo.InvariantCulture),
                        // A lease of a relay that died ends soon, so that the test does too.
                        ["outboundRelay:leaseDuration"] = "00:00:10",
                        ["outboundRelay:sweepInterval"] = "00:00:01",
                        ["outboundRelay:concurrency"] = Concurrency.ToString(CultureInfo.InvariantCulture),
                        ["outboundRelay:parking"] = "0",
                        ["dns:servers:0"] = dns.Address,
                        ["destinations:allowPrivateAddresses"] = "true",
                    },
                },
            };
        });
        var relays = server.Cluster.Of(ServiceKind.OutboundRelay).ToArray();
        await using var stores = new MongoStores(new MongoStoreOptions { ConnectionString = await TestMongo.ConnectionStringAsync(), Database = database }, TimeProvider.System, NullLogger<MongoStores>.Instance);

        var watch = Stopwatch.StartNew();
        // They come in while they go out, as on any day.
        var coming = RelayLoad.EnqueueAsync(stores.Content, stores.Queue, RelayLoad.Recipients(Messages));
        var kills = 0;
        var without = 0;
        for (; kills < Kills; kills++)
        {
            await ArriveAsync(Math.Min(remote.Messages.Count + random.Next(10, Messages / Kills), Messages - 50));
            if (kills == Kills / 3) await broker.StopAsync();
            if (kills == Kills * 2 / 3)
            {
                without = remote.Messages.Count - without;
                await broker.StartAsync(CancellationToken.None);
            }
            var victim = relays[random.Next(relays.Length)];
            await victim.KillAsync();
            await victim.StartAsync();
            if (kills == Kills / 3) without = remote.Messages.Count;
        }
        await coming;
        while (RelayLoad.ArrivedAt(remote, Messages).Lost > 0 && watch.Elapsed < Patience) await Task.Delay(200);
        var status = await server.WaitForEmptyQueueAsync(TimeSpan.FromMinutes(5));

        var load = RelayLoad.ArrivedAt(remote, Messages);
        output.WriteLine($"{load}, {kills} kills, {without} while the broker was away; relayed {status.Ledger.Closed["relayed"]}, open {status.Ledger.Open}, unaccounted {status.Ledger.Unaccounted}; {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal(0, load.Lost);
        Assert.Equal(Messages, status.Ledger.Closed["relayed"]);
        Assert.Equal(0, status.Ledger.Unaccounted);
        // Whatever ran when it died, and no more.
        Assert.InRange(load.Doubled, 0, kills * Concurrency);

        async Task ArriveAsync(int messages)
        {
            while (remote.Messages.Count < messages)
            {
                Assert.True(watch.Elapsed < Patience, $"{RelayLoad.ArrivedAt(remote, Messages)} after {Patience}:\n{string.Join('\n', relays.Select(relay => relay.Log))}");
                if (coming.IsFaulted) await coming;
                await Task.Delay(5);
            }
        }
    }
}
