using System.Net;
using Grpc.AspNetCore.Server;
using Merpati.Rpc.Accounts;
using Merpati.Rpc.Calls;
using Merpati.Rpc.Mailboxes;
using Merpati.Rpc.Queueing;
using Merpati.Rpc.Security;
using Merpati.Rpc.Serving;
using Merpati.Rpc.Signing;
using Merpati.Rpc.Timeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc;

/// <summary>The ports that this process serves to the other services: <see cref="AddMerpatiRpcServer"/>, <see cref="ListenForRpc"/>, and a Map for each port that it has.</summary>
public static class RpcServer
{
    /// <summary>Octets under way from a caller whose message the store is slow to take.</summary>
    private const int StreamWindow = 256 * 1024;

    private const int ConnectionWindow = 16 * 1024 * 1024;

    public static IServiceCollection AddMerpatiRpcServer(this IServiceCollection services)
    {
        services.AddRpc();
        services.TryAddSingleton<CallerRights>();
        services.TryAddSingleton<GuardedCalls>();
        services.TryAddSingleton<MailboxesServer>();
        services.TryAddSingleton<MaildropServer>();
        services.TryAddSingleton<AccountRemovalServer>();
        services.TryAddSingleton<MailboxSharingServer>();
        services.TryAddSingleton<MailQueueServer>();
        services.TryAddSingleton<QueuedHeaderServer>();
        services.TryAddSingleton<TimelineServer>();
        services.TryAddSingleton<DirectoryServer>();
        services.TryAddSingleton<SuppressionServer>();
        services.TryAddSingleton<DkimKeysServer>();
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<GuardedCalls>();
            grpc.EnableDetailedErrors = false;
            grpc.MaxReceiveMessageSize = Peers.MaxMessageSize;
            grpc.MaxSendMessageSize = Peers.MaxMessageSize;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck<ReadinessCheck>("readiness");
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<RpcOptions>>((kestrel, rpc) =>
        {
            var http2 = kestrel.Limits.Http2;
            // A POP3 session holds a stream open; more streams are more connections (Peers.StreamWindow says why not more on one).
            http2.MaxStreamsPerConnection = 200;
            http2.InitialStreamWindowSize = StreamWindow;
            http2.InitialConnectionWindowSize = ConnectionWindow;
            // A caller that was cut off or killed is noticed within seconds, and its calls end.
            http2.KeepAlivePingDelay = TimeSpan.FromSeconds(3);
            http2.KeepAlivePingTimeout = rpc.Value.PeerTimeout;
        });
        return services;
    }

    /// <summary>Opens the port of <see cref="RpcOptions.Port"/>: HTTP/2 over mutual TLS, in development in clear text on loopback.</summary>
    public static void ListenForRpc(this KestrelServerOptions kestrel, IReadOnlyList<IPAddress> addresses)
    {
        var options = kestrel.ApplicationServices.GetRequiredService<IOptions<RpcOptions>>().Value;
        var identity = kestrel.ApplicationServices.GetRequiredService<ServiceIdentity>();
        var open = identity.IsProtected ? addresses : [IPAddress.Loopback];
        foreach (var address in open)
        {
            kestrel.Listen(address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (identity.IsProtected) listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(identity.ServerOptions()) });
            });
        }
    }

    /// <summary>Serves <see cref="Merpati.Mailboxes.IMailboxes"/>.</summary>
    public static IEndpointRouteBuilder MapMailboxes(this IEndpointRouteBuilder endpoints) => endpoints.Serve<MailboxesServer>();

    /// <summary>Serves the maildrop locks; needs <see cref="Storage.IMaildropLeases"/>.</summary>
    public static IEndpointRouteBuilder MapMaildropLocks(this IEndpointRouteBuilder endpoints) => endpoints.Serve<MaildropServer>();

    /// <summary>Serves every <see cref="Merpati.Accounts.IAccountRemoval"/> of this process.</summary>
    public static IEndpointRouteBuilder MapAccountRemoval(this IEndpointRouteBuilder endpoints) => endpoints.Serve<AccountRemovalServer>();

    /// <summary>Serves <see cref="Merpati.Mailboxes.IMailboxSharing"/>.</summary>
    public static IEndpointRouteBuilder MapMailboxSharing(this IEndpointRouteBuilder endpoints) => endpoints.Serve<MailboxSharingServer>();

    /// <summary>Serves <see cref="Storage.IMailQueue"/>.</summary>
    public static IEndpointRouteBuilder MapQueue(this IEndpointRouteBuilder endpoints) => endpoints.Serve<MailQueueServer>();

    /// <summary>Serves <see cref="Storage.IQueuedHeaders"/>.</summary>
    public static IEndpointRouteBuilder MapQueuedHeaders(this IEndpointRouteBuilder endpoints) => endpoints.Serve<QueuedHeaderServer>();

    /// <summary>Serves <see cref="Storage.IJournal"/>.</summary>
    public static IEndpointRouteBuilder MapTimeline(this IEndpointRouteBuilder endpoints) => endpoints.Serve<TimelineServer>();

    /// <summary>Serves <see cref="Merpati.Accounts.IDirectory"/>.</summary>
    public static IEndpointRouteBuilder MapDirectory(this IEndpointRouteBuilder endpoints) => endpoints.Serve<DirectoryServer>();

    /// <summary>Serves <see cref="Merpati.Relaying.ISuppressionList"/>.</summary>
    public static IEndpointRouteBuilder MapSuppressions(this IEndpointRouteBuilder endpoints) => endpoints.Serve<SuppressionServer>();

    /// <summary>Serves <see cref="Merpati.Signing.IDkimKeys"/>.</summary>
    public static IEndpointRouteBuilder MapDkimKeys(this IEndpointRouteBuilder endpoints) => endpoints.Serve<DkimKeysServer>();

    /// <summary>Serves grpc.health.v1 as <see cref="Merpati.Platform.Health.Readiness"/> has it, and reflection in development.</summary>
    public static IEndpointRouteBuilder MapRpcHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcHealthChecksService();
        if (!endpoints.ServiceProvider.GetRequiredService<ServiceIdentity>().IsProtected) endpoints.MapGrpcReflectionService();
        return endpoints;
    }

    private static IEndpointRouteBuilder Serve<TService>(this IEndpointRouteBuilder endpoints)
        where TService : class
    {
        // What is served has to be there: a host that lacks a part ends at its start, not at the first call.
        endpoints.ServiceProvider.GetRequiredService<TService>();
        endpoints.MapGrpcService<TService>();
        return endpoints;
    }
}
