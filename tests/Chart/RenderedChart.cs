using System.Globalization;

namespace Merpati.Tests.Chart;

/// <summary>The objects that the chart becomes with a file of values.</summary>
internal sealed class RenderedChart
{
    private RenderedChart(string values, string text)
    {
        Values = values;
        Text = text;
        Objects = [.. text.Split("\n---\n").Select(Node.Parse).Where(node => node.IsThere)];
    }

    public string Values { get; }

    public string Text { get; }

    public IReadOnlyList<Node> Objects { get; }

    /// <summary>Those of the services; the probe is none.</summary>
    public IEnumerable<Node> Deployments => OfKind("Deployment").Where(deployment => ComponentOf(LabelsOf(deployment)) != "probe");

    /// <param name="chart">The folder of another version's chart.</param>
    public static async Task<RenderedChart> OfAsync(string values, string? chart = null) => new(values, await Helm.RenderAsync(values, chart: chart));

    public IEnumerable<Node> OfKind(string kind) => Objects.Where(node => node["kind"].Text == kind);

    public Node? Find(string kind, string name) => OfKind(kind).FirstOrDefault(node => NameOf(node) == name);

    public static string NameOf(Node node) => node["metadata"]["name"].Text;

    public static Node PodOf(Node deployment) => TemplateOf(deployment)["spec"];

    public static Node LabelsOf(Node deployment) => TemplateOf(deployment)["metadata"]["labels"];

    public static Node ContainerOf(Node deployment) => PodOf(deployment)["containers"].Items.Single();

    /// <summary>The number of a port of the container, by its name or as it is.</summary>
    public static int PortOf(Node deployment, string port)
        => int.TryParse(port, CultureInfo.InvariantCulture, out var number) ? number : ContainerOf(deployment)["ports"].Items.Single(known => known["name"].Text == port)["containerPort"].Number;

    public static IEnumerable<string> PortsOf(Node deployment) => ContainerOf(deployment)["ports"].Items.Select(port => port["name"].Text);

    public static string ComponentOf(Node labels) => labels["app.kubernetes.io/component"].Text;

    // A pod on its own is what the others have as their template.
    private static Node TemplateOf(Node deployment) => deployment["kind"].Text == "Pod" ? deployment : deployment["spec"]["template"];
}
