using System.Net;
using System.Text.Json;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;

namespace Merpati.Benchmarks.Peers;

/// <summary>Merpati with a data folder or a database of its own.</summary>
internal sealed class MerpatiPeer : IPeer
{
    private readonly IMailServer _server;

    private MerpatiPeer(string name, IMailServer server, IReadOnlyList<int> processes) => (Name, _server, Processes) = (name, server, processes);

    public string Name { get; }

    public IPEndPoint Smtp => new(IPAddress.Loopback, _server.SmtpPort);

    public IPEndPoint Submission => new(IPAddress.Loopback, _server.SubmissionPort);

    public Uri? Http => (_server as StandaloneProcess)?.Http;

    public IPEndPoint Imap => new(IPAddress.Loopback, _server.ImapPort);

    public IReadOnlyList<int> Processes { get; }

    public static async Task<MerpatiPeer> StartStandaloneAsync()
    {
        var process = await StandaloneProcess.StartAsync("--no-demo", "--allow-plaintext-auth");
        return await WithAccountsAsync("Merpati", process, [process.ProcessId]);
    }

    /// <summary>As a relay: what its users submit goes to the mail hosts on this port that the resolver names.</summary>
    /// <param name="signing">With DKIM, RSA and Ed25519.</param>
    public static async Task<MerpatiPeer> StartRelayAsync(int port, string resolver, bool signing)
    {
        var file = Path.GetTempFileName() + ".json";
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { outboundRelay = new { port }, dns = new { servers = new[] { resolver } }, destinations = new { allowPrivateAddresses = true } }));
            var process = await StandaloneProcess.StartAsync("--no-demo", "--allow-plaintext-auth", "--config", file, "--hostname", "mx.bench.test");
            var peer = await WithAccountsAsync(signing ? "Merpati, DKIM" : "Merpati", process, [process.ProcessId]);
            if (signing && await process.MerpatiAsync(null, "dkim", "add", "bench.test", "--now") is { ExitCode: not 0 } refused)
            {
                await peer.DisposeAsync();
                throw new InvalidOperationException($"dkim add: {refused}");
            }
            return peer;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>One process of each service, on the MongoDB and RabbitMQ of deploy/local, whose work is not counted.</summary>
    public static async Task<MerpatiPeer> StartClusterAsync()
    {
        return await WithAccountsAsync("cluster", await ClusterServer.StartAsync());
    }

    /// <summary>All its processes together.</summary>
    public static Task<MerpatiPeer> WithAccountsAsync(string name, ClusterServer server) => WithAccountsAsync(name, server, [.. server.Cluster.Services.Select(service => service.ProcessId)]);

    private static async Task<MerpatiPeer> WithAccountsAsync(string name, IMailServer server, IReadOnlyList<int> processes)
    {
        try
        {
            var domain = await server.MerpatiAsync(standardInput: null, "domain", "add", "bench.test");
            if (domain.ExitCode != 0) throw new InvalidOperationException($"domain add: {domain}");
            foreach (var address in BenchAccounts.Addresses) await server.AddAccountAsync(address, BenchAccounts.Password);
            return new MerpatiPeer(name, server, processes);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
