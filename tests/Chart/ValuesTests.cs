using System.Text.Json;
using AwesomeAssertions;

namespace Merpati.Tests.Chart;

/// <summary>Wrong values are refused before anything is installed, and the message says which.</summary>
public sealed class ValuesTests
{
    [Theory]
    [InlineData("hostnam=mx.example.org", "hostnam")]
    [InlineData("hostname=mx example", "hostname")]
    [InlineData("smtpIngress.replica=3", "/smtpIngress", "replica")]
    [InlineData("smtpIngress.replicas=many", "replicas", "integer")]
    [InlineData("smtpIngress.service.externalTraficPolicy=Local", "externalTraficPolicy")]
    [InlineData("smtpIngress.service.type=Loadbalancer", "type")]
    [InlineData("delivery.drainSeconds=30", "/delivery", "drainSeconds")]
    [InlineData("delivery.service.type=ClusterIP", "/delivery", "service")]
    [InlineData("logLevel=Verbose", "logLevel")]
    [InlineData("image.tag=latest", "tag")]
    [InlineData("internalTls.mode=none", "mode")]
    [InlineData("rabbitmq.uri=http://rabbitmq/", "uri")]
    [InlineData("mongodb.connectionString=mysql://db", "connectionString")]
    [InlineData("imapGateway.resources.limit.memory=1Gi", "limit")]
    [InlineData("imapGateway.resources.limits.memory=1 GB", "memory")]
    [InlineData("imapGateway.probes.liveness.period=3", "period")]
    [InlineData("proxyProtocol.networks={everyone}", "networks")]
    [InlineData("networkPolicy.mongodbPorts={0}", "mongodbPorts")]
    [InlineData("podMonitor.interval=30", "interval")]
    [InlineData("fsck.schedule=weekly", "schedule")]
    [InlineData("migration.wait=5m", "wait")]
    public async Task The_schema_refuses(string set, params string[] named)
    {
        foreach (var version in new[] { "helm3", "helm4" })
        {
            var result = await Helm.TemplateAsync(version, "ci/minimal-values.yaml", set);
            result.ExitCode.Should().NotBe(0, "{0} takes {1}", version, set);
            result.Errors.Should().Contain("values don't meet the specifications of the schema");
            // Version 3 writes paths with dots.
            foreach (var word in named) result.Errors.Should().Contain(word.TrimStart('/'));
        }
    }

    [Theory]
    [InlineData("hostname=", "hostname: write the name")]
    [InlineData("mongodb.existingSecret=", "mongodb.existingSecret: name the secret")]
    [InlineData("mongodb.connectionString=mongodb://u:p@h/", "mongodb.connectionString: it holds a password")]
    [InlineData("rabbitmq.uri=", "rabbitmq.uri: write where")]
    [InlineData("rabbitmq.uri=amqp://u:p@h/", "rabbitmq.uri: it holds a password")]
    [InlineData("tls.existingSecret=", "tls: name a secret")]
    [InlineData("tls.certManager.enabled=true", "tls.certManager.issuerRef.name: write")]
    [InlineData("internalTls.mode=existing", "internalTls.existingSecretPrefix: write")]
    [InlineData("smtpIngress.terminationGracePeriodSeconds=30", "smtpIngress.terminationGracePeriodSeconds: 30 seconds cut sessions off; preStop and drain need 60.")]
    [InlineData("imapGateway.service.externalTrafficPolicy=Cluster", "imapGateway.service.externalTrafficPolicy: Cluster hides")]
    [InlineData("smtpIngress.service.nodePorts.imap=30143", "smtpIngress.service.nodePorts.imap: there is no such port")]
    [InlineData("delivery.autoscaling.enabled=true,delivery.autoscaling.minReplicas=20", "delivery.autoscaling: minReplicas is more")]
    public async Task What_cannot_work_is_said_in_a_sentence(string set, string sentence)
    {
        var result = await Helm.TemplateAsync("helm4", "ci/minimal-values.yaml", set);
        result.ExitCode.Should().NotBe(0);
        result.Errors.Should().Contain("These values of merpati cannot work:").And.Contain(" - " + sentence);
    }

