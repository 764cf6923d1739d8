using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay;
using Merpati.Platform.Bus;
using Merpati.QueueWork;
using Merpati.Queueing;
using Merpati.Relaying;
using Merpati.Signing;
using Merpati.Storage;
using Merpati.TestKit.Accounts;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Merpati.TestKit.Stores;
using Merpati.Tests.Unit.Delivery;
using Merpati.Timeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>The relay as it is composed, over stores in memory, a zone of our own and a mail host that does what it is told; its clock stands still.</summary>
internal sealed class RelayFixture : IAsyncDisposable
{
    public const string Message = "From: ann@example.test\r\nTo: bob@remote.test\r\nSubject: hello\r\nMessage-ID: <1@example.test>\r\n\r\nHello.\r\n.dot\r\n";
    public const string Received = "Received: from client by mx.example.test; Fri, 1 Jan 2027 00:00:00 +0000\r\n";

    private const string Zone = """
        remote.test MX 10 mx.remote.test
        mx.remote.test A 127.0.0.1
        other.test MX 10 mx.other.test
        mx.other.test A 127.0.0.1
        sister.test MX 10 mx2.remote.test
        mx2.remote.test A 127.0.0.1
        two.test MX 10 dead.two.test
        two.test MX 20 mx.two.test
        dead.two.test A 127.0.0.77
        mx.two.test A 127.0.0.1
        dead.test MX 10 mx.dead.test
        mx.dead.test A 127.0.0.77
        null.test MX 0 .
        loop.test MX 10 mx.example.test
        mx.example.test A 127.0.0.1
        silent.test !SERVFAIL
        author.test._report._dmarc.silent.test !SERVFAIL
        """;

    private readonly ServiceProvider _services;

    private RelayFixture(ScriptedSmtpServer server, Action<Dictionary<string, string?>>? configure)
    {
        Server = server;
        Dns = DnsTestServer.Start(Zone);
        Queue = new InMemoryMailQueue(Time);
        Records = new InMemorySharedRecords(Time);
        Contents = new InMemoryContentStore(Time);
        Bell = new LocalQueueBell(Time);
        Suppressions = new InMemorySuppressionList(Time);
        var keys = new Dictionary<string, string?>
        {
            ["outboundRelay:hostName"] = "mx.example.test",
            ["outboundRelay:port"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["dns:servers:0"] = Dns.Address,
            ["dns:timeout"] = "00:00:20",
            ["dns:questionTimeout"] = "00:01:00",
            ["destinations:allowPrivateAddresses"] = "true",
        };
        configure?.Invoke(keys);
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(keys).Build())
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IMailQueue>(Queue)
            .AddSingleton<ISharedRecords>(Records)
            .AddSingleton<IContentStore>(Contents)
            .AddSingleton<IJournal>(Journal)
            .AddSingleton<IDirectory>(Directory)
            .AddSingleton<IQueueBell>(Bell)
            .AddSingleton<IDkimKeys>(Keys)
            .AddSingleton<ISuppressionList>(Suppressions)
            .AddOutboundRelay()
            .BuildServiceProvider();
    }

    public static DateTimeOffset Start { get; } = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public FakeTimeProvider Time { get; } = new(Start);

    public ScriptedSmtpServer Server { get; }

    public DnsTestServer Dns { get; }

    public InMemoryMailQueue Queue { get; }

    public InMemorySharedRecords Records { get; }

    public InMemoryContentStore Contents { get; }

    public InMemoryJournal Journal { get; } = new();

    public FakeDirectory Directory { get; } = new();

    public LocalQueueBell Bell { get; }

    public OneKey Keys { get; } = new();

    public InMemorySuppressionList Suppressions { get; }

    public T Get<T>()
        where T : notnull
        => _services.GetRequiredService<T>();

    public IEnumerable<T> GetAll<T>() => _services.GetServices<T>();

    public RelayWorker Worker() => _services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<RelayWorker>().Single();

    public static RelayFixture With(Func<ScriptedCommand, ScriptedAnswer?>? answer = null, Action<Dictionary<string, string?>>? configure = null)
        => new(ScriptedSmtpServer.Start(answer), configure);

    public Task<QueueEntry> EnqueueAsync(string recipient, Func<QueueEntry, QueueEntry>? change = null) => EnqueueAsync([new EnvelopeRecipient(EmailAddress.Parse(recipient))], change);

    public async Task<QueueEntry> EnqueueAsync(IReadOnlyList<EnvelopeRecipient> recipients, Func<QueueEntry, QueueEntry>? change = null)
    {
        var content = Contents.Add(Encoding.UTF8.GetBytes(Message));
        var entry = new QueueEntry
        {
            Id = QueueId.New(Time),
            Route = QueueRoute.Relay,
            Destination = recipients[0].Address.Domain,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = Encoding.ASCII.GetBytes(Received),
            ReversePath = new ReversePath(EmailAddress.Parse("ann@example.test")),
            Recipients = [.. recipients.Select(r => new QueueRecipient { Recipient = r })],
            AcceptedAt = Time.GetUtcNow(),
            NextAttemptAt = Time.GetUtcNow(),
        };
        if (change is not null) entry = change(entry);
        await Queue.EnqueueAsync(entry, default);
        return entry;
    }

    /// <summary>One attempt on each entry that is due now, one after the other.</summary>
    public async Task AttemptAsync(CancellationToken cancellationToken = default)
    {
        var attempt = Get<RelayAttempt>();
        foreach (var lease in await Queue.LeaseAsync(QueueRoute.Relay, "test", LeaseWish.UpTo(1000), TimeSpan.FromMinutes(3), default)) await attempt.RunAsync(new LeaseHolder(lease), cancellationToken);
    }

    public async Task<QueueEntry?> FindAsync(QueueEntry entry) => await Queue.FindAsync(entry.Id, default);

    /// <summary>The last word on the first recipient.</summary>
    public async Task<string> DetailAsync(QueueEntry entry) => (await FindAsync(entry))!.Recipients[0].Detail!;

    public async Task<Ledger> LedgerAsync()
    {
        var ledger = await Queue.LedgerAsync(default);
        Assert.Equal(0, ledger.Unaccounted);
        return ledger;
    }

    /// <summary>The reports that are in the queue.</summary>
    public IReadOnlyList<string> Reports() => [.. Queue.Entries.Where(entry => entry.ReversePath.IsNull).Select(entry => Encoding.UTF8.GetString(Contents.Read(entry.Content)))];

    public IReadOnlyList<string> Timeline(QueueEntry entry, TimelineStep step) => [.. Journal.Events.Where(e => e.QueueId == entry.Id && e.Step == step).Select(e => e.Detail)];

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Server.DisposeAsync();
        await Dns.DisposeAsync();
    }
}

/// <summary>The keys of the domains that a test names; none at first.</summary>
internal sealed class OneKey : IDkimKeys
{
    public Dictionary<string, DkimSigningKey> ByDomain { get; } = [];

    public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<DkimSigningKey>>(ByDomain.TryGetValue(domain, out var key) ? [key] : []);
}
