using System.Diagnostics.Metrics;
using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Delivery;
using Merpati.ImapGateway;
using Merpati.Mailboxes;
using Merpati.OutboundRelay;
using Merpati.OutboundRelay.Queue;
using Merpati.Platform.Admin;
using Merpati.Platform.Bus;
using Merpati.Platform.Health;
using Merpati.Platform.Hosting;
using Merpati.Platform.Listeners;
using Merpati.Platform.Telemetry;
using Merpati.Platform.Tls;
using Merpati.Pop3Gateway;
using Merpati.SmtpIngress;
using Merpati.Standalone.Administration;
using Merpati.Standalone.Configuration;
using Merpati.Standalone.Demo;
using Merpati.Standalone.Ports;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Api;
using Merpati.UserDirectory.ClientSettings;
using Merpati.UserDirectory.Domains;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace Merpati.Standalone;

/// <summary>The fixed composition of all services in one process (design §9).</summary>
internal sealed class StandaloneHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerConfiguration<StandaloneOptions> _configuration;
    private readonly bool _printJson;

    private StandaloneHost(WebApplication app, ServerConfiguration<StandaloneOptions> configuration, bool printJson)
    {
        _app = app;
        _configuration = configuration;
        _printJson = printJson;
    }

    public const string Program = "merpati-standalone";

    public static string Version { get; } = ProductVersion.Of(typeof(StandaloneHost).Assembly);

    /// <exception cref="ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="StoreUnavailableException">A store cannot be opened.</exception>
    /// <exception cref="IOException">A certificate cannot be used.</exception>
    public static StandaloneHost Build(string? configurationFile, IReadOnlyDictionary<string, string?> commandLine, bool printJson)
    {
        var configuration = StandaloneConfiguration.Load(configurationFile, commandLine);
        var options = configuration.Options;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration.Root);
        builder.Configuration.AddInMemoryCollection(ServerConfiguration.OpenTelemetryVariables());
        builder.Logging.AddServerLog(options);

        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<Readiness>();
        var owner = AdminToken.Generate();
        services.AddSingleton(owner).AddSingleton(options.Admin).AddSingleton(AdminTokens.Load(options.Admin, owner));
        services.AddMerpatiTelemetry(builder.Configuration, Program, Version);
        services.AddSqliteStores(_ => new SqliteStoreOptions { Folder = options.Data });
        services.AddSingleton<IQueueBell, LocalQueueBell>();
        services.AddSingleton<IMailboxChangeFeed, LocalMailboxChangeFeed>();
        services.AddUserDirectory();
        services.AddDelivery();
        services.AddOutboundRelay();
        services.AddSmtpIngress();
        services.AddImapGateway();
        services.AddPop3Gateway();
        Share(services, options, configuration.Hostname);

        services.AddSingleton<DemoDomain>();
        services.AddSingleton(provider => Certificates(provider, configuration));
        services.AddHostedService(provider => provider.GetRequiredService<CertificateSource>());
        services.AddHostedService(provider => Ports(provider, configuration));
        // Sessions may take their drain time, and the stores their last commit.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Connections.Drain + TimeSpan.FromSeconds(20));
        ListenForHttp(builder, configuration);

        AddSite(services, options.Site);
        var app = builder.Build();
        if (options.Site.Port > 0) app.UseSite(options.Site.Port, ActivatorUtilities.CreateInstance<ClientSettingsSite>(app.Services, app.Services.GetRequiredService<SiteCertificate>().Source).AnswerAsync);
        Readiness.Map(app, app.Services.GetRequiredService<Readiness>());
        app.MapMerpatiMetrics();
        app.MapDirectoryAdministration();
        app.MapQueueAdministration();
        app.MapTraceAdministration();
        app.MapClassifierAdministration();
        app.MapDmarcAdministration();
        app.MapTlsReportAdministration();
        app.MapStoreAdministration();
        return new StandaloneHost(app, configuration, printJson);
    }

    /// <summary>Runs until SIGTERM or Ctrl-C, and drains.</summary>
    /// <exception cref="ConfigurationException">The section of a service is wrong.</exception>
    public async Task RunAsync()
    {
        var options = _configuration.Options;
        var services = _app.Services;
        _configuration.CheckSections(services.GetRequiredService<IStartupValidator>()); // before anything is made
        services.GetRequiredService<SqliteStores>(); // the first to come and the last to go: whoever cannot keep mail does not listen
        services.GetRequiredService<Readiness>().Measure(services.GetRequiredService<IMeterFactory>());
        services.GetRequiredService<CertificateSource>().Load();
        services.GetRequiredService<CertificateSource>().Measure(services.GetRequiredService<IMeterFactory>());
        var adminFile = new AdminEndpointFile(options.Data);
        foreach (var domain in options.Domains) await EnsureDomainAsync(services, domain);
        var demo = options.Demo ? await services.GetRequiredService<DemoDomain>().EnsureAsync(CancellationToken.None) : [];
        await _app.StartAsync();
        var admin = new UriBuilder("http", "127.0.0.1", PortTable.Http + options.PortOffset).Uri;
        await adminFile.WriteAsync(admin, services.GetRequiredService<AdminToken>(), CancellationToken.None);
        if (options.AllowPlaintextAuth) StandaloneLog.PlaintextAuth(services.GetRequiredService<ILogger<StandaloneHost>>());
        Print(demo, admin);
        await _app.WaitForShutdownAsync();
        adminFile.Remove();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Print(IReadOnlyList<DemoAccount> demo, Uri admin)
    {
        var options = _configuration.Options;
        var table = new ConnectionTable
        {
            Version = Version,
            Data = Path.GetFullPath(options.Data),
            Hostname = _configuration.Hostname,
            Host = _configuration.IsLoopbackOnly ? _configuration.Addresses[0].ToString() : _configuration.Hostname,
            Ports = PortTable.WithOffset(options.PortOffset),
            Certificate = options.Tls.Certificate is null ? Path.GetFullPath(Path.Combine(options.Data, "tls", "certificate.pem")) : null,
            Admin = admin.ToString(),
            Cli = Path.Combine(AppContext.BaseDirectory, "merpati"),
            AllowPlaintextAuth = options.AllowPlaintextAuth,
            Accounts = demo,
        };
        if (_printJson) table.PrintJson(Console.Out);
        else table.PrintTable(AnsiConsole.Console);
    }

    private static async Task EnsureDomainAsync(IServiceProvider services, string name)
    {
        var normal = DomainName.Normalize(name);
        if (!EmailAddress.TryParse("postmaster@" + normal, out _)) throw new ConfigurationException($"The configuration key 'domains' is wrong: '{name}' is no domain name.");
        await services.GetRequiredService<DomainAdministration>().AddAsync(normal, catchAll: null, CancellationToken.None);
    }

    /// <summary>What several services need to know alike is said once, at the top of the configuration.</summary>
    private static void Share(IServiceCollection services, StandaloneOptions options, string hostname)
    {
        services.PostConfigure<SmtpIngressOptions>(smtp =>
        {
            smtp.HostName = hostname;
            smtp.AllowPlaintextAuth = options.AllowPlaintextAuth;
        });
        services.PostConfigure<UserDirectoryOptions>(directory => directory.HostName = hostname);
        services.PostConfigure<ClientSettingsOptions>(clients => clients.HostName = hostname);
        services.PostConfigure<ImapGatewayOptions>(imap => imap.AllowPlaintextAuth = options.AllowPlaintextAuth);
        services.PostConfigure<Pop3GatewayOptions>(pop3 =>
        {
            pop3.HostName = hostname;
            pop3.AllowPlaintextAuth = options.AllowPlaintextAuth;
        });
        services.PostConfigure<DeliveryOptions>(delivery => delivery.HostName = hostname);
        services.PostConfigure<OutboundRelayOptions>(relay => relay.HostName = hostname);
    }

    private static CertificateSource Certificates(IServiceProvider provider, ServerConfiguration<StandaloneOptions> configuration)
    {
        var time = provider.GetRequiredService<TimeProvider>();
        var files = configuration.Options.Tls.ToFiles();
        if (files.Count == 0)
        {
            string[] names = [.. new[] { configuration.Hostname, "localhost", "127.0.0.1", "::1" }.Distinct(StringComparer.OrdinalIgnoreCase)];
            files = [SelfSignedCertificate.Ensure(Path.Combine(configuration.Options.Data, "tls"), names, time)];
        }
        return new CertificateSource(files, time, provider.GetRequiredService<ILogger<CertificateSource>>());
    }

    /// <summary>The certificate of the site for mail clients: its own, else that of the mail ports.</summary>
    private sealed record SiteCertificate(CertificateSource Source);

    private static void AddSite(IServiceCollection services, SiteOptions site)
    {
        if (site is not { Certificate: { } certificate, Key: { } key })
        {
            services.AddSingleton(provider => new SiteCertificate(provider.GetRequiredService<CertificateSource>()));
            return;
        }
        services.AddSingleton(provider =>
        {
            var source = new CertificateSource([new CertificateFiles(certificate, key)], provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateSource>>());
            source.Load();
            return new SiteCertificate(source);
        });
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<SiteCertificate>().Source);
    }

    private static MailPorts Ports(IServiceProvider provider, ServerConfiguration<StandaloneOptions> configuration)
    {
        var smtp = provider.GetRequiredService<SmtpSessions>();
        var imap = provider.GetRequiredService<ImapSessions>();
        var pop3 = provider.GetRequiredService<Pop3Sessions>();
        var hostname = configuration.Hostname;
        var offset = configuration.Options.PortOffset;
        var ports = new List<MailPort>();
        foreach (var address in configuration.Addresses)
        {
            foreach (var row in PortTable.WithOffset(offset).Where(row => row.Protocol != "http"))
            {
                var endPoint = new IPEndPoint(address, row.Port);
                var tls = row.Security == PortSecurity.Tls;
                ports.Add(row.Protocol switch
                {
                    "smtp" => new MailPort(row.Protocol, endPoint, tls, SmtpSessions.BusyLine(hostname), (transport, lifetime) => smtp.RunAsync(transport, SmtpRole.Mx, lifetime)),
                    "submission" or "submissions" => new MailPort(row.Protocol, endPoint, tls, SmtpSessions.BusyLine(hostname), (transport, lifetime) => smtp.RunAsync(transport, SmtpRole.Submission, lifetime)),
                    "imap" or "imaps" => new MailPort(row.Protocol, endPoint, tls, ImapSessions.BusyLine, imap.RunAsync),
                    _ => new MailPort(row.Protocol, endPoint, tls, Pop3Sessions.BusyLine, pop3.RunAsync),
                });
            }
        }
        return new MailPorts(ports, new PortSettings("--port-offset", "--listen"), provider.GetRequiredService<CertificateSource>(), configuration.Options.Connections, provider.GetRequiredService<Readiness>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MailListener>>());
    }

    private static void ListenForHttp(WebApplicationBuilder builder, ServerConfiguration<StandaloneOptions> configuration)
    {
        var port = PortTable.Http + configuration.Options.PortOffset;
        var addresses = configuration.Addresses.ToHashSet();
        // The admin API is reached over loopback, wherever the mail ports listen.
        if (!addresses.Contains(IPAddress.Any) && !addresses.Contains(IPAddress.IPv6Any)) addresses.Add(IPAddress.Loopback);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 200;
            foreach (var address in addresses) kestrel.Listen(address, port);
            if (configuration.Options.Site.Port > 0) kestrel.ListenForEverybody(configuration.Addresses, configuration.Options.Site.Port, kestrel.ApplicationServices.GetRequiredService<SiteCertificate>().Source);
        });
    }
}
