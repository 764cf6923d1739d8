using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Merpati.Local.ForTests;
using Merpati.Platform.Tls;
using Merpati.TestKit.Cluster;
using Merpati.Tests.Chart;

namespace Merpati.Tests.Pods;

/// <summary>
/// What <c>helm template</c> makes of the chart, run on this machine: each Deployment's pods as containers in a network of their own, each Service as a name there and, for
/// clients, as a port on loopback that goes to the pods which are ready. MongoDB and RabbitMQ are those of deploy/local, reached through the network's gateway.
/// </summary>
public class PodCluster : IAsyncLifetime
{
    public const string Domain = "merpati.test";

    private const string ProbeAccount = "probe@" + Domain;
    private const string ProbePassword = "correct horse probe";

    internal static readonly Version Current = new("artifacts/images", Repository.Chart);
    internal static readonly Version Previous = new("artifacts/previous/images", Path.Combine(Repository.Root, "artifacts/previous/chart"));

    private readonly string _id = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly ConcurrentDictionary<string, Pod> _pods = [];
    private readonly ConcurrentDictionary<string, Pod> _ready = [];
    private readonly List<SilentLink> _links = [];
    private readonly Dictionary<string, int> _clientPorts = [];
    private readonly Dictionary<string, string> _hosts = [];
    private string _folder = "";
    private string _token = "";
    private int _number;
    private int _turn;
    private ObjectFiles? _files;
    private IReadOnlyDictionary<string, string> _images = null!;

    private string Network => "merpati-" + _id;

    private ObjectFiles Files => _files ?? throw new InvalidOperationException("Nothing is installed.");

    /// <summary>What helm made of the version that was installed last.</summary>
    internal RenderedChart Chart { get; private set; } = null!;

    /// <summary>The version that is there at the beginning.</summary>
    private protected virtual Version First => Current;

    internal FlowWatch Flows { get; private set; } = null!;

    internal IReadOnlyCollection<Pod> Pods => [.. _pods.Values];

    public IReadOnlyList<(string Address, string Password)> Accounts { get; private set; } = [];

    /// <summary>A port of loopback that goes where the chart's Service of that port goes: smtp, imaps…</summary>
    public int ClientPort(string name) => _clientPorts[name];

    public async Task InitializeAsync()
    {
        _folder = Directory.CreateTempSubdirectory("merpati-pods-").FullName;
        await Podman.RunAsync("network", "create", Network);
        var gateway = IPAddress.Parse(await Podman.RunAsync("network", "inspect", "--format", "{{range .Subnets}}{{.Gateway}}{{end}}", Network));

        var mongo = new Uri(await TestMongo.ConnectionStringAsync());
        var broker = await TestBroker.UriAsync();
        // The gateway's address is there with the first container only.
        _links.Add(new SilentLink(mongo.Port, new IPEndPoint(gateway, 27017)));
        _links.Add(new SilentLink(broker.Port, new IPEndPoint(gateway, 5672)));
        _hosts["mongodb"] = _hosts["rabbitmq"] = gateway.ToString();

        await InstallAsync(First);
        var user = broker.UserInfo.Split(':');
        Files.AddSecret("rabbitmq", ("username", Uri.UnescapeDataString(user[0])), ("password", Uri.UnescapeDataString(user[1])));
        Files.AddSecret("mongodb", ("connectionString", "mongodb://mongodb:27017/?directConnection=true"));
        using (var authority = new DevelopmentAuthority(TimeProvider.System))
        {
            var mail = authority.Issue(_folder, "mail", ["mx.merpati.test"]);
            Files.AddSecret("mail-tls", ("tls.crt", await File.ReadAllTextAsync(mail.Certificate)), ("tls.key", await File.ReadAllTextAsync(mail.Key)));
            Files.AddSecret("probe", ("account", ProbeAccount), ("password", ProbePassword), ("ca.crt", await File.ReadAllTextAsync(authority.WriteAuthority(_folder))));
        }

        var admin = RenderedChart.NameOf(Chart.OfKind("Secret").Single(secret => RenderedChart.NameOf(secret).EndsWith("-admin", StringComparison.Ordinal)));
        _token = Files.FolderOf(Node.Parse($"{{name: admin, secret: {{secretName: {admin}, defaultMode: '0440'}}}}"), 10001);

        Flows = new FlowWatch(() => Pods);
        foreach (var service in Chart.OfKind("Service").Where(service => service["spec"]["clusterIP"].Text != "None"))
        {
            foreach (var port in service["spec"]["ports"].Items) Open(service, port);
        }
        await RunHooksAsync("pre-install");
        var starting = await Task.WhenAll(Chart.Deployments.Select(StartPodAsync));
        await Task.WhenAll(starting.Select(AdmitAsync));

        await MerpatiAsync("domain", "add", Domain);
        var accounts = new List<(string, string)>();
        foreach (var name in new[] { "ann", "bob" })
        {
            accounts.Add(($"{name}@{Domain}", $"correct horse {name}"));
            await MerpatiAsync(accounts[^1].Item2, ["account", "add", accounts[^1].Item1, "--password-stdin"]);
        }
        Accounts = accounts;
        await MerpatiAsync(ProbePassword, ["account", "add", ProbeAccount, "--password-stdin"]);
    }

