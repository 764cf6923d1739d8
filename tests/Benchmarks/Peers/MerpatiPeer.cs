using System.Net;
using Merpati.TestKit;

namespace Merpati.Benchmarks.Peers;

/// <summary>Merpati Standalone in a process and a data folder of its own.</summary>
internal sealed class MerpatiPeer : IPeer
{
    private readonly StandaloneProcess _process;

    private MerpatiPeer(StandaloneProcess process) => _process = process;

    public string Name => "Merpati";

    public IPEndPoint Smtp => new(IPAddress.Loopback, _process.SmtpPort);

    public IPEndPoint Imap => new(IPAddress.Loopback, _process.ImapPort);

    public IReadOnlyList<int> Processes => [_process.ProcessId];

    public static async Task<MerpatiPeer> StartAsync()
    {
        var process = await StandaloneProcess.StartAsync("--no-demo", "--allow-plaintext-auth");
        try
        {
            var domain = await process.MerpatiAsync(standardInput: null, "domain", "add", "bench.test");
            if (domain.ExitCode != 0) throw new InvalidOperationException($"domain add: {domain}");
            foreach (var address in BenchAccounts.Addresses) await process.AddAccountAsync(address, BenchAccounts.Password);
            return new MerpatiPeer(process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
