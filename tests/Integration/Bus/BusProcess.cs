using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Merpati.Accounts;
using Merpati.Bus;
using Merpati.Local.ForTests;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Tests.Integration.Bus;

/// <summary>What one process of the cluster has of the bus.</summary>
internal sealed class BusProcess : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _received = new(StringComparer.Ordinal);

    private BusProcess(IHost host)
    {
        _host = host;
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "merpati.bus.received.events" && instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => _received.AddOrUpdate((string)tags[0].Value!, count, (_, sum) => sum + count));
        _listener.Start();
    }

    public static async Task<string> BrokerAsync() => (await TestBroker.UriAsync()).ToString();

    public IQueueBell Bell => _host.Services.GetRequiredService<IQueueBell>();

    public IMailboxChangeFeed Changes => _host.Services.GetRequiredService<IMailboxChangeFeed>();

    public IDirectoryChangeFeed Directory => _host.Services.GetRequiredService<IDirectoryChangeFeed>();

    /// <summary>A prefix that no other test has.</summary>
    public static string NewPrefix() => $"test-{Guid.NewGuid():N}";

    public static async Task<BusProcess> StartAsync(string prefix, string? broker = null, IReadOnlyDictionary<string, string?>? settings = null, params QueueRoute[] heard)
    {
        var uri = broker ?? await BrokerAsync();
        var host = new HostBuilder()
            .ConfigureHostConfiguration(configuration => configuration
                .AddInMemoryCollection(new Dictionary<string, string?>
                {
                    ["Bus:Uri"] = uri,
                    ["Bus:Prefix"] = prefix,
                    ["Bus:RetryInterval"] = "00:00:00.2",
                    ["Bus:UnusedQueuesExpire"] = "00:01:00", // the shared broker forgets our tests
                })
                .AddInMemoryCollection(settings ?? new Dictionary<string, string?>()))
            .ConfigureLogging(logging => logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(Enum.TryParse<LogLevel>(Environment.GetEnvironmentVariable("TEST_LOG"), out var level) ? level : LogLevel.Warning))
            .ConfigureServices(services => services.AddBus(heard))
            .Build();
        await host.StartAsync();
        return new BusProcess(host);
    }

    /// <summary>Events that came in over the bus.</summary>
    public long Received(string what) => _received.GetValueOrDefault(what);

    /// <summary>Returns when rings of the other process come in here: both are connected.</summary>
    public async Task WarmUpAsync(BusProcess ringing, QueueRoute route = QueueRoute.Local)
    {
        var before = Received("MessageQueued");
        await Eventually.BeAsync(
            () =>
            {
                ringing.Bell.Ring(route);
                return Received("MessageQueued") > before;
            },
            "a ring came in");
        // What rang meanwhile is heard, and so is what is still on its way.
        using var silence = new CancellationTokenSource();
        while (true)
        {
            var next = Bell.WaitAsync(route, null, silence.Token).AsTask();
            if (await Task.WhenAny(next, Task.Delay(300, CancellationToken.None)) == next) continue;
            await silence.CancelAsync();
            return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