    [Fact]
    public async Task A_services_own_value_wins_over_the_default_even_if_it_is_empty()
    {
        var result = await Helm.TemplateAsync("helm4", "ci/minimal-values.yaml", "defaults.replicas=5", "delivery.replicas=0", "defaults.autoscaling.enabled=true", "delivery.autoscaling.enabled=false", "imapGateway.autoscaling.enabled=false");
        result.ExitCode.Should().Be(0, result.ToString());
        var deployments = result.Output.Split("\n---\n").Select(Node.Parse).Where(node => node["kind"].Text == "Deployment").ToDictionary(node => RenderedChart.NameOf(node), node => node["spec"]["replicas"].Text);
        deployments["mail-merpati-delivery"].Should().Be("0");
        deployments["mail-merpati-imap-gateway"].Should().Be("5");
        deployments["mail-merpati-smtp-ingress"].Should().BeEmpty("it is scaled");
    }

    [Fact]
    public async Task A_change_of_the_configuration_restarts_the_pods_that_it_is_for()
    {
        var before = await Checksums();
        var after = await Checksums("imapGateway.config.imapGateway.idlePoll=00:02:00");
        after.Where(pair => before[pair.Key] != pair.Value).Select(pair => pair.Key).Should().Equal("mail-merpati-imap-gateway");
        (await Checksums("hostname=mx2.example.org")).Should().OnlyContain(pair => before[pair.Key] != pair.Value);

        static async Task<Dictionary<string, string>> Checksums(params string[] sets)
        {
            var result = await Helm.TemplateAsync("helm4", "ci/minimal-values.yaml", sets);
            return result.Output.Split("\n---\n").Select(Node.Parse).Where(node => node["kind"].Text == "Deployment").ToDictionary(node => RenderedChart.NameOf(node), node => node["spec"]["template"]["metadata"]["annotations"]["checksum/config"].Text);
        }
    }

    [Fact]
    public void Values_and_schema_have_the_same_keys()
    {
        using var document = JsonDocument.Parse(Repository.Read("charts/merpati/values.schema.json"));
        var schema = document.RootElement;
        var values = Node.Parse(Repository.Read("charts/merpati/values.yaml"));
        Compare(schema.GetProperty("properties"), values, "");

        void Compare(JsonElement properties, Node node, string path)
        {
            var known = properties.EnumerateObject().Select(property => property.Name).Where(name => path.Length > 0 || name != "global");
            // A service's section shows only what differs from the defaults.
            if (path is "smtpIngress." or "outboundRelay." or "delivery." or "imapGateway." or "pop3Gateway." or "userDirectory.") node.Fields.Select(field => field.Key).Should().BeSubsetOf(known);
            else node.Fields.Select(field => field.Key).Should().BeEquivalentTo(known, "values.yaml shows every key at '{0}'", path);
            foreach (var (key, child) in node.Fields)
            {
                if (Resolve(properties.GetProperty(key)) is { ValueKind: JsonValueKind.Object } inner && child.Fields.Any() && key is not ("probes" or "resources")) Compare(inner, child, $"{path}{key}.");
            }
        }

        JsonElement Resolve(JsonElement property)
        {
            if (property.TryGetProperty("$ref", out var reference)) property = schema.GetProperty("definitions").GetProperty(reference.GetString()!["#/definitions/".Length..]);
            return property.TryGetProperty("properties", out var properties) ? properties : default;
        }
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task The_notes_have_the_DNS_records_and_the_settings_of_clients(string values)
    {
        var result = await Helm.RunAsync("helm4", ["install", Helm.Release, Repository.Chart, "--namespace", Helm.Namespace, "--dry-run=client", "--values", Path.Combine(Repository.Chart, values)]);
        result.ExitCode.Should().Be(0, result.ToString());
        var notes = result.Output[result.Output.IndexOf("NOTES:", StringComparison.Ordinal)..];
        var given = Node.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, values)));
        foreach (var domain in given["domains"].Items.Select(domain => domain.Text).DefaultIfEmpty("example.org"))
        {
            foreach (var record in new[] { $"{domain}.  MX  10 {given["hostname"].Text}.", $"{domain}.  TXT  \"v=spf1 mx -all\"", $"_domainkey.{domain}.  TXT", $"_dmarc.{domain}.  TXT  \"v=DMARC1;", $"_smtp._tls.{domain}.  TXT  \"v=TLSRPTv1;", $"_imaps._tcp.{domain}.  SRV  0 1 993", $"_submissions._tcp.{domain}.  SRV  0 1 465" })
                notes.Should().Contain(record);
        }
        notes.Should().Contain("v=STSv1").And.MatchRegex(@"IMAP +\S+ +993").And.MatchRegex(@"SMTP +\S+ +465");
        notes.Contains("POP3", StringComparison.Ordinal).Should().Be(given["pop3Gateway"]["enabled"].Text != "false");
    }
}
