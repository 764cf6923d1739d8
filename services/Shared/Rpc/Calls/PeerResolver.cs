using System.Net;
using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.Logging;

namespace Merpati.Rpc.Calls;

/// <summary>
/// The addresses that DNS has for the pods of a service, asked for again all the time. The library's own resolver asks no oftener than every 15 seconds, also when a connection has just ended:
/// where the only pod of a service is replaced, a caller would know none that is there for that long.
/// </summary>
internal sealed class PeerResolver(string host, int port, Func<string, CancellationToken, Task<IPAddress[]>> lookUp, TimeProvider time, ILoggerFactory loggers) : PollingResolver(loggers)
{
    /// <summary>A pod that is new is called from then on.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Connections to many pods may end at once, and every one asks.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);

    private ITimer? _timer;
    private long? _asked;

    protected override void OnStarted() => _timer = time.CreateTimer(static state => ((PeerResolver)state!).OnInterval(), this, Interval, Interval);

    protected override async Task ResolveAsync(CancellationToken cancellationToken)
    {
        if (_asked is { } asked && Least - time.GetElapsedTime(asked) is var wait && wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
        _asked = time.GetTimestamp();
        var addresses = await lookUp(host, cancellationToken);
        Listener(ResolverResult.ForResult([.. addresses.Select(address => new BalancerAddress(address.ToString(), port))]));
    }

    private void OnInterval()
    {
        try { Refresh(); }
        catch (ObjectDisposedException) { } // the channel is closed at this moment
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _timer?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Makes <see cref="PeerResolver"/>s for addresses of the form <c>dns:///host:port</c>.</summary>
internal sealed class PeerResolverFactory(string host, int port, TimeProvider time) : ResolverFactory
{
    public override string Name => "dns";

    public override Resolver Create(ResolverOptions options) => new PeerResolver(host, port, Dns.GetHostAddressesAsync, time, options.LoggerFactory);
}
