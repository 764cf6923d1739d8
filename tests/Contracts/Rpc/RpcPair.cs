using System.Net;
using Merpati.Platform.Health;
using Merpati.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>A real gRPC server on loopback in this process, with the ports that a test gives it.</summary>
public sealed class RpcServerUnderTest : IAsyncDisposable
{
    private readonly IHost _host;

    private RpcServerUnderTest(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public int Port => new Uri(_host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <param name="settings">Keys of the section <c>Rpc</c>; none is development.</param>
    public static async Task<RpcServerUnderTest> StartAsync(Action<IServiceCollection> services, Action<IEndpointRouteBuilder> map, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var host = new HostBuilder()
            .ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(Section(settings)))
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Warning))
            .ConfigureWebHost(web => web
                .UseKestrel(kestrel => kestrel.ListenForRpc([IPAddress.Loopback]))
                .Configure(app =>
                {
                    app.UseRouting();
                    app.UseEndpoints(endpoints =>
                    {
                        endpoints.MapRpcHealth();
                        map(endpoints);
                    });
                }))
            .ConfigureServices(collection =>
            {
                collection.AddRouting();
                collection.AddSingleton<Readiness>();
                collection.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
                collection.AddMerpatiRpcServer();
                services(collection);
            })
            .Build();
        await host.StartAsync();
        host.Services.GetRequiredService<Readiness>().Ready();
        return new RpcServerUnderTest(host);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    internal static IEnumerable<KeyValuePair<string, string?>> Section(IReadOnlyDictionary<string, string?>? settings)
        => new Dictionary<string, string?> { ["Port"] = "0", ["Security"] = settings is null || !settings.ContainsKey("Certificate") ? "Development" : "MutualTls" }
            .Concat(settings ?? new Dictionary<string, string?>())
            .DistinctBy(setting => setting.Key)
            .Select(setting => KeyValuePair.Create($"Rpc:{setting.Key}", setting.Value));
}

/// <summary>The clients of a service that calls others.</summary>
public sealed class RpcClientUnderTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    /// <param name="address">Where both Delivery and UserDirectory are.</param>
    public RpcClientUnderTest(string address, Action<IServiceCollection> clients, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(RpcServerUnderTest.Section(settings))
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Rpc:Delivery"] = address, ["Rpc:UserDirectory"] = address })
            .Build());
        clients(services);
        _services = services.BuildServiceProvider(validateScopes: true);
    }

    public T Get<T>()
        where T : notnull
        => _services.GetRequiredService<T>();

    public IServiceProvider Services => _services;

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>A port in one process, as it is called over gRPC from another.</summary>
public sealed class RpcPair<TPort> : IAsyncDisposable
    where TPort : class
{
    private readonly RpcServerUnderTest _server;
    private readonly RpcClientUnderTest _client;

    internal RpcPair(RpcServerUnderTest server, RpcClientUnderTest client)
    {
        _server = server;
        _client = client;
    }

    public TPort Client => _client.Get<TPort>();

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }
}

public static class RpcPair
{
    /// <summary>The suites ask for right answers, not for quick ones: a machine that is busy with other tests is no outage.</summary>
    private static readonly Dictionary<string, string?> Patient = new()
    {
        ["PeerTimeout"] = "00:05:00", ["LookupTimeout"] = "00:05:00", ["ChangeTimeout"] = "00:10:00", ["IdleTimeout"] = "00:05:00",
    };

    public static async Task<RpcPair<TPort>> StartAsync<TPort>(TPort served, Action<IEndpointRouteBuilder> map, Action<IServiceCollection> client)
        where TPort : class
    {
        var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton(served), map, Patient);
        return new RpcPair<TPort>(server, new RpcClientUnderTest(server.Address, client, Patient));
    }
}
