using AwesomeAssertions;
using k8s;

namespace Merpati.Tests.Chart;

/// <summary>Kubernetes takes every object that the chart makes.</summary>
public sealed class ObjectTests
{
    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Helm_finds_nothing_to_complain_about(string values)
    {
        foreach (var version in new[] { "helm3", "helm4" })
        {
            var result = await Helm.RunAsync(version, ["lint", "--strict", Repository.Chart, "--values", Path.Combine(Repository.Chart, values)]);
            result.ExitCode.Should().Be(0, "{0} says {1}", version, result);
        }
    }

    [Fact]
    public async Task Both_versions_of_helm_make_the_same()
    {
        var one = await Helm.RenderAsync("examples/large.yaml", "helm3");
        var other = await Helm.RenderAsync("examples/large.yaml", "helm4");
        one.Split('\n').Should().BeEquivalentTo(other.Split('\n'), "the order of objects is helm's, their text ours");
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task The_objects_have_no_field_that_Kubernetes_does_not_know(string values)
    {
        var chart = await RenderedChart.OfAsync(values);
        var builtIn = chart.Text.Split("\n---\n").Where(text => Node.Parse(text) is { IsThere: true } node && !IsCustom(node)).ToList();
        var objects = KubernetesYaml.LoadAllFromString(string.Join("\n---\n", builtIn), strict: true);
        objects.Should().HaveCount(builtIn.Count);
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task The_objects_fit_the_schemas_of_Kubernetes_cert_manager_and_the_Prometheus_operator(string values)
    {
        var chart = await RenderedChart.OfAsync(values);
        var result = await Tool.RunAsync("node", [Path.Combine(Repository.Root, "tests/Chart/validate.mjs"), Path.Combine(Repository.Fetched, "models")], chart.Text);
        result.ExitCode.Should().Be(0, result.ToString());
    }

    [Fact]
    public async Task The_check_itself_finds_what_is_wrong()
    {
        const string Wrong = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\nspec: { replicas: many }\n---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: { name: y }\nspec: { selektor: {} }\n";
        var result = await Tool.RunAsync("node", [Path.Combine(Repository.Root, "tests/Chart/validate.mjs"), Path.Combine(Repository.Fetched, "models")], Wrong);
        result.ExitCode.Should().Be(1);
        result.Output.Should().Contain("Deployment x: ").And.Contain("PodMonitor y: ");
        FluentActions.Invoking(() => KubernetesYaml.LoadAllFromString("apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { externalTraficPolicy: Local }\n", strict: true)).Should().Throw<Exception>();
    }

    [Theory]
    [ClassData(typeof(ValuesMatrix))]
    public async Task Names_are_unique_and_short_and_every_object_is_in_the_namespace_of_the_release(string values)
    {
        var chart = await RenderedChart.OfAsync(values);
        chart.Objects.Select(node => (node["kind"].Text, RenderedChart.NameOf(node))).Should().OnlyHaveUniqueItems();
        foreach (var node in chart.Objects)
        {
            RenderedChart.NameOf(node).Length.Should().BeInRange(1, 63);
            // What extraObjects brings is the user's own.
            if (node["kind"].Text == "PriorityClass" || RenderedChart.NameOf(node) == "mail-policy") continue;
            node["metadata"]["namespace"].Text.Should().Be(Helm.Namespace, "{0} {1}", node["kind"].Text, RenderedChart.NameOf(node));
            node["metadata"]["labels"]["app.kubernetes.io/instance"].Text.Should().Be(Helm.Release);
        }
    }

    private static bool IsCustom(Node node) => node["apiVersion"].Text is var version && (version.StartsWith("cert-manager.io/", StringComparison.Ordinal) || version.StartsWith("monitoring.coreos.com/", StringComparison.Ordinal));
}
