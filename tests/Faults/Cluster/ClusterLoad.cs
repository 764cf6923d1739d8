using System.Text.Json;
using Merpati.Administration;
using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>What the tests of the cluster have in common: its size, and the account that is taken in the end.</summary>
internal static class ClusterLoad
{
    public static ClusterSettings TwoOfEach(ClusterSettings settings) => settings with
    {
        Instances = new Dictionary<ServiceKind, int>
        {
            [ServiceKind.SmtpIngress] = 2, [ServiceKind.Delivery] = 2, [ServiceKind.ImapGateway] = 2, [ServiceKind.UserDirectory] = 2,
        },
    };

    /// <summary>Every promise kept: the queue is empty, the ledger is closed, and each message is there exactly once, byte for byte.</summary>
    public static async Task<MailLoadReport> CheckAsync(ClusterServer server, MailLoad load, ITestOutputHelper output)
    {
        var status = await server.WaitForEmptyQueueAsync(TimeSpan.FromMinutes(5));
        output.WriteLine(JsonSerializer.Serialize(status.Ledger, AdministrationJson.Default.LedgerView));
        Assert.Equal(0, status.Ledger.Unaccounted);
        var report = await load.CompareAsync(server.ImapsPort);
        output.WriteLine($"{report}; {load.Refused} times \"later\", {load.Connections} connections");
        Assert.True(report.IsClean, report.ToString());
        return report;
    }

    /// <summary>Waits until so many more are acknowledged.</summary>
    public static async Task AdvanceAsync(MailLoad load, Task sending, int messages, CancellationToken patience = default)
    {
        var mark = load.Acknowledged + messages;
        while (load.Acknowledged < mark && !sending.IsCompleted) await Task.Delay(20, patience);
        if (sending.IsFaulted) await sending;
    }

    /// <summary>Lets something happen, and says what the clients noticed of it.</summary>
    public static async Task TellAsync(MailLoad load, ITestOutputHelper output, string trouble, Func<Task> happen)
    {
        var (before, refused) = (load.Acknowledged, load.Refused);
        await happen();
        output.WriteLine($"{trouble}: {load.Acknowledged - before} acknowledged meanwhile, {load.Refused - refused} times \"later\"");
    }

    public static Task ReadyAsync(ClusterServer server) => Task.WhenAll(server.Cluster.Services.Select(service => service.WaitUntilReadyAsync()));
}
