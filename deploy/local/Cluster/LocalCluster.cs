using System.Security.Cryptography;
using System.Text.Json;
using Merpati.Platform.Tls;

namespace Merpati.Local.Cluster;

/// <summary>
/// The six services as processes on this machine, each in any number, over a database and a broker that are there. They talk over mutual TLS with certificates
/// of an authority that is made for them.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly ClusterSettings _settings;

    private LocalCluster(ClusterSettings settings, IReadOnlyList<ServiceProcess> services, string certificate, string tokenFile)
    {
        _settings = settings;
        Services = services;
        Certificate = certificate;
        AdminTokenFile = tokenFile;
    }

    public IReadOnlyList<ServiceProcess> Services { get; }

    /// <summary>What mail clients have to trust, PEM.</summary>
    public string Certificate { get; }

    /// <summary>Where the merpati command finds the admin API and its token.</summary>
    public Uri Admin => new($"http://127.0.0.1:{First(ServiceKind.UserDirectory).Ports.Http}/");

    public string AdminTokenFile { get; }

    public string Folder => _settings.Folder;

    /// <summary>Writes configurations and certificates, starts all services at once and waits until each is ready.</summary>
    public static async Task<LocalCluster> StartAsync(ClusterSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var cluster = Prepare(settings, time);
        try
        {
            foreach (var service in cluster.Services) await service.StartAsync();
            await Task.WhenAll(cluster.Services.Select(service => service.WaitUntilReadyAsync(cancellationToken)));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public IEnumerable<ServiceProcess> Of(ServiceKind kind) => Services.Where(service => service.Kind == kind);

    public ServiceProcess First(ServiceKind kind) => Of(kind).First();

    /// <summary>SIGTERM to all, the mail ports first; returns when they have ended.</summary>
    public async Task StopAsync()
    {
        foreach (var kind in Enum.GetValues<ServiceKind>().Reverse()) await Task.WhenAll(Of(kind).Where(service => service.IsRunning).Select(service => service.StopAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Services) await service.DisposeAsync();
    }

    private static LocalCluster Prepare(ClusterSettings settings, TimeProvider time)
    {
        Directory.CreateDirectory(settings.Folder);
        var tls = Path.Combine(settings.Folder, "tls");
        using var authority = new DevelopmentAuthority(time);
        var authorities = authority.WriteAuthority(tls);
        var mail = authority.Issue(tls, "mail", ["localhost", "127.0.0.1"]);
        var tokenFile = Path.Combine(settings.Folder, "admin-token");
        File.WriteAllText(tokenFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(tokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var services = settings.Layout().Select(instance => new ServiceProcess(instance.Kind, instance.Number, instance.Ports, settings.Folder, settings.Environment)).ToList();
        var certificates = services.Select(service => service.Kind).Distinct().ToDictionary(kind => kind, kind => authority.Issue(tls, kind.Name(), ["localhost", "127.0.0.1"]));
        foreach (var service in services)
        {
            var keys = Keys(settings, service, services, authorities, certificates[service.Kind], mail, tokenFile);
            File.WriteAllText(service.ConfigurationFile, JsonSerializer.Serialize(keys, Indented));
        }
        var cluster = new LocalCluster(settings, services, authorities, tokenFile);
        // Where `merpati --data FOLDER` looks.
        File.WriteAllText(Path.Combine(settings.Folder, "admin.json"), JsonSerializer.Serialize(new { address = cluster.Admin, token = File.ReadAllText(tokenFile) }, Indented));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(settings.Folder, "admin.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return cluster;
    }

    private static SortedDictionary<string, string> Keys(
        ClusterSettings settings, ServiceProcess service, List<ServiceProcess> all, string authorities, CertificateFiles own, CertificateFiles mail, string tokenFile)
    {
        var keys = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["listen"] = "127.0.0.1",
            ["hostname"] = "localhost",
            ["http:port"] = Text(service.Ports.Http),
            ["bus:uri"] = settings.RabbitMq,
            ["bus:prefix"] = settings.BusPrefix,
        };
        keys["rpc:certificate"] = own.Certificate;
        keys["rpc:key"] = own.Key;
        keys["rpc:authorities"] = authorities;
        if (service.Ports.Rpc > 0) keys["rpc:port"] = Text(service.Ports.Rpc);
        if (service.Kind is not (ServiceKind.ImapGateway or ServiceKind.Pop3Gateway))
        {
            keys["mongo:connectionString"] = settings.MongoDb;
            keys["mongo:database"] = settings.Database;
        }
        if (service.Kind is ServiceKind.ImapGateway or ServiceKind.Pop3Gateway or ServiceKind.UserDirectory) keys["rpc:delivery"] = Addresses(all, ServiceKind.Delivery);
        if (service.Kind != ServiceKind.UserDirectory) keys["rpc:userDirectory"] = Addresses(all, ServiceKind.UserDirectory);
        if (service.Kind == ServiceKind.UserDirectory) keys["admin:tokenFile"] = tokenFile;
        if (service.Ports.Mail.Count > 0)
        {
            keys["tls:certificate"] = mail.Certificate;
            keys["tls:key"] = mail.Key;
            if (settings.AllowPlaintextAuth) keys["allowPlaintextAuth"] = "true";
        }
        foreach (var (name, port) in service.Ports.Mail) keys["ports:" + name] = Text(port);
        foreach (var (name, value) in settings.Keys.GetValueOrDefault(service.Kind) ?? new Dictionary<string, string>()) keys[name] = value;
        return keys;
    }

    private static string Addresses(List<ServiceProcess> all, ServiceKind kind) => string.Join(',', all.Where(service => service.Kind == kind).Select(service => $"127.0.0.1:{service.Ports.Rpc}"));

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
