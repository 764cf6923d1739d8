using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Merpati.Tests.Chart;

namespace Merpati.Tests.Pods;

/// <summary>A pod as a Deployment, a Job or a Pod of the chart describes it, run by podman: image, user, capabilities, root file system, memory, environment, volumes and probes are those of the manifest.</summary>
internal sealed partial class Pod
{
    // The kubelet's.
    private const int DefaultGraceSeconds = 30;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Node _deployment;
    private bool _gone;

    private Pod(Node deployment, string name, IPAddress address, int processId)
    {
        _deployment = deployment;
        Name = name;
        Address = address;
        ProcessId = processId;
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public int ProcessId { get; }

    public Node Labels => RenderedChart.LabelsOf(_deployment);

    public string Component => RenderedChart.ComponentOf(Labels);

    private Node Spec => RenderedChart.PodOf(_deployment);

    private Node Container => RenderedChart.ContainerOf(_deployment);

    /// <summary>Starts it, and does not wait until it is ready.</summary>
    /// <param name="aliases">The services that select it.</param>
    /// <param name="atPods">What an argument becomes that ends in a port of a Service: the same with that of its pods.</param>
    public static async Task<Pod> StartAsync(Node deployment, string name, string network, IEnumerable<string> aliases, IReadOnlyDictionary<string, string> hosts, ObjectFiles files, Func<string, string> atPods)
    {
        var (spec, container) = (RenderedChart.PodOf(deployment), RenderedChart.ContainerOf(deployment));
        var security = container["securityContext"];
        List<string> arguments = ["run", "--detach", "--pull=never", "--name", name, "--hostname", name, "--network", network];
        foreach (var alias in aliases) arguments.AddRange(["--network-alias", alias]);
        foreach (var (host, address) in hosts) arguments.AddRange(["--add-host", $"{host}:{address}"]);
        arguments.AddRange(["--user", $"{spec["securityContext"]["runAsUser"].Text}:{spec["securityContext"]["runAsGroup"].Text}"]);
        if (security["readOnlyRootFilesystem"].IsTrue) arguments.AddRange(["--read-only", "--read-only-tmpfs=false"]);
        if (!security["allowPrivilegeEscalation"].IsTrue) arguments.Add("--security-opt=no-new-privileges");
        foreach (var capability in security["capabilities"]["drop"].Items) arguments.AddRange(["--cap-drop", capability.Text]);
        arguments.AddRange(["--memory", BytesOf(container["resources"]["limits"]["memory"].Text)]);

        var environment = new Dictionary<string, string>();
        foreach (var variable in container["env"].Items) environment[variable["name"].Text] = ValueOf(variable, name, environment, files);
        foreach (var (key, value) in environment) arguments.AddRange(["--env", $"{key}={value}"]);

        var volumes = spec["volumes"].Items.ToDictionary(volume => volume["name"].Text);
        foreach (var mount in container["volumeMounts"].Items)
        {
            var (volume, path) = (volumes[mount["name"].Text], mount["mountPath"].Text);
            arguments.AddRange(volume["emptyDir"].IsThere
                ? ["--mount", $"type=tmpfs,destination={path},tmpfs-size={BytesOf(volume["emptyDir"]["sizeLimit"].Text)},tmpfs-mode=1777"]
                : ["--volume", $"{files.FolderOf(volume, spec["securityContext"]["fsGroup"].Number)}:{path}:ro"]);
        }
        arguments.Add(container["image"].Text);
        arguments.AddRange(container["args"].Items.Select(argument => atPods(Expand(argument.Text, environment))));
        await Podman.RunAsync(arguments);
        var facts = (await Podman.RunAsync("inspect", "--format", $"{{{{.State.Pid}}}} {{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}", name)).Split(' ');
        // A job may be done already.
        if (facts[0] == "0" && spec["restartPolicy"].Text != "Never") throw new InvalidOperationException($"{name} ended:\n{await Podman.RunAsync("logs", name)}");
        return new Pod(deployment, name, IPAddress.Parse(facts[1]), int.Parse(facts[0], CultureInfo.InvariantCulture));
    }

    /// <summary>The number of a port, by its name or as it is.</summary>
    public int PortOf(string port) => RenderedChart.PortOf(_deployment, port);

    /// <summary>Asks what the kubelet would ask, over the network, until the answer is yes.</summary>
    public async Task WaitUntilReadyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var probe = Container["readinessProbe"]["httpGet"];
        var address = new Uri($"http://{Address}:{PortOf(probe["port"].Text)}{probe["path"].Text}");
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(address, patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !patience.IsCancellationRequested) { }
            catch (OperationCanceledException e) { throw new InvalidOperationException($"{Name} is not ready:\n{await LogsAsync()}", e); }
            if (patience.IsCancellationRequested || !Directory.Exists($"/proc/{ProcessId}")) throw new InvalidOperationException($"{Name} is not ready:\n{await LogsAsync()}");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>What the kubelet does: preStop, SIGTERM, and SIGKILL when the time is over.</summary>
    /// <returns>The exit code; 137 where it had to be killed.</returns>
    public async Task<int> TerminateAsync()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        // The manifest's own pause: endpoints are taken out of the lists meanwhile.
        if (Container["lifecycle"]["preStop"]["sleep"]["seconds"] is { IsThere: true } pause) await Task.Delay(TimeSpan.FromSeconds(pause.Number), CancellationToken.None);
        var left = (Spec["terminationGracePeriodSeconds"] is { IsThere: true } period ? period.Number : DefaultGraceSeconds) - (int)clock.Elapsed.TotalSeconds;
        await Podman.RunAsync("stop", "--time", left.ToString(CultureInfo.InvariantCulture), Name);
        return int.Parse(await Podman.RunAsync("inspect", "--format", "{{.State.ExitCode}}", Name), CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until a job has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync() => int.Parse(await Podman.RunAsync("wait", Name), CultureInfo.InvariantCulture);

    public async Task<string> LogsAsync()
    {
        var logs = await Podman.TryAsync("logs", "--tail", "200", Name);
        return logs.Output + logs.Error;
    }

    public async Task RemoveAsync()
    {
        if (_gone) return;
        _gone = true;
        await Podman.TryAsync("rm", "--force", "--time", "0", Name);
    }

    /// <summary>What the kernel says of its process: <c>/proc/PID/status</c>.</summary>
    public IReadOnlyDictionary<string, string> Status()
        => File.ReadAllLines($"/proc/{ProcessId}/status").Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim());

    /// <summary>How its root is mounted: <c>ro,relatime,…</c>.</summary>
    public string RootMount() => File.ReadAllLines($"/proc/{ProcessId}/mounts").Select(line => line.Split(' ')).First(parts => parts[1] == "/")[3];

    private static string ValueOf(Node variable, string pod, Dictionary<string, string> before, ObjectFiles files)
    {
        var from = variable["valueFrom"];
        if (from["fieldRef"].IsThere)
        {
            return from["fieldRef"]["fieldPath"].Text switch
            {
                "metadata.name" => pod,
                "metadata.namespace" => Helm.Namespace,
                var other => throw new InvalidOperationException($"{other} is not known here."),
            };
        }
        if (from["secretKeyRef"] is { IsThere: true } secret) return files.SecretText(secret["name"].Text, secret["key"].Text);
        return Expand(variable["value"].Text, before);
    }

    /// <summary>The kubelet puts the variables of the environment into values and arguments.</summary>
    private static string Expand(string text, Dictionary<string, string> environment) => Reference().Replace(text, match => environment[match.Groups["name"].Value]);

    /// <summary>1Gi and the like, in bytes.</summary>
    private static string BytesOf(string quantity)
    {
        var shift = quantity[^2..] switch { "Ki" => 10, "Mi" => 20, "Gi" => 30, _ => throw new InvalidOperationException($"{quantity} is not a quantity that is known here.") };
        return (long.Parse(quantity[..^2], CultureInfo.InvariantCulture) << shift).ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\$\((?<name>\w+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();
}
