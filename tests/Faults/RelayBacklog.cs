using System.Text.Json;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>A data folder whose queue holds mail for other servers, and a Standalone on it that finds them in a zone of the test.</summary>
/// <param name="folder">Where it is to be; else anywhere, and removed in the end.</param>
internal sealed class RelayBacklog(string? folder = null) : IDisposable
{
    public string Folder { get; } = folder ?? Directory.CreateTempSubdirectory("merpati-relay-").FullName;

    private readonly string _configuration = Path.Combine(Path.GetTempPath(), $"merpati-relay-{Guid.NewGuid():N}.json");

    /// <inheritdoc cref="RelayLoad.EnqueueAsync"/>
    public async Task EnqueueAsync(IEnumerable<string> recipients)
    {
        await using var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = Folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance);
        await RelayLoad.EnqueueAsync(stores.Content, stores.Queue, recipients);
    }

    /// <summary>Who has what in the queue when nobody has the folder open.</summary>
    public async Task<Ledger> LedgerAsync()
    {
        await using var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = Folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance);
        return await stores.Queue.LedgerAsync(default);
    }

    /// <param name="port">Where mail hosts are.</param>
    /// <param name="dns">Address of the resolver.</param>
    /// <param name="relay">Further keys of the section outboundRelay.</param>
    public async Task<StandaloneProcess> StartAsync(int port, string dns, Dictionary<string, object>? relay = null)
    {
        var keys = new Dictionary<string, object>(relay ?? []) { ["port"] = port };
        var configuration = new Dictionary<string, object>
        {
            ["outboundRelay"] = keys,
            ["dns"] = new { servers = new[] { dns } },
            ["destinations"] = new { allowPrivateAddresses = true },
        };
        await File.WriteAllTextAsync(_configuration, JsonSerializer.Serialize(configuration));
        return await StandaloneProcess.StartInAsync(Folder, "--config", _configuration, "--hostname", "relay.example.test");
    }

    public void Dispose()
    {
        if (folder is null) Directory.Delete(Folder, recursive: true);
        File.Delete(_configuration);
    }
}
