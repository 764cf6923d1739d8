using System.Diagnostics.Metrics;
using System.Net;
using Merpati.Platform.Health;
using Merpati.Platform.Listeners;
using Merpati.Platform.Telemetry;
using Merpati.Platform.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Hosting;

/// <summary>
/// One service of the cluster as a process. Its start, in order: 1. the whole configuration is checked; 2. the HTTP and gRPC ports open, so that probes
/// are answered; 3. it waits for what it depends on; 4. its workers begin; 5. its mail ports open and it is ready. SIGTERM goes the other way:
/// the mail ports drain first, the HTTP port is the last to close.
/// </summary>
public sealed class ServiceHost<TOptions>
    where TOptions : ServiceOptions, new()
{
    private const string HttpCertificate = "http";
    private const string SiteCertificate = "site";

    private readonly List<Action<IEndpointRouteBuilder>> _maps = [];
    private readonly List<Action<IServiceProvider, KestrelServerOptions>> _listens = [];
    private readonly List<Action<IApplicationBuilder>> _sites = [];
    private Func<IServiceProvider, IEnumerable<MailPort>>? _mailPorts;

    internal ServiceHost(ServerConfiguration<TOptions> configuration) => Configuration = configuration;

    public ServerConfiguration<TOptions> Configuration { get; }

    public TOptions Options => Configuration.Options;

    public string Hostname => Configuration.Hostname;

    public IServiceCollection Services { get; } = new ServiceCollection();

    /// <summary>What this process cannot work without.</summary>
    public void DependsOn(string name, Func<IServiceProvider, CancellationToken, ValueTask> check)
        => Services.AddSingleton(provider => new Dependency(name, cancellationToken => check(provider, cancellationToken)));

    /// <summary>Endpoints besides health and metrics.</summary>
    public void Map(Action<IEndpointRouteBuilder> map) => _maps.Add(map);

    /// <summary>Ports besides that for HTTP; they answer gRPC alone.</summary>
    public void Listen(Action<IServiceProvider, KestrelServerOptions> listen) => _listens.Add(listen);

    /// <summary>An HTTPS port for everybody, where nothing but <paramref name="answer"/> answers; none when its number is 0.</summary>
    /// <exception cref="ConfigurationException">It has no certificate.</exception>
    public void ServeSite(SiteOptions site, Func<IServiceProvider, CertificateSource, RequestDelegate> answer)
    {
        if (site.Port == 0) return;
        if (site is not { Certificate: { } certificate, Key: { } key }) throw new ConfigurationException("The configuration keys 'site:certificate' and 'site:key' are missing: write the PEM files of the certificate for site:port.");
        AddCertificate(SiteCertificate, certificate, key);
        _listens.Add((provider, kestrel) =>
        {
            var certificates = provider.GetRequiredKeyedService<CertificateSource>(SiteCertificate);
            certificates.Load();
            kestrel.ListenForEverybody(Configuration.Addresses, site.Port, certificates);
        });
        _sites.Add(app => app.UseSite(site.Port, answer(app.ApplicationServices, app.ApplicationServices.GetRequiredKeyedService<CertificateSource>(SiteCertificate))));
    }

    /// <summary>The mail ports; needs options that are a <see cref="MailServiceOptions"/>.</summary>
    public void OpenMailPorts(Func<IServiceProvider, IEnumerable<MailPort>> ports) => _mailPorts = ports;

    /// <summary>Runs until SIGTERM or Ctrl-C, and drains.</summary>
    internal async Task RunAsync(string program, string version)
    {
        if (_mailPorts is not null) AddMailPorts(_mailPorts);
        else Services.AddHostedService<Serving>();
        using var host = Build(program, version);
        var services = host.Services;
        Configuration.CheckSections(services.GetRequiredService<IStartupValidator>()); // before anything is made
        services.GetRequiredService<Readiness>().Measure(services.GetRequiredService<IMeterFactory>());
        services.GetService<CertificateSource>()?.Load();
        services.GetService<CertificateSource>()?.Measure(services.GetRequiredService<IMeterFactory>());
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(program);
        ServiceHostLog.Starting(logger, program, version, Options.Http.Port);
        if (Options is MailServiceOptions { AllowPlaintextAuth: true }) ServiceHostLog.PlaintextAuth(logger);
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        using var stopping = lifetime.ApplicationStopping.Register(() => ServiceHostLog.Stopping(logger, program));
        try { await host.StartAsync(); }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested) { return; } // stopped while it waited
        ServiceHostLog.Ready(logger, program);
        await host.WaitForShutdownAsync();
    }

    private IHost Build(string program, string version)
    {
        var root = new ConfigurationBuilder().AddConfiguration(Configuration.Root).AddInMemoryCollection(ServerConfiguration.OpenTelemetryVariables()).Build();
        if (Options.Http is { Certificate: { } certificate, Key: { } key }) AddCertificate(HttpCertificate, certificate, key);
        return new HostBuilder()
            .ConfigureAppConfiguration(configuration => configuration.AddConfiguration(root))
            .ConfigureLogging(logging => logging.AddServerLog(Options))
            // First, so that it starts first and stops last.
            .ConfigureWebHost(web => web
                .UseKestrel(ConfigureKestrel)
                .Configure(Serve))
            .ConfigureServices(services =>
            {
                services.AddRouting();
                services.AddSingleton(TimeProvider.System);
                services.AddSingleton<Readiness>();
                services.AddMerpatiTelemetry(root, program, version);
                services.AddHostedService<Dependencies>();
                foreach (var service in Services) services.Add(service);
                var drain = Options is IMailServerOptions mail ? mail.Connections.Drain : TimeSpan.Zero;
                services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + TimeSpan.FromSeconds(20));
            })
            .Build();
    }

    private void ConfigureKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        foreach (var address in Configuration.Addresses) kestrel.Listen(address, Options.Http.Port, ListenForHttp);
        foreach (var listen in _listens) listen(kestrel.ApplicationServices, kestrel);
    }

    private void ListenForHttp(ListenOptions listen)
    {
        // No HTTP/2: gRPC has a port of its own.
        listen.Protocols = HttpProtocols.Http1;
        if (listen.ApplicationServices.GetKeyedService<CertificateSource>(HttpCertificate) is not { } certificate) return;
        certificate.Load();
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = hello => certificate.SelectAsync(hello.SslStream, hello.ClientHelloInfo, hello.State, hello.CancellationToken) });
    }

    private void AddCertificate(string name, string certificate, string key)
    {
        Services.AddKeyedSingleton(name, (provider, _) => new CertificateSource([new CertificateFiles(certificate, key)], provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateSource>>()));
        Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<CertificateSource>(name));
    }

    private void Serve(IApplicationBuilder app)
    {
        foreach (var site in _sites) site(app);
        app.Use(RefuseOtherThanGrpc);
        app.UseRouting();
        app.UseEndpoints(endpoints =>
        {
            Readiness.Map(endpoints, app.ApplicationServices.GetRequiredService<Readiness>());
            endpoints.MapMerpatiMetrics();
            foreach (var map in _maps) map(endpoints);
        });
    }

    /// <summary>Metrics and administration are on the HTTP port alone.</summary>
    private Task RefuseOtherThanGrpc(HttpContext context, RequestDelegate next)
    {
        if (context.Connection.LocalPort == Options.Http.Port || context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true) return next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private void AddMailPorts(Func<IServiceProvider, IEnumerable<MailPort>> ports)
    {
        var options = Options as MailServiceOptions ?? throw new InvalidOperationException($"{typeof(TOptions)} has no settings for mail ports.");
        if (options.Tls.ToFiles().Count == 0) throw new ConfigurationException("The configuration keys 'tls:certificate' and 'tls:key' are missing: write the PEM files of the certificate that mail clients see.");
        Services.AddSingleton(provider => new CertificateSource(options.Tls.ToFiles(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateSource>>()));
        Services.AddHostedService(provider => provider.GetRequiredService<CertificateSource>());
        Services.AddHostedService(provider => new MailPorts(
            [.. ports(provider)],
            new PortSettings("number in the section ports", "listen"),
            provider.GetRequiredService<CertificateSource>(),
            options.Connections,
            provider.GetRequiredService<Readiness>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MailListener>>()));
    }

    /// <summary>The last to start: all else is up.</summary>
    private sealed class Serving(Readiness readiness) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            readiness.Ready();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            readiness.NotReady("The server is stopping.");
            return Task.CompletedTask;
        }
    }
}

