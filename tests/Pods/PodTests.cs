using System.Net;
using Merpati.TestKit;
using Merpati.Tests.Chart;
using Xunit.Abstractions;

namespace Merpati.Tests.Pods;

public sealed class PodTests(PodCluster cluster, ITestOutputHelper output) : IClassFixture<PodCluster>
{
    [Fact]
    public async Task A_rolling_restart_of_every_service_under_load_loses_nothing()
    {
        var load = new MailLoad(cluster.Accounts);
        var rolled = false;
        var sending = load.SendAsync(() => !rolled, connections: 4, () => cluster.ClientPort("smtp"));
        try
        {
            foreach (var deployment in cluster.Chart.Deployments)
            {
                var component = RenderedChart.ComponentOf(RenderedChart.LabelsOf(deployment));
                var (before, refused) = (load.Acknowledged, load.Refused);
                var codes = await cluster.RollAsync(component);
                output.WriteLine($"{component}: {load.Acknowledged - before} acknowledged meanwhile, {load.Refused - refused} times \"later\", exit codes {string.Join(", ", codes)}");
                Assert.All(codes, code => Assert.Equal(0, code));
            }
            var mark = load.Acknowledged + 20;
            while (load.Acknowledged < mark && !sending.IsCompleted) await Task.Delay(50);
            rolled = true;
            await sending;
            Assert.True(load.Acknowledged > 20, $"Only {load.Acknowledged} messages were taken.");
            await cluster.ClosedLedgerAsync();
            var report = await load.CompareAsync(cluster.ClientPort("imaps"));
            output.WriteLine(report.ToString());
            Assert.True(report.IsClean, report.ToString());
            output.WriteLine(await cluster.CheckAsync());
        }
        catch
        {
            output.WriteLine(await cluster.LogsAsync());
            throw;
        }
        finally
        {
            rolled = true;
        }
    }

    [Fact]
    public async Task The_test_of_the_chart_and_its_probe_send_and_read_a_message()
    {
        Assert.Contains(" visible after ", await cluster.TestAsync(), StringComparison.Ordinal);

        var probe = await cluster.StartProbeAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{probe.Address}:{probe.PortOf("http")}") };
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var metrics = "";
        while (!metrics.Contains("\nmerpati_probe_duration_seconds_count", StringComparison.Ordinal))
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"{metrics}\n{await probe.LogsAsync()}");
            try { metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), patience.Token); }
            catch (HttpRequestException) { await Task.Delay(100, CancellationToken.None); } // it starts
        }
        Assert.DoesNotMatch("merpati_probe_failures_total[^ ]* [1-9]", metrics);
        Assert.Equal(0, await cluster.EndAsync(probe));
    }

    [Fact]
    public void A_pod_runs_as_its_manifest_says()
    {
        Assert.NotEmpty(cluster.Pods);
        Assert.All(cluster.Pods, pod =>
        {
            var status = pod.Status();
            Assert.Equal(["10001", "10001", "10001", "10001"], status["Uid"].Split('\t'));
            Assert.Equal(["10001", "10001", "10001", "10001"], status["Gid"].Split('\t'));
            Assert.Equal(0UL, Convert.ToUInt64(status["CapEff"], 16));
            Assert.Equal(0UL, Convert.ToUInt64(status["CapBnd"], 16));
            Assert.Equal("1", status["NoNewPrivs"]);
            Assert.Equal("2", status["Seccomp"]);
            Assert.Contains("ro", pod.RootMount().Split(','));
        });
    }

    [Fact]
    public async Task Nothing_flows_that_the_network_policies_do_not_allow()
    {
        var load = new MailLoad(cluster.Accounts);
        await load.SendAsync(20, connections: 2, () => cluster.ClientPort("smtp"));
        await cluster.ClosedLedgerAsync();
        await using (var imap = await MailWire.ConnectAsync(cluster.ClientPort("imaps"), tls: true)) await LoginAsync(imap);
        await using (var pop = await MailWire.ConnectAsync(cluster.ClientPort("pop3s"), tls: true)) Assert.StartsWith("+OK", await pop.SmtpReplyAsync(), StringComparison.Ordinal);

        var rules = new NetworkRules(cluster.Chart);
        foreach (var (flow, (from, to)) in cluster.Flows.Seen)
        {
            output.WriteLine(flow.ToString());
            Assert.True(rules.Allow(flow, from, to), $"{flow} is not allowed.");
        }
        Assert.Contains(new Flow("smtp-ingress", "user-directory", 8443), cluster.Flows.Seen.Keys);
        Assert.Contains(new Flow("imap-gateway", "delivery", 8443), cluster.Flows.Seen.Keys);
        Assert.Contains(new Flow("delivery", Flow.Outside, 27017), cluster.Flows.Seen.Keys);
        Assert.Contains(new Flow("delivery", Flow.Outside, 5672), cluster.Flows.Seen.Keys);
        // What must not be: a gateway at the database, anyone at the gateways' metrics but over the network of pods, SmtpIngress at Delivery.
        var pods = cluster.Pods.ToDictionary(pod => pod.Component);
        Assert.False(rules.Allow(new Flow("imap-gateway", Flow.Outside, 27017), pods["imap-gateway"], null));
        Assert.False(rules.Allow(new Flow("smtp-ingress", "delivery", 8443), pods["smtp-ingress"], pods["delivery"]));
        Assert.False(rules.Allow(new Flow("pop3-gateway", Flow.Outside, 25), pods["pop3-gateway"], null));
        Assert.False(rules.Allow(new Flow(Flow.Outside, "delivery", 8443), null, pods["delivery"]));
    }

    private async Task LoginAsync(MailWire imap)
    {
        await imap.ImapLineAsync();
        var (address, password) = cluster.Accounts[0];
        Assert.StartsWith("OK", (await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\""))[^1], StringComparison.Ordinal);
        Assert.StartsWith("OK", (await imap.ImapAsync("SELECT INBOX"))[^1], StringComparison.Ordinal);
    }
}
