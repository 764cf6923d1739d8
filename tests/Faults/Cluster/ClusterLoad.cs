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
}
