namespace Merpati.Local.DocumentDb;

/// <summary>Debian's index of packages, as far as it takes to know what a program needs to run.</summary>
internal sealed class PackageIndex
{
    private readonly Dictionary<string, List<string[]>> _needs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Version, string Architecture)> _editions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _providers = new(StringComparer.Ordinal);

    public static PackageIndex Read(TextReader packages)
    {
        var index = new PackageIndex();
        var needs = new List<string[]>();
        var name = "";
        while (packages.ReadLine() is { } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line[0] == ' ') continue;
            var value = line[(colon + 1)..];
            switch (line[..colon])
            {
                case "Package":
                    name = value.Trim();
                    index._needs[name] = needs = [];
                    break;
                case "Architecture":
                    index._editions[name] = (index._editions.GetValueOrDefault(name).Version, value.Trim());
                    break;
                case "Version":
                    index._editions[name] = (value.Trim(), index._editions.GetValueOrDefault(name).Architecture);
                    break;
                case "Depends" or "Pre-Depends":
                    needs.AddRange(value.Split(',').Select(alternatives => alternatives.Split('|').Select(NameOf).ToArray()));
                    break;
                case "Provides":
                    foreach (var provided in value.Split(',').Select(NameOf)) index._providers.TryAdd(provided, name);
                    break;
            }
        }
        return index;
    }

    /// <summary>The packages and, over and over, the first alternative of each of their dependencies; nothing whose name starts as one of <paramref name="without"/>.</summary>
    public IReadOnlyCollection<string> Closure(IEnumerable<string> packages, IReadOnlyCollection<string> without)
    {
        var taken = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(packages);
        while (open.TryPop(out var name))
        {
            if (!_needs.ContainsKey(name)) name = _providers.GetValueOrDefault(name) ?? throw new MissingPartException($"Debian has no package {name} any more: the list in deploy/local/DocumentDb wants mending.");
            if (without.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) || !taken.Add(name)) continue;
            foreach (var alternatives in _needs[name])
            {
                if (without.Any(prefix => alternatives[0].StartsWith(prefix, StringComparison.Ordinal))) continue;
                open.Push(alternatives.FirstOrDefault(_needs.ContainsKey) ?? alternatives[0]);
            }
        }
        return taken;
    }

    /// <summary>The name that <c>apt-get download</c> gives the file.</summary>
    public string FileOf(string package) => $"{package}_{_editions[package].Version.Replace(":", "%3a", StringComparison.Ordinal)}_{_editions[package].Architecture}.deb";

    /// <summary><c>libc6:any (>= 2.38)</c> is libc6.</summary>
    private static string NameOf(string dependency) => dependency.Trim().Split(' ', '(', ':', '[')[0];
}
