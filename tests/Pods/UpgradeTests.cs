using Merpati.TestKit;
using Merpati.Tests.Chart;
using Xunit.Abstractions;

namespace Merpati.Tests.Pods;

/// <summary>The version before this one, as it was installed.</summary>
public sealed class PreviousPodCluster : PodCluster
{
    private protected override Version First => Previous;
}

public sealed class UpgradeTests(PreviousPodCluster cluster, ITestOutputHelper output) : IClassFixture<PreviousPodCluster>
{
    /// <summary>
    /// Service by service, so that every one of them works with the old ones and the new ones of the others, in both orders; the way back is that of <c>helm rollback</c>, all at once.
    /// </summary>
    [Fact]
    public async Task An_upgrade_and_a_rollback_under_load_lose_nothing_and_versions_work_together()
    {
        var load = new MailLoad(cluster.Accounts);
        var done = false;
        var sending = load.SendAsync(() => !done, connections: 4, () => cluster.ClientPort("smtp"));
        try
        {
            await AcknowledgedAsync(20);
            string[] components = [.. cluster.Chart.Deployments.Select(deployment => RenderedChart.ComponentOf(RenderedChart.LabelsOf(deployment)))];

            await cluster.InstallAsync(PodCluster.Current);
            await cluster.RunHooksAsync("pre-upgrade");
            foreach (var component in components) await TellAsync("upgrade", component, () => cluster.RollAsync(component));
            await DeliveredAsync();
            await cluster.InstallAsync(PodCluster.Previous);
            await Task.WhenAll(components.Select(component => TellAsync("rollback", component, () => cluster.RollAsync(component))));
            await DeliveredAsync();
            await cluster.InstallAsync(PodCluster.Current);
            await cluster.RunHooksAsync("pre-upgrade");
            foreach (var component in components.Reverse()) await TellAsync("upgrade in the other order", component, () => cluster.RollAsync(component));
            await AcknowledgedAsync(20);
        }
        catch
        {
            output.WriteLine(await cluster.LogsAsync());
            throw;
        }
        finally
        {
            done = true;
            await sending;
        }
        await cluster.ClosedLedgerAsync();
        var report = await load.CompareAsync(cluster.ClientPort("imaps"));
        output.WriteLine(report.ToString());
        Assert.True(report.IsClean, report.ToString());
        output.WriteLine(await cluster.CheckAsync());

        async Task TellAsync(string step, string component, Func<Task<IReadOnlyList<int>>> roll)
        {
            var (before, refused) = (load.Acknowledged, load.Refused);
            var codes = await roll();
            await AcknowledgedAsync(20);
            output.WriteLine($"{step} of {component}: {load.Acknowledged - before} acknowledged meanwhile, {load.Refused - refused} times \"later\", exit codes {string.Join(", ", codes)}");
            Assert.All(codes, code => Assert.Equal(0, code));
        }

        async Task AcknowledgedAsync(int more)
        {
            var mark = load.Acknowledged + more;
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (load.Acknowledged < mark)
            {
                if (sending.IsCompleted) await sending;
                Assert.False(patience.IsCancellationRequested, $"{load.Acknowledged} acknowledged, {mark} expected.");
                await Task.Delay(50, CancellationToken.None);
            }
        }

        // What a version accepted is in the mailboxes with it: nothing waits for a version that understands it.
        async Task DeliveredAsync()
        {
            var acknowledged = load.Acknowledged;
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while ((await load.CompareAsync(cluster.ClientPort("imaps"))).Found < acknowledged)
                Assert.False(patience.IsCancellationRequested, $"{acknowledged} messages are not delivered.");
        }
    }
}
