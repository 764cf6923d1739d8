using System.Text.Json;
using Merpati.Administration;
using Merpati.Local.Cluster;
using Merpati.Local.ForTests;

namespace Merpati.TestKit.Cluster;

/// <summary>A cluster of a test's own: the real service processes, a database and a prefix on the broker that nobody else uses.</summary>
public sealed class ClusterServer : IMailServer
{
    public const string Domain = "merpati.test";

    // Taken before the test says what it wants, so that it knows where its services will be.
    private const int MostPorts = 60;

    private readonly ClusterAdministration _admin;

    private ClusterServer(LocalCluster cluster)
    {
        Cluster = cluster;
        _admin = new ClusterAdministration(cluster);
    }

    public LocalCluster Cluster { get; }

    public ClusterAdministration Administration => _admin;

    public int SmtpPort => MailPort(ServiceKind.SmtpIngress, "smtp");

    public int SubmissionPort => MailPort(ServiceKind.SmtpIngress, "submission");

    public int SubmissionsPort => MailPort(ServiceKind.SmtpIngress, "submissions");

    public int ImapPort => MailPort(ServiceKind.ImapGateway, "imap");

    public int ImapsPort => MailPort(ServiceKind.ImapGateway, "imaps");

    public int Pop3Port => MailPort(ServiceKind.Pop3Gateway, "pop3");

    public int Pop3sPort => MailPort(ServiceKind.Pop3Gateway, "pop3s");

    public string Certificate => Cluster.Certificate;

    public IReadOnlyList<(string Address, string Password)> Accounts { get; private set; } = [];

    /// <summary>On the servers that all tests share.</summary>
    public static async Task<ClusterServer> StartAsync(Func<ClusterSettings, ClusterSettings>? adjust = null)
    {
        return await StartAsync(await TestMongo.ConnectionStringAsync(), (await TestBroker.UriAsync()).ToString(), adjust);
    }

    /// <param name="mongoDb">A replica set.</param>
    /// <param name="rabbitMq">amqp://…</param>
    /// <param name="adjust">What this test wants otherwise.</param>
    public static async Task<ClusterServer> StartAsync(string mongoDb, string rabbitMq, Func<ClusterSettings, ClusterSettings>? adjust = null)
    {
        var name = Guid.NewGuid().ToString("N")[..16];
        var settings = new ClusterSettings
        {
            Folder = Directory.CreateTempSubdirectory("merpati-cluster-").FullName,
            MongoDb = mongoDb,
            Database = "test-" + name,
            RabbitMq = rabbitMq,
            BusPrefix = "test-" + name,
            FirstPort = FreePorts.Take(MostPorts),
            AllowPlaintextAuth = true,
        };
        settings = adjust?.Invoke(settings) ?? settings;
        if (settings.Ports > MostPorts) throw new InvalidOperationException($"A cluster of {settings.Ports} ports is larger than those of the tests.");
        var server = new ClusterServer(await LocalCluster.StartAsync(settings, TimeProvider.System, CancellationToken.None));
        try
        {
            await server._admin.AddDomainAsync(Domain);
            server.Accounts = await server.AddAccountsAsync("ann", "bob");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Accounts in <see cref="Domain"/>, over the admin API.</summary>
    public async Task<IReadOnlyList<(string Address, string Password)>> AddAccountsAsync(params IEnumerable<string> names)
    {
        var accounts = names.Select(name => ($"{name}@{Domain}", "correct horse " + name)).ToList();
        foreach (var (address, password) in accounts) await _admin.AddAccountAsync(address, password);
        return accounts;
    }

    /// <summary>Waits until all that was accepted has reached its end.</summary>
    public async Task<QueueStatus> WaitForEmptyQueueAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            try
            {
                var status = await _admin.QueueStatusAsync();
                if (status.Ledger.Open == 0) return status;
            }
            catch (HttpRequestException) when (!limit.IsCancellationRequested)
            {
                // Being started again.
            }
            if (limit.IsCancellationRequested) throw new TimeoutException($"The queue is not empty: {JsonSerializer.Serialize(await _admin.QueueStatusAsync(), AdministrationJson.Default.QueueStatus)}");
            await Task.Delay(200, CancellationToken.None);
        }
    }

    public Task<CommandResult> MerpatiAsync(string? standardInput, params string[] arguments)
        => Command.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "merpati.dll"), "--data", Cluster.Folder, .. arguments], standardInput);

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await Cluster.DisposeAsync();
        // To be read after a test that failed.
        if (Environment.GetEnvironmentVariable("MERPATI_TEST_KEEP") is null) Directory.Delete(Cluster.Folder, recursive: true);
    }

    private int MailPort(ServiceKind kind, string name) => Cluster.First(kind).Ports.Mail[name];
}
