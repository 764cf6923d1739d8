using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>SIGKILL of any service at any time under load: nothing is lost, nothing comes twice.</summary>
[Collection(ClusterFaults.Name)]
public sealed class KillTest(ITestOutputHelper output)
{
    private const int Messages = 1500;
    private const int Connections = 10;
    private const int Kills = 15;

    [Fact]
    public async Task Every_acknowledged_message_is_delivered_exactly_once_whichever_service_dies()
    {
        var random = new Random(Seed.Take(output));
        await using var server = await ClusterServer.StartAsync(ClusterLoad.TwoOfEach);
        var load = new MailLoad(await server.AddAccountsAsync(Enumerable.Range(0, 20).Select(i => $"kill{i}")));
        var next = 0;
        var ingress = server.Cluster.Of(ServiceKind.SmtpIngress).ToArray();
        var sending = load.SendAsync(Messages, Connections, () => ingress[Interlocked.Increment(ref next) % ingress.Length].Ports.Mail["smtp"]);
        var kills = 0;
        for (; kills < Kills && !sending.IsCompleted; kills++)
        {
            var mark = load.Acknowledged + random.Next(20, 2 * Messages / Kills - 30);
            while (load.Acknowledged < Math.Min(mark, Messages - 30) && !sending.IsCompleted) await Task.Delay(10);
            var victim = server.Cluster.Services[random.Next(server.Cluster.Services.Count)];
            await victim.KillAsync();
            await victim.StartAsync();
        }
        await sending;
        await ClusterLoad.ReadyAsync(server);
        await ClusterLoad.CheckAsync(server, load, output);
        output.WriteLine($"{kills} kills");
        Assert.True(kills >= Kills / 2, "the load was over before enough had died");
    }
}
