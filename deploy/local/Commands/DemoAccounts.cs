using System.Text.Json;
using Merpati.Administration;
using Merpati.Local.Cluster;

namespace Merpati.Local.Commands;

/// <summary>A domain with two accounts to try the cluster with; their passwords are kept beside the state for the next start.</summary>
internal static class DemoAccounts
{
    private const string Domain = "merpati.test";

    public static async Task<IReadOnlyDictionary<string, string>> EnsureAsync(LocalCluster cluster)
    {
        using var administration = new ClusterAdministration(cluster);
        await administration.AddDomainAsync(Domain);
        var path = Path.Combine(LocalFolders.Up, "accounts.json");
        var known = File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(path))! : [];
        foreach (var address in new[] { "ann@" + Domain, "bob@" + Domain })
        {
            var password = PasswordGenerator.Generate();
            if (await administration.AddAccountAsync(address, password)) known[address] = password;
        }
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(known));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return known;
    }
}
