using System.Net;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;

namespace Merpati.Benchmarks.Peers;

/// <summary>One process of each service, on the MongoDB and RabbitMQ of deploy/local, whose work is not counted.</summary>
internal sealed class ClusterPeer : IPeer
{
    private readonly ClusterServer _server;

    private ClusterPeer(ClusterServer server) => _server = server;

    public string Name => "cluster";

    public IPEndPoint Smtp => new(IPAddress.Loopback, _server.SmtpPort);

    public IPEndPoint Imap => new(IPAddress.Loopback, _server.ImapPort);

    public IReadOnlyList<int> Processes => [.. _server.Cluster.Services.Select(service => service.ProcessId)];

    public static async Task<ClusterPeer> StartAsync()
    {
        var server = await ClusterServer.StartAsync();
        try
        {
            var domain = await server.MerpatiAsync(standardInput: null, "domain", "add", "bench.test");
            if (domain.ExitCode != 0) throw new InvalidOperationException($"domain add: {domain}");
            foreach (var address in BenchAccounts.Addresses) await server.AddAccountAsync(address, BenchAccounts.Password);
            return new ClusterPeer(server);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