    public async Task DisposeAsync()
    {
        if (Flows is not null) await Flows.DisposeAsync();
        await Task.WhenAll(Pods.Select(pod => pod.RemoveAsync()));
        foreach (var link in _links) await link.DisposeAsync();
        await Podman.TryAsync("network", "rm", "--force", Network);
        if (_folder.Length > 0 && Environment.GetEnvironmentVariable("MERPATI_TEST_KEEP") is null) Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The merpati command, from its own image, at the admin API as with <c>kubectl port-forward</c>: over the loopback of a pod of UserDirectory.</summary>
    public Task<string> MerpatiAsync(params string[] arguments) => MerpatiAsync(null, arguments);

    private async Task<string> MerpatiAsync(string? standardInput, string[] arguments)
    {
        var directory = _ready.Values.First(pod => pod.Component == "user-directory");
        return await Podman.RunAsync(
            standardInput,
            ["run", "--rm", "--interactive", "--pull=never", "--read-only", "--network", "container:" + directory.Name, "--volume", $"{_token}:/secrets/admin:ro", _images["cli"],
                .. arguments, "--admin", "http://127.0.0.1:8080", "--token-file", "/secrets/admin/token"]);
    }

    /// <summary>
    /// What <c>helm upgrade</c> and <c>helm rollback</c> do: from here on <see cref="Chart"/> is that of the version, and <see cref="RollAsync"/> starts pods of it.
    /// Secrets that the chart made stay as they are.
    /// </summary>
    internal async Task InstallAsync(Version version)
    {
        _images = await Podman.LoadImagesAsync(version.Images);
        Chart = await RenderedChart.OfAsync(await WriteValuesAsync(version), version.Chart);
        _files = _files?.WithChart(Path.GetDirectoryName(Chart.Values)!, Chart) ?? new ObjectFiles(_folder, Chart);
    }

    /// <summary>What helm runs before it touches anything else.</summary>
    internal async Task RunHooksAsync(string hook)
    {
        foreach (var job in Chart.OfKind("Job").Where(job => job["metadata"]["annotations"]["helm.sh/hook"].Text.Split(',').Contains(hook))) await RunJobAsync(job);
    }

    /// <summary>The chart's check of everything that is kept, as <c>kubectl create job --from=cronjob/…</c> runs it.</summary>
    /// <returns>What it said.</returns>
    /// <exception cref="InvalidOperationException">It found something.</exception>
    internal Task<string> CheckAsync() => RunJobAsync(Chart.OfKind("CronJob").Single(job => RenderedChart.ComponentOf(job["metadata"]["labels"]) == "fsck")["spec"]["jobTemplate"]);

    /// <summary><c>helm test</c>.</summary>
    /// <returns>What it said.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    internal Task<string> TestAsync() => RunJobAsync(Chart.OfKind("Pod").Single(pod => pod["metadata"]["annotations"]["helm.sh/hook"].Text == "test"));

    /// <summary>The pod that sends and reads a message all the time.</summary>
    internal Task<Pod> StartProbeAsync() => StartPodAsync(Chart.OfKind("Deployment").Single(deployment => RenderedChart.ComponentOf(RenderedChart.LabelsOf(deployment)) == "probe"));

    /// <summary>Runs the pod of a job to its end.</summary>
    /// <returns>What it said.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    internal async Task<string> RunJobAsync(Node job)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{RenderedChart.ComponentOf(RenderedChart.LabelsOf(job))}-{_id}-{Interlocked.Increment(ref _number)}");
        var pod = await Pod.StartAsync(job, name, Network, [], _hosts, Files, AtPods);
        try
        {
            var code = await pod.EndAsync();
            var said = await pod.LogsAsync();
            return code == 0 ? said : throw new InvalidOperationException($"{name} ended with {code}:\n{said}");
        }
        finally
        {
            await pod.RemoveAsync();
        }
    }

    /// <summary>As a Deployment with maxSurge 1 and maxUnavailable 0 does it: a new pod, ready, then an old one goes.</summary>
    /// <returns>The exit codes of those that went.</returns>
    public async Task<IReadOnlyList<int>> RollAsync(string component)
    {
        var codes = new List<int>();
        var deployment = Chart.Deployments.Single(known => RenderedChart.ComponentOf(RenderedChart.LabelsOf(known)) == component);
        foreach (var old in Pods.Where(pod => pod.Component == component).ToList())
        {
            await AdmitAsync(await StartPodAsync(deployment));
            codes.Add(await EndAsync(old));
        }
        return codes;
    }

