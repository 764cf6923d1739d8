using Merpati.Addresses;
using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Mail.Dns;
using Merpati.Mailboxes;
using Merpati.Platform.Classifier;
using Merpati.Platform.Health;
using Merpati.Queueing;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Checks;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Merpati.TestKit.Stores;
using Merpati.Tests.Unit.Mail.Auth;
using Merpati.Tests.Unit.UserDirectory;
using Merpati.Timeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Unit.SmtpIngress;

/// <summary>The service as a product wires it, over stores in memory that can fail.</summary>
public sealed class IngressFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    /// <param name="settings">Of SmtpIngress; a key that begins with a colon is one of another section.</param>
    public IngressFixture(params (string Key, string Value)[] settings)
    {
        Directory.Add("joe@example.test", enabled: false);
        Directory.AddAlias("sales@example.test", "ann@example.test", "bob@example.test");
        var configuration = new ConfigurationBuilder()
            // Who sends is looked at where a test is about that.
            .AddInMemoryCollection([new("SmtpIngress:HostName", "mail.example.test"), new("SmtpIngress:Checks:Enabled", "false"), new("SmtpIngress:Content:Enabled", "false"), new("SmtpIngress:Content:Classifier", "false"), new("SmtpIngress:GreetDelay", "00:00:00")])
            // What EHLO lists in the scripts, whatever the defaults become.
            .AddInMemoryCollection([new("SmtpIngress:Dsn", "true"), new("SmtpIngress:RequireTls", "false"), new("SmtpIngress:DeliverBy", "false"), new("SmtpIngress:MtPriority", "false")])
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key.StartsWith(':') ? setting.Key[1..] : "SmtpIngress:" + setting.Key, setting.Value)))
            .Build();
        _services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Log))
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IDirectory>(Directory)
            .AddSingleton<IContentStore>(Contents)
            .AddSingleton<IMailQueue>(Queue)
            .AddSingleton<IJournal>(Journal)
            .AddSingleton<IQueueBell>(Bell)
            .AddSingleton<ISharedRecords>(new InMemorySharedRecords(Time))
            .AddSingleton<IMailDns>(Dns)
            .AddSmtpIngress()
            .BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public MemoryDirectory Directory { get; } = new("ann@example.test", "bob@example.test");

    public MemoryContents Contents { get; } = new();

    public MemoryQueue Queue { get; } = new();

    public MemoryJournal Journal { get; } = new();

    internal RecordedLog Log { get; } = new();

    public CountingBell Bell { get; } = new();

    internal TurningDns Dns { get; } = new();

    internal SharedClassifier Classifier => _services.GetRequiredService<SharedClassifier>();

    internal PolicySource Policy => _services.GetRequiredService<PolicySource>();

    public T Get<T>()
        where T : notnull
        => _services.GetRequiredService<T>();

    public Readiness Readiness => _services.GetRequiredService<Readiness>();

    public SmtpSessions Sessions => _services.GetRequiredService<SmtpSessions>();

    public async Task RunAsync(SmtpRole role, string script, TransportSettings? settings = null)
        => await Transcript.RunAsync((transport, lifetime) => Sessions.RunAsync(transport, role, lifetime), script, settings, Time);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>Contents in memory, with a fault at any step.</summary>
public sealed class MemoryContents : IContentStore
{
    private readonly Dictionary<ContentId, byte[]> _committed = [];

    public IReadOnlyDictionary<ContentId, byte[]> Committed => _committed;

    public int OpenWriters { get; private set; }

    /// <summary>The ranges that were read, in order: offset and length.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<(long Offset, long Length)> Reads { get; } = new();

    public Exception? OnCreate { get; set; }

    public Exception? OnWrite { get; set; }

    public Exception? OnCommit { get; set; }

    public ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken)
    {
        if (OnCreate is not null) throw OnCreate;
        OpenWriters++;
        return ValueTask.FromResult<IContentWriter>(new Writer(this));
    }

    public ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken)
    {
        Reads.Enqueue((offset, length));
        return ValueTask.FromResult<Stream>(new MemoryStream(_committed[content], (int)offset, (int)length, writable: false));
    }

    public ValueTask DeleteAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        foreach (var content in contents) _committed.Remove(content);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) => throw new NotSupportedException();

    private sealed class Writer(MemoryContents store) : IContentWriter
    {
        private readonly MemoryStream _octets = new();

        public ContentId Id { get; } = new(Guid.NewGuid());

        public long Length => _octets.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            if (store.OnWrite is not null) throw store.OnWrite;
            _octets.Write(octets.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<ContentInfo> CommitAsync(CancellationToken cancellationToken)
        {
            if (store.OnCommit is not null) throw store.OnCommit;
            store._committed.Add(Id, _octets.ToArray());
            return ValueTask.FromResult(new ContentInfo(Id, Length, default, default));
        }

        public ValueTask DisposeAsync()
        {
            store.OpenWriters--;
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Takes entries; all else is somebody else's test.</summary>
public sealed class MemoryQueue : IMailQueue
{
    private readonly List<QueueEntry> _entries = [];

    public IReadOnlyList<QueueEntry> Entries => _entries;

    public Exception? OnEnqueue { get; set; }

    public int Commits { get; private set; }

    public ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
    {
        if (OnEnqueue is not null) throw OnEnqueue;
        _entries.AddRange(entries);
        Commits++;
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken) => throw new NotSupportedException();
}

public sealed class MemoryJournal : IJournal
{
    private readonly List<TimelineEvent> _events = [];
    private readonly List<TimelineSubject> _subjects = [];

    public IReadOnlyList<TimelineEvent> Events => _events;

    public IReadOnlyList<TimelineSubject> Subjects => _subjects;

    public Exception? OnAppend { get; set; }

    public ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        if (OnAppend is not null) throw OnAppend;
        if (subject is not null) _subjects.Add(subject);
        _events.AddRange(events);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken) => throw new NotSupportedException();
}

public sealed class CountingBell : IQueueBell
{
    public int Rings { get; private set; }

    public void Ring(QueueRoute route) => Rings++;

    public ValueTask WaitAsync(QueueRoute route, DateTimeOffset? until, CancellationToken cancellationToken) => throw new UnreachableException();
}
