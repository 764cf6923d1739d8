using System.Globalization;
using System.Net;
using Merpati.TestKit.Peers;

namespace Merpati.Benchmarks.Peers;

/// <summary>Debian's Postfix as a plain relay: no content filter, no milter, and its way to each destination out of a table, so that it need not even ask DNS.</summary>
internal sealed class PostfixRelayPeer : IAsyncDisposable
{
    private readonly ServerFolder _servers = new("bench-postfix-relay-");

    public IPEndPoint Smtp { get; } = ServerFolder.FreeEndPoint();

    public IReadOnlyList<int> Processes => _servers.Processes;

    /// <param name="destinations">Domain and address of its mail host.</param>
    /// <param name="port">Of all mail hosts.</param>
    /// <param name="raised">Many more processes, and many more connections to each destination, than it comes with.</param>
    public static async Task<PostfixRelayPeer> StartAsync(IEnumerable<(string Domain, IPAddress Host)> destinations, int port, bool raised, CancellationToken cancellationToken)
    {
        if (!Postfix.IsInstalled) throw new UsageException("Postfix is not installed: apt-get install postfix");
        var peer = new PostfixRelayPeer();
        try
        {
            var ways = string.Join(", ", destinations.Select(one => string.Create(CultureInfo.InvariantCulture, $"{{ {one.Domain} = smtp:[{one.Host}]:{port} }}")));
            await Postfix.StartAsync(peer._servers, peer.Smtp, $$"""
                myhostname = mx.bench.test
                mynetworks = 127.0.0.0/8
                transport_maps = inline:{ {{ways}} }
                smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
                {{(raised ? "default_process_limit = 300\ninitial_destination_concurrency = 50\ndefault_destination_concurrency_limit = 100\nin_flow_delay = 0" : "")}}
                """, cancellationToken);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();
}