    /// <summary>Takes a pod away, as when it is deleted.</summary>
    /// <returns>Its exit code.</returns>
    internal async Task<int> EndAsync(Pod pod)
    {
        _ready.TryRemove(pod.Name, out _);
        var code = await pod.TerminateAsync();
        _pods.TryRemove(pod.Name, out _);
        await pod.RemoveAsync();
        return code;
    }

    /// <summary>Waits until all that was accepted is closed; the ledger must balance.</summary>
    public async Task ClosedLedgerAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            using var status = JsonDocument.Parse(await MerpatiAsync("queue", "status", "--json"));
            var ledger = status.RootElement.GetProperty("ledger");
            if (ledger.GetProperty("open").GetInt64() == 0)
            {
                Assert.Equal(0, ledger.GetProperty("unaccounted").GetInt64());
                return;
            }
            if (patience.IsCancellationRequested) throw new TimeoutException(status.RootElement.ToString());
        }
    }

    /// <summary>The last words of every pod, for a test that failed.</summary>
    public async Task<string> LogsAsync() => string.Join('\n', await Task.WhenAll(Pods.Select(async pod => $"--- {pod.Name}\n{await pod.LogsAsync()}")));

    private async Task<string> WriteValuesAsync(Version version)
    {
        // JSON is YAML.
        var values = new Dictionary<string, object>
        {
            ["hostname"] = "mx.merpati.test",
            ["domains"] = new[] { Domain },
            ["image"] = new { registry = "docker.io", repository = "merpati", tag = _images["delivery"].Split(':')[^1] },
            ["mongodb"] = new { existingSecret = "mongodb", database = "pods-" + _id },
            ["rabbitmq"] = new { uri = "amqp://rabbitmq:5672/", existingSecret = "rabbitmq" },
            ["tls"] = new { existingSecret = "mail-tls" },
            ["defaults"] = new { replicas = 1, drainSeconds = 10, config = new { bus = new { prefix = "pods-" + _id } } },
            // The DNS here has no cache.
            ["delivery"] = new { preStopSeconds = 5 },
            ["userDirectory"] = new { preStopSeconds = 5 },
            // The clients of the tests come from the network's gateway, and there is no DNS to ask about them.
            ["smtpIngress"] = new { config = new { smtpIngress = new { checks = new { exemptNetworks = new[] { "10.0.0.0/8" } } } } },
        };
        // A chart refuses what it does not know.
        if (version == Current)
        {
            values["fsck"] = new { enabled = true, readBodies = true };
            values["probe"] = new { enabled = true, existingSecret = "probe", authorities = "ca.crt" };
        }
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName, "values.yaml");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(values));
        return path;
    }

    private void Open(Node service, Node port)
    {
        var link = new SilentLink(() => NextPod(service) is { } pod ? new IPEndPoint(pod.Address, pod.PortOf(port["targetPort"].Text)) : null);
        _links.Add(link);
        _clientPorts[port["name"].Text] = link.Port;
    }

    private Pod? NextPod(Node service)
    {
        var pods = _ready.Values.Where(pod => service["spec"]["selector"].Selects(pod.Labels)).ToList();
        return pods.Count == 0 ? null : pods[(Interlocked.Increment(ref _turn) & int.MaxValue) % pods.Count];
    }

    private async Task<Pod> StartPodAsync(Node deployment)
    {
        var labels = RenderedChart.LabelsOf(deployment);
        var services = Chart.OfKind("Service").Where(service => service["spec"]["selector"].Selects(labels)).Select(RenderedChart.NameOf);
        var name = string.Create(CultureInfo.InvariantCulture, $"{RenderedChart.NameOf(deployment)}-{_id}-{Interlocked.Increment(ref _number)}");
        return _pods[name] = await Pod.StartAsync(deployment, name, Network, services, _hosts, Files, AtPods);
    }

    /// <summary>What kube-proxy does: the name of a Service leads to its pods, and so does its port.</summary>
    private string AtPods(string argument)
    {
        foreach (var service in Chart.OfKind("Service"))
        {
            foreach (var port in service["spec"]["ports"].Items)
            {
                var end = $"={RenderedChart.NameOf(service)}:{port["port"].Text}";
                if (!argument.EndsWith(end, StringComparison.Ordinal)) continue;
                var pods = Chart.Deployments.Single(deployment => service["spec"]["selector"].Selects(RenderedChart.LabelsOf(deployment)));
                return string.Create(CultureInfo.InvariantCulture, $"{argument[..^port["port"].Text.Length]}{RenderedChart.PortOf(pods, port["targetPort"].Text)}");
            }
        }
        return argument;
    }

    private async Task AdmitAsync(Pod pod)
    {
        await pod.WaitUntilReadyAsync();
        _ready[pod.Name] = pod;
    }
}

/// <summary>A version of what is shipped: the folder of its images, and its chart.</summary>
internal sealed record Version(string Images, string Chart);
