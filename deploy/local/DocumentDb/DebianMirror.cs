using Merpati.Local.Processes;

namespace Merpati.Local.DocumentDb;

/// <summary>Debian's next release, from the mirror that this machine's own sources name, through apt with folders of its own: signatures and checksums are apt's business.</summary>
internal sealed class DebianMirror
{
    private const string Release = "forky";
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    private readonly string _folder = Path.Combine(LocalFolders.Cache, "apt");

    /// <summary>Fetches the index.</summary>
    public async ValueTask<PackageIndex> UpdateAsync(CancellationToken cancellationToken)
    {
        foreach (var part in (string[])["state/lists/partial", "cache/archives/partial"]) Directory.CreateDirectory(Path.Combine(_folder, part));
        await File.WriteAllTextAsync(Path.Combine(_folder, "status"), "", cancellationToken);
        var signedBy = File.Exists(Keyring) ? $"[signed-by={Keyring}] " : "";
        await File.WriteAllTextAsync(Path.Combine(_folder, "sources.list"), $"deb {signedBy}{MirrorOf(await ReadSourcesAsync(cancellationToken))} {Release} main\n", cancellationToken);
        await Tool.RunAsync("apt-get", [.. Options, "update"], cancellationToken);
        using var packages = new StreamReader(Directory.EnumerateFiles(Path.Combine(_folder, "state/lists"), "*_Packages").Single());
        return PackageIndex.Read(packages);
    }

    /// <summary>Downloads packages into the folder of .debs, unless they are there and right.</summary>
    public async ValueTask DownloadAsync(IReadOnlyCollection<string> packages, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(LocalFolders.Debs);
        await Tool.RunAsync("apt-get", [.. Options, "download", .. packages], cancellationToken, LocalFolders.Debs);
    }

    /// <summary>The mirror of this machine's own release in lists of either form; security and other archives are of no use here.</summary>
    internal static string MirrorOf(IEnumerable<string> sources)
    {
        var lines = sources.Select(line => line.Trim());
        foreach (var line in lines)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var uri = words.Length < 2 ? null : words[0] is "URIs:" ? words[1] : words[0] is "deb" ? words.Skip(1).FirstOrDefault(word => word.Contains("://", StringComparison.Ordinal)) : null;
            if (uri is not null && uri.TrimEnd('/').EndsWith("/debian", StringComparison.Ordinal)) return uri.TrimEnd('/');
        }
        return "http://deb.debian.org/debian";
    }

    private string[] Options =>
    [
        "-q",
        "-o", $"Dir::Etc::SourceList={_folder}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null",
        "-o", $"Dir::State={_folder}/state", "-o", $"Dir::State::status={_folder}/status", "-o", $"Dir::Cache={_folder}/cache",
        "-o", "Acquire::Check-Valid-Until=false", // the index of a release to come counts as expired soon; its signature is checked all the same
        "-o", "Acquire::Languages=none", "-o", "Acquire::GzipIndexes=false", "-o", "APT::Sandbox::User=root",
    ];

    private static async ValueTask<IReadOnlyList<string>> ReadSourcesAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        string[] files = Directory.Exists("/etc/apt/sources.list.d") ? ["/etc/apt/sources.list", .. Directory.GetFiles("/etc/apt/sources.list.d").Order()] : ["/etc/apt/sources.list"];
        foreach (var file in files.Where(File.Exists)) lines.AddRange(await File.ReadAllLinesAsync(file, cancellationToken));
        return lines;
    }
}
