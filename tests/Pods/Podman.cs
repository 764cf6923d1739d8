using System.Collections.Concurrent;
using Merpati.TestKit;
using Merpati.Tests.Chart;

namespace Merpati.Tests.Pods;

/// <summary>Debian's podman, with settings and a store of our own.</summary>
internal static class Podman
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly ConcurrentDictionary<string, Task<IReadOnlyDictionary<string, string>>> Loaded = new(StringComparer.Ordinal);

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["CONTAINERS_CONF"] = Path.Combine(Repository.Root, "tests/Pods/containers.conf"),
        ["CONTAINERS_STORAGE_CONF"] = Path.Combine(Repository.Root, "tests/Pods/storage.conf"),
    };

    /// <summary>What it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static Task<string> RunAsync(params IEnumerable<string> arguments) => RunAsync(null, arguments);

    /// <inheritdoc cref="RunAsync(IEnumerable{string})"/>
    public static async Task<string> RunAsync(string? standardInput, IEnumerable<string> arguments)
    {
        var result = await Command.RunAsync("podman", arguments, standardInput, Settings, Patience);
        return result.ExitCode == 0 ? result.Output.Trim() : throw new InvalidOperationException($"podman {string.Join(' ', arguments)}: {result}");
    }

    public static Task<CommandResult> TryAsync(params IEnumerable<string> arguments) => Command.RunAsync("podman", arguments, environment: Settings, patience: Patience);

    /// <summary>The images that a build left in a folder, by default that of <c>dotnet cake --target=Images</c>, by the name of the program. Loaded once.</summary>
    public static Task<IReadOnlyDictionary<string, string>> LoadImagesAsync(string folder = "artifacts/images") => Loaded.GetOrAdd(folder, LoadAsync);

    private static async Task<IReadOnlyDictionary<string, string>> LoadAsync(string folder)
    {
        var images = new Dictionary<string, string>();
        folder = Path.Combine(Repository.Root, folder);
        var archives = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.tar.gz") : [];
        if (archives.Length == 0) throw new InvalidOperationException($"There are no images in {folder}: dotnet cake --target=Pods");
        foreach (var archive in archives)
        {
            var loaded = await RunAsync("load", "--quiet", "--input", archive);
            images[Path.GetFileName(archive)[..^".tar.gz".Length]] = loaded[(loaded.IndexOf(": ", StringComparison.Ordinal) + 2)..];
        }
        return images;
    }
}
