using System.Runtime.InteropServices;
using Merpati.Local.Broker;
using Merpati.Local.Cluster;
using Microsoft.Extensions.Logging;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Local.Commands;

/// <summary><c>serve</c>: runs everything in the foreground until SIGTERM or Ctrl-C. <c>up</c> starts it in the background.</summary>
internal sealed class Serve(IAnsiConsole console) : AsyncCommand
{
    private const int MongoPort = 27017;
    private const int RabbitPort = 5672;
    private const int FirstServicePort = 18_000;

    public override async Task<int> ExecuteAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (LocalState.Read() is { } running) throw new MissingPartException($"It runs already, as process {running.ProcessId}.");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => End(signal, ended));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => End(signal, ended));
        var logs = Path.Combine(LocalFolders.Up, "logs");
        Directory.CreateDirectory(logs);
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(line => { line.SingleLine = true; line.TimestampFormat = "o "; }));
        try
        {
            await using var mongo = await LocalMongo.StartNewAsync(ended.Token, "development", Path.Combine(logs, "documentdb.log"), options => options with { Port = MongoPort }, loggers.CreateLogger("Merpati.Local.MongoGateway"), console.WriteLine);
            await using var broker = await RabbitBroker.StartNewAsync(ended.Token, Path.Combine(LocalFolders.Up, "rabbitmq"), Path.Combine(logs, "rabbitmq.log"), RabbitPort, console.WriteLine);
            await using var cluster = await LocalCluster.StartAsync(new ClusterSettings { Folder = logs, MongoDb = mongo.ConnectionString, RabbitMq = broker.Uri.ToString(), FirstPort = FirstServicePort }, TimeProvider.System, ended.Token);
            var state = new LocalState(Environment.ProcessId, mongo.ConnectionString, broker.Uri.ToString(), logs)
            {
                Admin = cluster.Admin.ToString(),
                TokenFile = cluster.AdminTokenFile,
                Certificate = cluster.Certificate,
                MailPorts = cluster.Services.SelectMany(service => service.Ports.Mail).ToDictionary(StringComparer.Ordinal),
                Accounts = await DemoAccounts.EnsureAsync(cluster),
            };
            state.Write();
            StatusTable.Print(console, state);
            try { await Task.Delay(Timeout.Infinite, ended.Token); }
            finally { await cluster.StopAsync(); }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Asked to end, while running or while still starting.
        }
        finally
        {
            LocalState.Remove();
        }
        return 0;
    }

    private static void End(PosixSignalContext signal, CancellationTokenSource ended)
    {
        signal.Cancel = true;
        ended.Cancel();
    }
}
