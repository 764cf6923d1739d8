using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>A Delivery that sleeps beyond its lease and wakes up (SIGSTOP, a machine that was suspended) does no harm: its late writes are refused.</summary>
[Collection(ClusterFaults.Name)]
public sealed class PausedDeliveryTest(ITestOutputHelper output)
{
    [Fact]
    public async Task A_Delivery_that_wakes_up_after_its_lease_has_passed_to_another_delivers_nothing_twice()
    {
        var lease = TimeSpan.FromSeconds(5);
        await using var server = await ClusterServer.StartAsync(settings => ClusterLoad.TwoOfEach(settings) with
        {
            Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>> { [ServiceKind.Delivery] = new Dictionary<string, string> { ["delivery:leaseDuration"] = lease.ToString() } },
        });
        var load = new MailLoad(await server.AddAccountsAsync(Enumerable.Range(0, 10).Select(i => $"pause{i}")));
        var sending = load.SendAsync(800, 8, () => server.SmtpPort);
        var deliveries = server.Cluster.Of(ServiceKind.Delivery).ToArray();
        foreach (var sleeper in deliveries)
        {
            var mark = load.Acknowledged + 100;
            while (load.Acknowledged < mark && !sending.IsCompleted) await Task.Delay(10);
            sleeper.Pause();
            // Longer than a lease: the other one takes over what this one holds.
            await Task.Delay(lease * 2);
            sleeper.Continue();
        }
        await sending;
        await ClusterLoad.CheckAsync(server, load, output);
    }
}
