using Merpati.Local.Processes;

namespace Merpati.Local.DocumentDb;

/// <summary>
/// A file tree in the cache with PostgreSQL and the DocumentDB extension from Debian's next release, entered by chroot because its libc is newer than
/// the machine's. The packages are unpacked and not installed: no script of theirs runs. A template database in it saves every instance initdb.
/// </summary>
internal sealed class EngineTree
{
    /// <summary>Counts up when the recipe below changes: the tree is made anew then.</summary>
    private const int Recipe = 1;

    public const int UserId = 5433;

    private static readonly string[] Packages = ["postgresql-18-documentdb", "base-files", "dash", "coreutils", "util-linux", "libc-bin", "tzdata"];

    /// <summary>What the packages' own scripts would use, and what only the parts of PostGIS need that nobody loads.</summary>
    private static readonly string[] Unneeded =
        ["perl", "postgresql-common", "postgresql-client", "ssl-cert", "ucf", "systemd", "adduser", "libgdal", "libsfcgal", "locales", "debconf", "sensible-utils", "libllvm", "proj-data", "postgresql-18-jit"];

    private EngineTree(string root) => Root = root;

    public string Root { get; }

    /// <summary>Where the instances' data lie, as seen from outside.</summary>
    public string DataRoot => Path.Combine(Root, "srv");

    public static string Location => Path.Combine(LocalFolders.Cache, $"engine-{Recipe}");

    public static bool IsThere => File.Exists(Path.Combine(Location, "complete"));

    /// <summary>Makes the tree if it is not there; a second process that asks meanwhile waits.</summary>
    public static async ValueTask<EngineTree> ProvisionAsync(Action<string> report, CancellationToken cancellationToken)
    {
        var tree = new EngineTree(Location);
        if (!Environment.IsPrivilegedProcess) throw new MissingPartException("The DocumentDB engine runs in a chroot, which needs root. As another user give MERPATI_TEST_MONGODB a connection string, of the container in deploy/compose for example.");
        if (IsThere) return tree;
        using var turn = await FileLock.WaitAsync(Path.Combine(LocalFolders.Cache, "engine.lock"), cancellationToken);
        if (IsThere) return tree;
        report("Looking up PostgreSQL with DocumentDB in Debian's packages");
        if (Directory.Exists(tree.Root)) Directory.Delete(tree.Root, recursive: true);
        var mirror = new DebianMirror();
        var index = await mirror.UpdateAsync(cancellationToken);
        var needed = index.Closure(Packages, Unneeded);
        report($"Fetching {needed.Count} packages");
        await mirror.DownloadAsync(needed, cancellationToken);
        string[] debs = [.. needed.Select(package => Path.Combine(LocalFolders.Debs, index.FileOf(package)))];
        report("Unpacking");
        await tree.UnpackAsync(debs, cancellationToken);
        report("Making the template database");
        await EngineTemplate.CreateAsync(tree, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(tree.Root, "complete"), string.Join('\n', debs.Select(Path.GetFileName)), cancellationToken);
        return tree;
    }

    /// <summary>The words that run a program of the tree, as its unprivileged user, so that it ends with us.</summary>
    public string[] Enter(string program, params string[] arguments)
        => ["chroot", $"--userspec={UserId}:{UserId}", Root, "/usr/bin/env", "-i", "LC_ALL=C.UTF-8", "PATH=/usr/bin", .. ChildProcess.DieWithParent, program, .. arguments];

    public static async ValueTask OwnAsync(string folder, CancellationToken cancellationToken) => await Tool.RunAsync("chown", ["-R", $"{UserId}:{UserId}", folder], cancellationToken);

    private async ValueTask UnpackAsync(IReadOnlyList<string> debs, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Root);
        // base-files first: it brings the links from /bin and /lib to /usr.
        foreach (var deb in debs.OrderByDescending(deb => Path.GetFileName(deb).StartsWith("base-files", StringComparison.Ordinal)))
            await Tool.RunAsync("dpkg-deb", ["--extract", deb, Root], cancellationToken);
        Link("usr/bin/sh", "dash");
        Link("usr/share/postgresql/18/extension/postgis.control", "postgis-3.control");
        await File.WriteAllTextAsync(Path.Combine(Root, "etc/passwd"), $"root:x:0:0:root:/:/bin/sh\npostgres:x:{UserId}:{UserId}:PostgreSQL:/srv:/bin/sh\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Root, "etc/group"), $"root:x:0:\npostgres:x:{UserId}:\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Root, "etc/hosts"), "127.0.0.1 localhost\n", cancellationToken);
        foreach (var folder in (string[])["dev/shm", "tmp", "srv", "var/run", "run"])
        {
            if (!Directory.Exists(Path.Combine(Root, folder))) Directory.CreateDirectory(Path.Combine(Root, folder));
        }
        await Tool.RunAsync("chmod", ["1777", Path.Combine(Root, "dev/shm"), Path.Combine(Root, "tmp")], cancellationToken);
        foreach (var (name, minor) in ((string, string)[])[("null", "3"), ("zero", "5"), ("urandom", "9")])
            await Tool.RunAsync("mknod", ["-m", "666", Path.Combine(Root, "dev", name), "c", "1", minor], cancellationToken);
    }

    /// <summary>Links that a package's script or Debian's alternatives would make.</summary>
    private void Link(string path, string target)
    {
        var link = Path.Combine(Root, path);
        if (!File.Exists(link)) File.CreateSymbolicLink(link, target);
    }
}
