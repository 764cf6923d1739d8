using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Merpati.Rpc.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Calls;

/// <summary>The connections to the other services: one channel a service, which spreads calls over all its addresses.</summary>
internal sealed class Peers : IDisposable
{
    /// <summary>Of a message in either direction. Long lists come in many messages; only a set of UIDs or a lease with all its recipients can grow to this.</summary>
    public const int MaxMessageSize = 32 * 1024 * 1024;

    /// <summary>Octets under way to a reader that does not read. All streams of a connection (200) fit its window of 64 MiB, so that slow mail clients do not hold up the quick ones.</summary>
    private const int StreamWindow = 256 * 1024;

    private readonly Lazy<GrpcChannel> _delivery;
    private readonly Lazy<GrpcChannel> _userDirectory;
    private readonly RpcOptions _options;
    private readonly ServiceIdentity _identity;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;

    static Peers()
    {
        // Else windows grow to 16 MiB where a client read quickly before it stopped.
        AppContext.SetSwitch("System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing", true);
    }

    public Peers(IOptions<RpcOptions> options, ServiceIdentity identity, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options.Value;
        _identity = identity;
        _time = time;
        _loggers = loggers;
        _delivery = new Lazy<GrpcChannel>(() => Connect(ServiceNames.Delivery, _options.Delivery));
        _userDirectory = new Lazy<GrpcChannel>(() => Connect(ServiceNames.UserDirectory, _options.UserDirectory));
    }

    public CallInvoker Delivery => _delivery.Value.CreateCallInvoker();

    public CallInvoker UserDirectory => _userDirectory.Value.CreateCallInvoker();

    public void Dispose()
    {
        foreach (var channel in (Lazy<GrpcChannel>[])[_delivery, _userDirectory])
        {
            if (channel.IsValueCreated) channel.Value.Dispose();
        }
    }

    private GrpcChannel Connect(string service, string? configured)
    {
        if (!PeerAddress.TryParse(configured, out var address)) throw new InvalidOperationException($"The address of {service} is not known.");
        var resolvers = new ServiceCollection();
        // Where the addresses come from is not the authority: certificates and :authority say the name of the service.
        resolvers.AddSingleton<ResolverFactory>(address.Dns is var (host, port)
            ? new PeerResolverFactory(host, port, _time)
            : new StaticResolverFactory(_ => [.. address.Fixed.Select(peer => new BalancerAddress(peer.Host, peer.Port))]));
        return GrpcChannel.ForAddress(new Uri($"{(address.Dns is null ? "static" : "dns")}:///{service}"), new GrpcChannelOptions
        {
            HttpHandler = Handler(service),
            DisposeHttpClient = true,
            Credentials = _identity.IsProtected ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
            ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } },
            ServiceProvider = resolvers.BuildServiceProvider(),
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
            MaxReconnectBackoff = TimeSpan.FromSeconds(2),
            MaxReceiveMessageSize = MaxMessageSize,
            MaxSendMessageSize = MaxMessageSize,
            LoggerFactory = _loggers,
        });
    }

    private SocketsHttpHandler Handler(string service)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = StreamWindow,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            // A peer that was cut off or stopped is left alone after this; what it was asked fails.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            KeepAlivePingDelay = TimeSpan.FromSeconds(3),
            KeepAlivePingTimeout = _options.PeerTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
            // The trace context is ours to send: from the span of the call, not from one of HTTP below it.
            ActivityHeadersPropagator = null,
        };
        if (_identity.IsProtected) handler.SslOptions = _identity.ClientOptions(service);
        return handler;
    }
}
