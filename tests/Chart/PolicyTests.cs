using System.Globalization;
using AwesomeAssertions;
using static Merpati.Tests.Chart.RenderedChart;

namespace Merpati.Tests.Chart;

/// <summary>What has to hold for every pod, and between the objects.</summary>
public sealed class PolicyTests
{
    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Pods_are_restricted(string values)
    {
        foreach (var deployment in (await OfAsync(values)).Deployments)
        {
            var pod = PodOf(deployment);
            pod["securityContext"]["runAsNonRoot"].IsTrue.Should().BeTrue();
            pod["securityContext"]["runAsUser"].Text.Should().Be("10001");
            pod["securityContext"]["seccompProfile"]["type"].Text.Should().Be("RuntimeDefault");
            pod["automountServiceAccountToken"].Text.Should().Be("false");
            pod["enableServiceLinks"].Text.Should().Be("false");
            foreach (var shared in new[] { "hostNetwork", "hostPID", "hostIPC" }) pod[shared].IsThere.Should().BeFalse();
            pod["volumes"].Items.Should().NotContain(volume => volume["hostPath"].IsThere);
            var container = ContainerOf(deployment);
            container["securityContext"]["allowPrivilegeEscalation"].Text.Should().Be("false");
            container["securityContext"]["readOnlyRootFilesystem"].IsTrue.Should().BeTrue();
            container["securityContext"]["privileged"].IsThere.Should().BeFalse();
            container["securityContext"]["capabilities"]["drop"].Items.Select(capability => capability.Text).Should().Equal("ALL");
            container["securityContext"]["capabilities"]["add"].IsThere.Should().BeFalse();
            container["ports"].Items.Should().OnlyContain(port => port["containerPort"].Number > 1024 && !port["hostPort"].IsThere);
        }
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Containers_have_probes_limits_and_an_image_with_a_version(string values)
    {
        foreach (var deployment in (await OfAsync(values)).Deployments)
        {
            var container = ContainerOf(deployment);
            foreach (var (probe, path) in new[] { ("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready") })
            {
                container[probe]["httpGet"]["path"].Text.Should().Be(path);
                PortsOf(deployment).Should().Contain(container[probe]["httpGet"]["port"].Text);
            }
            // A pod that is busy, or waits for its database, is not killed.
            (container["livenessProbe"]["periodSeconds"].Number * container["livenessProbe"]["failureThreshold"].Number).Should().BeGreaterThanOrEqualTo(60);
            container["resources"]["requests"]["cpu"].IsThere.Should().BeTrue();
            container["resources"]["requests"]["memory"].IsThere.Should().BeTrue();
            container["resources"]["limits"]["memory"].IsThere.Should().BeTrue();
            var image = container["image"].Text;
            image[(image.LastIndexOf('/') + 1)..].Should().MatchRegex("^[a-z0-9-]+:[^:]+$").And.NotEndWith(":latest");
        }
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task A_pod_has_time_to_drain(string values)
    {
        var chart = await OfAsync(values);
        foreach (var deployment in chart.Deployments)
        {
            var drain = Node.Parse(chart.Find("ConfigMap", NameOf(deployment))!["data"]["service.yaml"].Text)["connections"]["drain"];
            var needed = (drain.IsThere ? (int)TimeSpan.Parse(drain.Text, CultureInfo.InvariantCulture).TotalSeconds : 0) + 20;
            var preStop = ContainerOf(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"];
            PodOf(deployment)["terminationGracePeriodSeconds"].Number.Should().BeGreaterThan(needed + (preStop.IsThere ? preStop.Number : 0), NameOf(deployment));
            if (chart.OfKind("Service").Any(service => service["spec"]["selector"].Selects(LabelsOf(deployment)) && !NameOf(service).EndsWith("-admin", StringComparison.Ordinal)))
                preStop.IsThere.Should().BeTrue("callers and load balancers have {0} in their lists", NameOf(deployment));
        }
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Volumes_are_there(string values)
    {
        var chart = await OfAsync(values);
        var given = await File.ReadAllTextAsync(Path.Combine(Repository.Chart, values));
        foreach (var deployment in chart.Deployments)
        {
            var pod = PodOf(deployment);
            var volumes = pod["volumes"].Items.Select(volume => volume["name"].Text).ToList();
            volumes.Should().OnlyHaveUniqueItems();
            var mounts = ContainerOf(deployment)["volumeMounts"].Items.ToList();
            mounts.Select(mount => mount["name"].Text).Should().BeEquivalentTo(volumes, "{0} mounts what it has", NameOf(deployment));
            foreach (var volume in pod["volumes"].Items)
            {
                if (volume["configMap"].IsThere) Exists("ConfigMap", volume["configMap"]["name"].Text);
                if (volume["secret"].IsThere) Exists("Secret", volume["secret"]["secretName"].Text);
                (volume["configMap"].IsThere || volume["secret"].IsThere || volume["emptyDir"].IsThere).Should().BeTrue();
            }
            foreach (var variable in ContainerOf(deployment)["env"].Items.Where(variable => variable["valueFrom"]["secretKeyRef"].IsThere)) Exists("Secret", variable["valueFrom"]["secretKeyRef"]["name"].Text);
            Exists("ServiceAccount", pod["serviceAccountName"].Text);
            // Every file that the configuration names is mounted.
            var configuration = Node.Parse(chart.Find("ConfigMap", NameOf(deployment))!["data"]["service.yaml"].Text);
            Leaves(configuration).Where(text => text.StartsWith("/secrets/", StringComparison.Ordinal) || text.StartsWith("/etc/", StringComparison.Ordinal))
                .Should().OnlyContain(path => mounts.Any(mount => path.StartsWith(mount["mountPath"].Text + "/", StringComparison.Ordinal)));
        }

        void Exists(string kind, string name)
            => (chart.Find(kind, name) is not null || chart.OfKind("Certificate").Any(certificate => certificate["spec"]["secretName"].Text == name) || given.Contains(name, StringComparison.Ordinal) || name.StartsWith("mail-rpc-", StringComparison.Ordinal))
                .Should().BeTrue("the {0} {1} is made by the chart, or named in the values", kind, name);
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Selectors_and_ports_meet_pods(string values)
    {
        var chart = await OfAsync(values);
        var deployments = chart.Deployments.ToList();
        foreach (var deployment in deployments)
        {
            deployment["spec"]["selector"]["matchLabels"].Selects(LabelsOf(deployment)).Should().BeTrue();
            deployments.Count(other => deployment["spec"]["selector"]["matchLabels"].Selects(LabelsOf(other))).Should().Be(1, "{0} has its own pods only", NameOf(deployment));
            PodOf(deployment)["topologySpreadConstraints"].Items.Should().HaveCount(2).And.OnlyContain(spread => spread["labelSelector"]["matchLabels"].Selects(LabelsOf(deployment)));
        }
        foreach (var service in chart.OfKind("Service"))
        {
            var pods = deployments.Where(deployment => service["spec"]["selector"].Selects(LabelsOf(deployment))).ToList();
            pods.Should().ContainSingle(NameOf(service));
            service["spec"]["ports"].Items.Select(port => port["targetPort"].Text).Should().BeSubsetOf(PortsOf(pods[0]));
        }
        foreach (var budget in chart.OfKind("PodDisruptionBudget"))
            deployments.Where(deployment => budget["spec"]["selector"]["matchLabels"].Selects(LabelsOf(deployment))).Should().ContainSingle(NameOf(budget));
        foreach (var scaler in chart.OfKind("HorizontalPodAutoscaler"))
        {
            var target = chart.Find("Deployment", scaler["spec"]["scaleTargetRef"]["name"].Text);
            target.Should().NotBeNull();
            target!["spec"]["replicas"].IsThere.Should().BeFalse("it would be set back at every upgrade");
        }
        foreach (var monitor in chart.OfKind("PodMonitor"))
            deployments.Should().OnlyContain(deployment => monitor["spec"]["selector"]["matchLabels"].Selects(LabelsOf(deployment)) && PortsOf(deployment).Contains(monitor["spec"]["podMetricsEndpoints"].Items.Single()["port"].Text));
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Network_policies_allow_the_flows_of_the_design_and_no_other(string values)
    {
        var chart = await OfAsync(values);
        if (!chart.OfKind("NetworkPolicy").Any()) return;
        string[] flows =
        [
            "delivery -> user-directory", "imap-gateway -> delivery", "imap-gateway -> user-directory", "outbound-relay -> user-directory",
            "pop3-gateway -> delivery", "pop3-gateway -> user-directory", "smtp-ingress -> user-directory", "user-directory -> delivery",
        ];
        var components = chart.Deployments.Select(deployment => ComponentOf(LabelsOf(deployment))).ToHashSet();
        var policies = chart.Deployments.ToDictionary(deployment => ComponentOf(LabelsOf(deployment)), deployment => chart.OfKind("NetworkPolicy").Single(policy => policy["spec"]["podSelector"]["matchLabels"].Selects(LabelsOf(deployment))));
        policies.Values.Should().OnlyContain(policy => policy["spec"]["policyTypes"].Items.Select(type => type.Text).SequenceEqual(new[] { "Ingress", "Egress" }));

        var egress = policies.SelectMany(policy => Peers(policy.Value["spec"]["egress"], "to").Select(peer => $"{policy.Key} -> {peer}"));
        egress.Should().BeEquivalentTo(flows.Where(flow => components.Contains(flow.Split(' ')[0])));
        // A caller that is switched off may stay in the list of those who are let in.
        var ingress = policies.SelectMany(policy => Peers(policy.Value["spec"]["ingress"], "from").Select(peer => $"{peer} -> {policy.Key}"));
        ingress.Should().BeEquivalentTo(flows);
        foreach (var deployment in chart.Deployments)
        {
            policies[ComponentOf(LabelsOf(deployment))]["spec"]["ingress"].Items.SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text).Should().BeSubsetOf(PortsOf(deployment));
            PortsOf(deployment).Should().BeSubsetOf(policies[ComponentOf(LabelsOf(deployment))]["spec"]["ingress"].Items.SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text), "what listens can be reached");
        }
        // Who keeps nothing has no way to the database, and who only receives none to the world.
        Ports("imap-gateway").Should().NotContain("27017");
        if (components.Contains("pop3-gateway")) Ports("pop3-gateway").Should().NotContain("27017");
        foreach (var component in components.Except(["outbound-relay"])) Ports(component).Should().NotContain("25").And.NotContain("443");
        Ports("outbound-relay").Should().Contain("25").And.Contain("443");

        IEnumerable<string> Ports(string component) => policies[component]["spec"]["egress"].Items.SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text);

        static IEnumerable<string> Peers(Node rules, string direction)
            => rules.Items.SelectMany(rule => rule[direction].Items).Select(peer => ComponentOf(peer["podSelector"]["matchLabels"])).Where(component => component.Length > 0);
    }

    [Fact]
    public async Task The_probe_is_restricted_and_goes_where_clients_go()
    {
        var chart = await OfAsync("ci/full-values.yaml");
        var deployment = chart.OfKind("Deployment").Single(deployment => ComponentOf(LabelsOf(deployment)) == "probe");
        var test = chart.OfKind("Pod").Single();
        test["metadata"]["annotations"]["helm.sh/hook"].Text.Should().Be("test");
        foreach (var pod in new[] { PodOf(deployment), test["spec"] })
        {
            pod["securityContext"]["runAsNonRoot"].IsTrue.Should().BeTrue();
            pod["automountServiceAccountToken"].Text.Should().Be("false");
            var container = pod["containers"].Items.Single();
            container["securityContext"]["readOnlyRootFilesystem"].IsTrue.Should().BeTrue();
            container["securityContext"]["capabilities"]["drop"].Items.Select(capability => capability.Text).Should().Equal("ALL");
            container["resources"]["limits"]["memory"].IsThere.Should().BeTrue();
            container["image"].Text.Should().EndWith("/cli:0.1.0");
            pod["volumes"].Items.Where(volume => volume["secret"].IsThere).Select(volume => volume["secret"]["secretName"].Text).Should().Equal("probe-account");
            // It asks services and ports that there are.
            foreach (var argument in container["args"].Items.Select(argument => argument.Text).Where(argument => argument.StartsWith("--submission=", StringComparison.Ordinal) || argument.StartsWith("--imap=", StringComparison.Ordinal) || argument.StartsWith("--pop3=", StringComparison.Ordinal)))
            {
                var (name, port) = argument[(argument.IndexOf('=', StringComparison.Ordinal) + 1)..].Split(':') is [var host, var number] ? (host, number) : ("", "");
                chart.Find("Service", name)!["spec"]["ports"].Items.Select(open => open["port"].Text).Should().Contain(port);
            }
        }
        var policy = chart.OfKind("NetworkPolicy").Single(policy => policy["spec"]["podSelector"]["matchLabels"].Selects(LabelsOf(deployment)));
        policy["spec"]["egress"].Items.SelectMany(rule => rule["to"].Items).Select(peer => ComponentOf(peer["podSelector"]["matchLabels"])).Where(component => component.Length > 0).Should().BeEquivalentTo("smtp-ingress", "imap-gateway", "pop3-gateway");
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task The_migration_runs_before_the_pods_and_needs_nothing_that_is_not_there_yet(string values)
    {
        var chart = await OfAsync(values);
        var job = chart.OfKind("Job").Single(job => ComponentOf(job["metadata"]["labels"]) == "migrate");
        IsRestricted(PodOf(job));
        (job["spec"]["backoffLimit"].IsThere && job["spec"]["activeDeadlineSeconds"].IsThere).Should().BeTrue();
        ContainerOf(job)["args"].Items.First().Text.Should().Be("migrate");
        var hooks = chart.Objects.Where(node => node["metadata"]["annotations"]["helm.sh/hook"].Text == "pre-install,pre-upgrade").ToList();
        hooks.Select(hook => hook["kind"].Text).Should().BeEquivalentTo(chart.OfKind("NetworkPolicy").Any() ? ["Job", "ServiceAccount", "NetworkPolicy"] : new[] { "Job", "ServiceAccount" });
        hooks.Should().OnlyContain(hook => hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"].Text == "before-hook-creation,hook-succeeded");
        hooks.Where(hook => hook["kind"].Text != "Job").Should().OnlyContain(hook => hook["metadata"]["annotations"]["helm.sh/hook-weight"].Number < job["metadata"]["annotations"]["helm.sh/hook-weight"].Number && NameOf(hook) == PodOf(job)["serviceAccountName"].Text);
        // What the chart makes itself is made after the hook.
        foreach (var volume in PodOf(job)["volumes"].Items.Where(volume => volume["secret"].IsThere)) chart.Find("Secret", volume["secret"]["secretName"].Text).Should().BeNull();
        OnlyReachesTheDatabase(chart, job);
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task The_check_only_reads_unless_it_is_told_to_repair(string values)
    {
        var chart = await OfAsync(values);
        var wanted = Node.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, values)))["fsck"];
        chart.OfKind("CronJob").Any().Should().Be(wanted["enabled"].IsTrue);
        foreach (var job in chart.OfKind("CronJob"))
        {
            var once = job["spec"]["jobTemplate"];
            IsRestricted(PodOf(once));
            ContainerOf(once)["args"].Items.First().Text.Should().Be("fsck");
            ContainerOf(once)["args"].Items.Any(argument => argument.Text == "--repair").Should().Be(wanted["repair"].IsTrue);
            job["spec"]["concurrencyPolicy"].Text.Should().Be("Forbid");
            once["spec"]["backoffLimit"].Text.Should().Be("0", "what was found would be found again");
            once["spec"]["activeDeadlineSeconds"].IsThere.Should().BeTrue();
            chart.Find("ServiceAccount", PodOf(once)["serviceAccountName"].Text).Should().NotBeNull();
            OnlyReachesTheDatabase(chart, once);
        }
    }

    [Fact]
    public async Task Without_a_secret_the_migration_is_told_the_connection_string_itself()
    {
        var result = await Helm.TemplateAsync("helm4", "ci/minimal-values.yaml", "mongodb.existingSecret=", "mongodb.connectionString=mongodb://mongo/?replicaSet=rs0");
        var job = result.Output.Split("\n---\n").Select(Node.Parse).Single(node => node["kind"].Text == "Job");
        ContainerOf(job)["args"].Items.Select(argument => argument.Text).Should().Contain("--mongo=mongodb://mongo/?replicaSet=rs0");
        PodOf(job)["volumes"].Items.Should().NotContain(volume => volume["secret"].IsThere);
    }

    private static void IsRestricted(Node pod)
    {
        pod["securityContext"]["runAsNonRoot"].IsTrue.Should().BeTrue();
        pod["automountServiceAccountToken"].Text.Should().Be("false");
        pod["serviceAccountName"].Text.Should().NotBeEmpty();
        pod["restartPolicy"].Text.Should().Be("Never");
        var container = pod["containers"].Items.Single();
        container["securityContext"]["allowPrivilegeEscalation"].Text.Should().Be("false");
        container["securityContext"]["readOnlyRootFilesystem"].IsTrue.Should().BeTrue();
        container["securityContext"]["capabilities"]["drop"].Items.Select(capability => capability.Text).Should().Equal("ALL");
        container["resources"]["limits"]["memory"].IsThere.Should().BeTrue();
        container["image"].Text.Should().Contain("/cli:").And.NotEndWith(":latest");
    }

    private static void OnlyReachesTheDatabase(RenderedChart chart, Node job)
    {
        if (!chart.OfKind("NetworkPolicy").Any()) return;
        var policy = chart.OfKind("NetworkPolicy").Single(policy => policy["spec"]["podSelector"]["matchLabels"].Selects(LabelsOf(job)));
        policy["spec"]["ingress"].Items.Should().BeEmpty();
        policy["spec"]["egress"].Items.SelectMany(rule => rule["ports"].Items).Select(port => port["port"].Text).Distinct().Should().BeEquivalentTo("53", "27017");
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Clients_keep_their_addresses(string values)
    {
        var chart = await OfAsync(values);
        foreach (var service in chart.OfKind("Service").Where(service => service["spec"]["type"].Text is "LoadBalancer" or "NodePort"))
        {
            var proxied = Node.Parse(chart.Find("ConfigMap", NameOf(service))!["data"]["service.yaml"].Text)["connections"]["proxyProtocol"]["networks"].Items.Any();
            (service["spec"]["externalTrafficPolicy"].Text == "Local" || proxied).Should().BeTrue(NameOf(service));
        }
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task No_password_is_outside_of_secrets(string values)
    {
        var chart = await OfAsync(values);
        foreach (var node in chart.OfKind("ConfigMap").Where(node => node["data"]["service.yaml"].IsThere))
            node["data"]["service.yaml"].Text.Should().NotMatchRegex("(?i)password: |://[^/@\\s]*:[^/@\\s]*@|token: ");
        foreach (var variable in chart.Deployments.SelectMany(deployment => ContainerOf(deployment)["env"].Items).Where(variable => variable["value"].IsThere))
            variable["name"].Text.Should().NotMatchRegex("(?i)password|token|secret");
    }

    private static IEnumerable<string> Leaves(Node node)
        => node.Fields.SelectMany(field => Leaves(field.Value)).Concat(node.Items.SelectMany(Leaves)).Concat(node.Fields.Any() || node.Items.Any() ? [] : [node.Text]);
}