/// <summary>What the <c>Program.cs</c> of every service calls.</summary>
public static class ServiceHost
{
    /// <param name="program">The name of the process, in logs and telemetry.</param>
    /// <param name="sections">The sections of the configuration: name to options type.</param>
    /// <param name="compose">Says what the process consists of.</param>
    /// <returns>The exit code (<see cref="ExitCode"/>).</returns>
    public static Task<int> RunAsync<TOptions>(string program, string[] arguments, IReadOnlyDictionary<string, Type> sections, Action<ServiceHost<TOptions>> compose)
        where TOptions : ServiceOptions, new()
        => ServerRun.RunOrExplainAsync(program, async () =>
        {
            var version = ProductVersion.Of(typeof(TOptions).Assembly);
            var commandLine = ServiceCommandLine.Parse(arguments);
            if (commandLine.Version)
            {
                await Console.Out.WriteLineAsync($"{program} {version}");
                return;
            }
            if (commandLine.Help)
            {
                await Console.Out.WriteLineAsync($"""
                    {program} {version}
                      --config FILE        configuration, JSON or YAML; environment (MERPATI_…) and command line win over it
                      --SECTION:KEY=VALUE  a key of the configuration, such as --http:port=8080
                    The keys are in docs/operations/configuration.md.
                    """);
                return;
            }
            var host = new ServiceHost<TOptions>(ServerConfiguration.Load<TOptions>(commandLine.Config, commandLine.Keys, sections));
            compose(host);
            await host.RunAsync(program, version);
        });

    /// <summary>The mail ports of a protocol on all addresses; a port that is 0 is not opened.</summary>
    /// <param name="port">Makes the port of an end point.</param>
    public static IEnumerable<MailPort> OnAll(IReadOnlyList<IPAddress> addresses, int number, Func<IPEndPoint, MailPort> port)
        => number == 0 ? [] : addresses.Select(address => port(new IPEndPoint(address, number)));
}
