using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Merpati.Accounts;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Platform.Health;
using Merpati.Platform.Tls;
using Merpati.Rpc;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Benchmarks.Load;

/// <summary>What it costs that the mailboxes are in another process: the same calls of the port directly, over gRPC in clear text, and over mutual TLS. Both ends are in this process.</summary>
internal static class RpcHop
{
    public const string Usage = "[--seconds 3] [--callers 1,8]";

    private const int Messages = 1000;

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var seconds = options.Number("seconds", 3);
        var folder = Directory.CreateTempSubdirectory("merpati-bench-").FullName;
        using (var authority = new DevelopmentAuthority(TimeProvider.System))
        {
            var authorities = authority.WriteAuthority(folder);
            Dictionary<string, string?> Secure(string service)
            {
                var files = authority.Issue(folder, service);
                return new() { ["Rpc:Security"] = "MutualTls", ["Rpc:Certificate"] = files.Certificate, ["Rpc:Key"] = files.Key, ["Rpc:Authorities"] = authorities };
            }
            var clear = new Dictionary<string, string?> { ["Rpc:Security"] = "Development" };
            using var inClear = await ServeAsync(folder, clear, cancellationToken);
            var near = inClear.Services.GetRequiredService<IMailboxes>();
            using var inTls = await ServeAsync(folder, Secure(ServiceNames.Delivery), cancellationToken, near);
            await using var farInClear = Client(inClear, clear);
            await using var farInTls = Client(inTls, Secure(ServiceNames.ImapGateway));
            var work = await Work.PrepareAsync(near, inClear.Services.GetRequiredService<IDirectory>(), cancellationToken);
            foreach (var callers in options.Numbers("callers", 1, 8))
            {
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"µs a call, {callers} at once{new string(' ', 12)}direct      gRPC   gRPC+TLS"));
                foreach (var (name, call) in work.Calls)
                {
                    var direct = await MeasureAsync(near, call, callers, seconds, cancellationToken);
                    var hop = await MeasureAsync(farInClear.GetRequiredService<IMailboxes>(), call, callers, seconds, cancellationToken);
                    var tls = await MeasureAsync(farInTls.GetRequiredService<IMailboxes>(), call, callers, seconds, cancellationToken);
                    await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{name,-30}{direct,12:N0}{hop,10:N0}{tls,11:N0}"));
                }
            }
            await inTls.StopAsync(cancellationToken);
            await inClear.StopAsync(cancellationToken);
        }
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Microseconds of the median call; callers run at once. The median, since other programs on the machine make some calls very slow.</summary>
    private static async Task<double> MeasureAsync(IMailboxes mailboxes, Func<IMailboxes, CancellationToken, Task> call, int callers, int seconds, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 200; i++) await call(mailboxes, cancellationToken);
        var latencies = new Latencies();
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds)
            {
                var startedAt = Stopwatch.GetTimestamp();
                await call(mailboxes, cancellationToken);
                latencies.Add(startedAt);
            }
        }, cancellationToken)));
        return latencies.Milliseconds(50) * 1000;
    }

    private static async Task<IHost> ServeAsync(string folder, Dictionary<string, string?> settings, CancellationToken cancellationToken, IMailboxes? shared = null)
    {
        var host = new HostBuilder()
            .ConfigureAppConfiguration(configuration => configuration.AddInMemoryCollection(settings).AddInMemoryCollection([KeyValuePair.Create<string, string?>("Rpc:Port", "0")]))
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error))
            .ConfigureWebHost(web => web.UseKestrel(kestrel => kestrel.ListenForRpc([IPAddress.Loopback])).Configure(app =>
            {
                app.UseRouting();
                app.UseEndpoints(endpoints => endpoints.MapMailboxes());
            }))
            .ConfigureServices(services =>
            {
                services.AddRouting();
                services.AddSingleton<Readiness>();
                services.AddMerpatiRpcServer();
                if (shared is not null)
                {
                    services.AddSingleton(shared);
                    return;
                }
                services.AddSqliteStores(_ => new SqliteStoreOptions { Folder = folder });
                services.AddSingleton<IMailboxChangeFeed, LocalMailboxChangeFeed>();
                services.AddSingleton<IDirectory, SingleAccountDirectory>();
                services.AddMailboxes();
            })
            .Build();
        await host.StartAsync(cancellationToken);
        return host;
    }

    private static ServiceProvider Client(IHost server, Dictionary<string, string?> settings)
    {
        var address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings)
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("Rpc:Delivery", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{address.Port}"))]).Build());
        services.AddMailboxesClient();
        return services.BuildServiceProvider();
    }

    private sealed record Work(IReadOnlyList<(string Name, Func<IMailboxes, CancellationToken, Task> Call)> Calls)
    {
        public static async Task<Work> PrepareAsync(IMailboxes mailboxes, IDirectory directory, CancellationToken cancellationToken)
        {
            var account = ((SingleAccountDirectory)directory).Account.Id;
            await mailboxes.EnsureAccountAsync(account, cancellationToken);
            var inbox = (await mailboxes.FindAsync(account, MailboxName.Inbox, cancellationToken))!.Id;
            var octets = Encoding.ASCII.GetBytes("From: a@example.test\r\nTo: b@example.test\r\nSubject: bench\r\nMessage-ID: <1@example.test>\r\n\r\n" + new string('x', 10_000));
            for (var i = 0; i < Messages; i++) await mailboxes.AppendAsync(account, inbox, MessageFlags.None, null, octets.Length, new MemoryStream(octets), cancellationToken);
            var modSeq = (await mailboxes.GetAsync(account, inbox, cancellationToken))!.HighestModSeq;
            var hundred = UidSet.Of([new UidRange(new Uid(1), new Uid(100))]);
            MessageInfo? message = null;
            await foreach (var first in mailboxes.MessagesAsync(account, inbox, UidSet.Of(new Uid(1)), cancellationToken)) message = first;
            return new Work(
            [
                ("changes, none (NOOP)", async (m, ct) => await m.ChangesAsync(account, inbox, modSeq, ct)),
                ("a mailbox by name (STATUS)", async (m, ct) => await m.FindAsync(account, MailboxName.Inbox, ct)),
                ("snapshot of 1,000 (SELECT)", async (m, ct) => await m.SnapshotAsync(account, inbox, ct)),
                ("flags of 1,000", async (m, ct) => { await foreach (var _ in m.StatesAsync(account, inbox, UidSet.All, ct)) { } }),
                ("envelopes of 100", async (m, ct) => { await foreach (var _ in m.MessagesAsync(account, inbox, hundred, ct)) { } }),
                ("a body of 10 KB", async (m, ct) =>
                {
                    await using var body = await m.OpenAsync(account, message!, 0, message!.Size, ct);
                    await body.CopyToAsync(Stream.Null, ct);
                }),
                ("append of 10 KB", async (m, ct) => await m.AppendAsync(account, inbox, MessageFlags.None, null, octets.Length, new MemoryStream(octets), ct)),
            ]);
        }
    }
}
