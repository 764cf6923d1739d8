using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Merpati.TestKit;
using Merpati.Tests.Chart;

namespace Merpati.Tests.Pods;

/// <summary>Secrets and ConfigMaps as files, with the modes and the group that the kubelet gives them.</summary>
internal sealed class ObjectFiles(string folder, RenderedChart chart)
{
    private ConcurrentDictionary<string, IReadOnlyDictionary<string, byte[]>> _secrets = [];
    private int _next;

    /// <summary>Those of another version: secrets that are there stay as they are, as helm's <c>lookup</c> has it.</summary>
    public ObjectFiles WithChart(string folder, RenderedChart chart) => new(folder, chart) { _secrets = _secrets };

    /// <summary>A secret that somebody else than the chart makes.</summary>
    public void AddSecret(string name, params (string Key, string Text)[] entries) => _secrets[name] = entries.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetBytes(entry.Text));

    public string SecretText(string name, string key) => Encoding.UTF8.GetString(Secret(name)[key]);

    /// <summary>The folder to mount for a volume.</summary>
    public string FolderOf(Node volume, int group)
    {
        var (source, content) = volume["secret"] is { IsThere: true } secret
            ? (secret, Secret(secret["secretName"].Text))
            : (volume["configMap"], ConfigMap(volume["configMap"]["name"].Text));
        var path = Path.Combine(folder, $"{Interlocked.Increment(ref _next)}-{volume["name"].Text}");
        Directory.CreateDirectory(path);
        var items = source["items"].Items.ToDictionary(item => item["key"].Text, item => item["path"].Text);
        // The kubelet's default is 0644. As YAML has it: octal with a 0 before it, else decimal.
        var mode = source["defaultMode"] is { IsThere: true } given ? Convert.ToInt32(given.Text, given.Text.StartsWith('0') ? 8 : 10) : Convert.ToInt32("644", 8);
        foreach (var (key, value) in content)
        {
            if (items.Count > 0 && !items.ContainsKey(key)) continue;
            var file = Path.Combine(path, items.GetValueOrDefault(key, key));
            File.WriteAllBytes(file, value);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, (UnixFileMode)mode);
        }
        Owner(path, group);
        return path;
    }

    private static void Owner(string path, int group)
    {
        var result = System.Diagnostics.Process.Start("chown", ["-R", string.Create(CultureInfo.InvariantCulture, $"0:{group}"), path]);
        result.WaitForExit();
        if (result.ExitCode != 0) throw new InvalidOperationException($"{path} could not be given to group {group}.");
    }

    private IReadOnlyDictionary<string, byte[]> Secret(string name)
    {
        if (_secrets.TryGetValue(name, out var known)) return known;
        var rendered = chart.Find("Secret", name) ?? throw new InvalidOperationException($"The chart makes no secret {name}, and nobody else does.");
        return _secrets[name] = rendered["data"].Fields.Select(entry => (entry.Key, Convert.FromBase64String(entry.Value.Text)))
            .Concat(rendered["stringData"].Fields.Select(entry => (entry.Key, Encoding.UTF8.GetBytes(entry.Value.Text))))
            .ToDictionary(entry => entry.Item1, entry => entry.Item2);
    }

    private Dictionary<string, byte[]> ConfigMap(string name)
        => (chart.Find("ConfigMap", name) ?? throw new InvalidOperationException($"The chart makes no ConfigMap {name}."))["data"].Fields.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetBytes(entry.Value.Text));
}
