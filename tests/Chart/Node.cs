using System.Collections;
using System.Globalization;
using YamlDotNet.Serialization;

namespace Merpati.Tests.Chart;

/// <summary>A place in a YAML document; what is not there is an empty node.</summary>
internal sealed class Node(object? value)
{
    private static readonly IDeserializer Deserializer = new DeserializerBuilder().Build();

    public static Node Parse(string yaml) => new(Deserializer.Deserialize<object?>(yaml));

    public Node this[string key] => new(value is IDictionary<object, object?> map && map.TryGetValue(key, out var found) ? found : null);

    public bool IsThere => value is not null;

    public string Text => value switch
    {
        null => "",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    public bool IsTrue => Text is "true";

    public int Number => int.Parse(Text, CultureInfo.InvariantCulture);

    public IEnumerable<Node> Items => value is IList list && value is not string ? list.Cast<object?>().Select(item => new Node(item)) : [];

    public IEnumerable<(string Key, Node Value)> Fields => value is IDictionary<object, object?> map ? map.Select(entry => ((string)entry.Key, new Node(entry.Value))) : [];

    /// <summary>Whether these labels are among those.</summary>
    public bool Selects(Node labels) => Fields.Any() && Fields.All(field => labels[field.Key].Text == field.Value.Text);
}
