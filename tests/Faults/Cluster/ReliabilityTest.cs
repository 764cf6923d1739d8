using Merpati.Local;
using Merpati.Local.Broker;
using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>
/// 5,000 messages to 200 accounts while everything goes wrong in turn: each service killed, the broker away for half a minute and then without its data, the database away
/// for half a minute, a Delivery asleep beyond its lease, a rolling restart of all. docs/reliability.md keeps the report.
/// </summary>
[Collection(ClusterFaults.Name)]
public sealed class ReliabilityTest(ITestOutputHelper output)
{
    private const int Messages = 5000;
    private const int Accounts = 200;
    private const int Connections = 12;

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Five_thousand_messages_survive_every_trouble()
    {
        await using var mongo = await LocalMongo.StartNewAsync(CancellationToken.None);
        await using var broker = await RabbitBroker.StartNewAsync(CancellationToken.None);
        await using var server = await ClusterServer.StartAsync(mongo.ConnectionString, broker.Uri.ToString(), settings => ClusterLoad.TwoOfEach(settings) with
        {
            Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>> { [ServiceKind.Delivery] = new Dictionary<string, string> { ["delivery:leaseDuration"] = Lease.ToString() } },
        });
        var load = new MailLoad(await server.AddAccountsAsync(Enumerable.Range(0, Accounts).Select(i => $"r{i}")));
        var next = 0;
        var ingress = server.Cluster.Of(ServiceKind.SmtpIngress).ToArray();
        // The load goes on until the last trouble is over, and then to its number.
        var troubled = true;
        var sending = load.SendAsync(() => Volatile.Read(ref troubled) || load.Acknowledged < Messages, Connections, () => ingress[Interlocked.Increment(ref next) % ingress.Length].Ports.Mail["smtp"]);

        await TellAsync("each service is killed", async () =>
        {
            foreach (var victim in server.Cluster.Services)
            {
                await ClusterLoad.AdvanceAsync(load, sending, 30);
                await victim.KillAsync();
                await victim.StartAsync();
            }
            await ClusterLoad.ReadyAsync(server);
        });
        await TellAsync("the broker is away, and comes back", async () =>
        {
            await broker.StopAsync();
            await Task.Delay(Outage);
            await broker.StartAsync(CancellationToken.None);
        });
        await ClusterLoad.AdvanceAsync(load, sending, 50);
        await TellAsync("the broker comes back without its data", async () =>
        {
            await broker.StopAsync();
            broker.WipeData();
            await broker.StartAsync(CancellationToken.None);
        });
        await ClusterLoad.AdvanceAsync(load, sending, 50);
        await TellAsync("the database is away", async () =>
        {
            await mongo.StopAsync();
            await Task.Delay(Outage);
            await mongo.StartAsync(CancellationToken.None);
        });
        await ClusterLoad.AdvanceAsync(load, sending, 50);
        await TellAsync("the database is killed", async () =>
        {
            await mongo.KillAsync();
            await mongo.StartAsync(CancellationToken.None);
        });
        await ClusterLoad.AdvanceAsync(load, sending, 50);
        await TellAsync("each Delivery sleeps beyond its lease", async () =>
        {
            foreach (var sleeper in server.Cluster.Of(ServiceKind.Delivery))
            {
                sleeper.Pause();
                await Task.Delay(Lease * 2);
                sleeper.Continue();
                await ClusterLoad.AdvanceAsync(load, sending, 50);
            }
        });
        await TellAsync("a rolling restart of all", async () =>
        {
            foreach (var service in server.Cluster.Services)
            {
                await service.StopAsync();
                await service.StartAsync();
                await service.WaitUntilReadyAsync();
            }
        });
        Volatile.Write(ref troubled, false);
        await sending;
        await ClusterLoad.ReadyAsync(server);
        var report = await ClusterLoad.CheckAsync(server, load, output);
        Assert.True(report.Acknowledged >= Messages);

        Task TellAsync(string trouble, Func<Task> happen) => ClusterLoad.TellAsync(load, output, trouble, happen);
    }
}
