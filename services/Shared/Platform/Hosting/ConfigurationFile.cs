using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Merpati.Platform.Hosting;

/// <summary>Reads a JSON or YAML file into the keys of Microsoft.Extensions.Configuration: <c>tls:certificates:0:key</c>.</summary>
internal static class ConfigurationFile
{
    /// <exception cref="ConfigurationException">The file cannot be read or parsed; the message says where.</exception>
    public static Dictionary<string, string?> Read(string path)
    {
        string text;
        try { text = File.ReadAllText(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new ConfigurationException($"The configuration file {path} cannot be read: {e.Message}"); }
        var keys = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        try
        {
            if (Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase))
            {
                using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
                Flatten(document.RootElement, "", keys);
            }
            else
            {
                var stream = new YamlStream();
                stream.Load(new StringReader(text));
                if (stream.Documents.Count > 0) Flatten(stream.Documents[0].RootNode, "", keys);
            }
        }
        catch (JsonException e) { throw new ConfigurationException($"The configuration file {path} is no JSON: {e.Message}"); }
        catch (YamlException e) { throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture, $"The configuration file {path} is no YAML: line {e.Start.Line}: {e.Message}")); }
        return keys;
    }

    private static void Flatten(JsonElement element, string key, Dictionary<string, string?> keys)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) Flatten(property.Value, Join(key, property.Name), keys);
                break;
            case JsonValueKind.Array:
                var i = 0;
                foreach (var item in element.EnumerateArray()) Flatten(item, Join(key, i++.ToString(CultureInfo.InvariantCulture)), keys);
                break;
            case JsonValueKind.Null:
                break;
            default:
                keys[key] = element.ToString();
                break;
        }
    }

    private static void Flatten(YamlNode node, string key, Dictionary<string, string?> keys)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (name, value) in mapping.Children)
                {
                    if (name is not YamlScalarNode { Value: { } text }) throw new YamlException(name.Start, name.End, "A key must be a word.");
                    Flatten(value, Join(key, text), keys);
                }
                break;
            case YamlSequenceNode sequence:
                for (var i = 0; i < sequence.Children.Count; i++) Flatten(sequence.Children[i], Join(key, i.ToString(CultureInfo.InvariantCulture)), keys);
                break;
            case YamlScalarNode { Value: { } given } scalar when scalar.Style != ScalarStyle.Plain || given is not ("" or "~" or "null"):
                keys[key] = given;
                break;
        }
    }

    private static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}:{name}";
}
