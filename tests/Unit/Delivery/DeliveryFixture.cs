using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Delivery;
using Merpati.Delivery.Local;
using Merpati.Delivery.Mailboxes;
using Merpati.Delivery.Reports;
using Merpati.Delivery.Routing;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Platform.Reports;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Storage;
using Merpati.TestKit.Accounts;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>Delivery over stores in memory, a directory of a few lines and a clock that stands still.</summary>
internal sealed class DeliveryFixture
{
    public const string Message = "From: bob@remote.test\r\nSubject: hello\r\nMessage-ID: <1@remote.test>\r\n\r\nHello.\r\n";
    public const string Received = "Received: from remote.test by mx.example.test; Fri, 1 Jan 2027 00:00:00 +0000\r\n";

    public DeliveryFixture()
    {
        Queue = new InMemoryMailQueue(Time);
        Contents = new InMemoryContentStore(Time);
        Mailboxes = new FakeMailboxStore(Time);
        Bell = new LocalQueueBell(Time);
        Records = new InMemorySharedRecords(Time);
        Suppressions = new InMemorySuppressionList(Time);
        Metrics = new DeliveryMetrics(Meters);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public DeliveryOptions Options { get; } = new() { HostName = "mx.example.test", GatherTime = TimeSpan.Zero };

    public FakeDirectory Directory { get; } = new();

    public InMemoryMailQueue Queue { get; }

    public InMemoryContentStore Contents { get; }

    public InMemoryJournal Journal { get; } = new();

    public FakeMailboxStore Mailboxes { get; }

    public LocalQueueBell Bell { get; }

    public IMeterFactory Meters { get; } = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    public DeliveryMetrics Metrics { get; }

    public DeliverToMailbox UseCase()
    {
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        return new DeliverToMailbox(Directory, Contents, Queue, Journal, new MailboxDelivery(Mailboxes, new SilentFeed(), Time), new Redirects(Directory), new ReportToSender(Contents, Directory, Options.HostName, Time),
            Reports(options), Bell, Metrics, options, Time, NullLogger<DeliverToMailbox>.Instance);
    }

    public ReportOptions ReportOptions { get; } = new();

    public InMemorySharedRecords Records { get; }

    public InMemorySuppressionList Suppressions { get; }

    private ReadReports Reports(IOptions<DeliveryOptions> options)
    {
        var reports = Microsoft.Extensions.Options.Options.Create(ReportOptions);
        return new ReadReports(Contents, Journal, Directory, Suppressions, new HardBounces(Suppressions, Records, Options.Suppress, Time, NullLogger<HardBounces>.Instance), new ReceivedDmarcReports(Records, reports, Time), new ReceivedTlsReports(Records, reports, Time),
            Metrics, options, reports, Time, NullLogger<ReadReports>.Instance);
    }

    public LocalDelivery Service() => new(Queue, Bell, UseCase(), Microsoft.Extensions.Options.Options.Create(Options), Time, NullLogger<LocalDelivery>.Instance);

    public Account Account(string address) => Directory.AddAccount(address);

    public async Task<QueueEntry> EnqueueAsync(string? sender, IReadOnlyList<EnvelopeRecipient> recipients, string message = Message, DsnReturn ret = DsnReturn.Unspecified, string verdict = "", Func<QueueEntry, QueueEntry>? change = null)
    {
        var content = Contents.Add(Encoding.UTF8.GetBytes(message));
        var entry = new QueueEntry
        {
            Id = QueueId.New(Time),
            Route = QueueRoute.Local,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = Encoding.ASCII.GetBytes(verdict + Received),
            ReversePath = sender is null ? ReversePath.Null : new ReversePath(EmailAddress.Parse(sender)),
            Return = ret,
            Recipients = [.. recipients.Select(r => new QueueRecipient { Recipient = r })],
            AcceptedAt = Time.GetUtcNow(),
            NextAttemptAt = Time.GetUtcNow(),
        };
        if (change is not null) entry = change(entry);
        await Queue.EnqueueAsync(entry, default);
        return entry;
    }

    public Task<QueueEntry> EnqueueAsync(string? sender, params string[] recipients)
        => EnqueueAsync(sender, [.. recipients.Select(r => new EnvelopeRecipient(EmailAddress.Parse(r)))]);

    /// <summary>One attempt on each entry that is due now.</summary>
    public async Task AttemptAsync()
    {
        var useCase = UseCase();
        foreach (var lease in await Queue.LeaseAsync(QueueRoute.Local, "test", LeaseWish.UpTo(100), Options.LeaseDuration, default)) await useCase.RunAsync(new LeaseHolder(lease), default);
    }

    public async Task<Ledger> LedgerAsync()
    {
        var ledger = await Queue.LedgerAsync(default);
        Assert.Equal(0, ledger.Unaccounted);
        return ledger;
    }

    public string Text(ContentId content) => Encoding.UTF8.GetString(Contents.Read(content));

    private sealed class SilentFeed : IMailboxChangeFeed
    {
        public IDisposable Subscribe(AccountId account, Action<MailboxChanged> onChange) => throw new NotSupportedException();

        public void Announce(MailboxChanged change) { }
    }
}

/// <summary>example.test is ours; accounts with subaddresses, and aliases.</summary>
internal sealed class FakeDirectory : IDirectory
{
    private readonly Dictionary<EmailAddress, Account> _accounts = [];
    private readonly Dictionary<EmailAddress, EmailAddress[]> _aliases = [];

    /// <summary>Thrown when this address is asked for.</summary>
    public Dictionary<EmailAddress, Exception> Failures { get; } = [];

    public int Lookups { get; private set; }

    public Account AddAccount(string address)
    {
        var account = new Account { Id = new AccountId(Guid.NewGuid()), Address = EmailAddress.Parse(address) };
        return _accounts[account.Address] = account;
    }

    public void Disable(string address) => _accounts[EmailAddress.Parse(address)] = _accounts[EmailAddress.Parse(address)] with { Enabled = false };

    public void Alias(string address, params string[] targets) => _aliases[EmailAddress.Parse(address)] = [.. targets.Select(EmailAddress.Parse)];

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        Lookups++;
        if (Failures.TryGetValue(address, out var failure)) throw failure;
        return ValueTask.FromResult(Resolve(address));
    }

    private Resolution Resolve(EmailAddress address)
    {
        if (address.Domain != "example.test") return new Resolution.Remote();
        if (_accounts.TryGetValue(address, out var account)) return account.Enabled ? new Resolution.LocalAccount(account, null) : new Resolution.Disabled();
        if (_aliases.TryGetValue(address, out var targets)) return new Resolution.Alias(targets);
        var plus = address.LocalPart.IndexOf('+', StringComparison.Ordinal);
        return plus > 0 && _accounts.TryGetValue(new EmailAddress(address.LocalPart[..plus], address.Domain), out account)
            ? new Resolution.LocalAccount(account, address.LocalPart[(plus + 1)..])
            : new Resolution.UnknownUser();
    }

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => ValueTask.FromResult(domain == "example.test");

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult(_accounts.Values.FirstOrDefault(a => a.Id == account));

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken)
    {
        if (Failures.TryGetValue(sender, out var failure)) throw failure;
        return ValueTask.FromResult(sender.Domain == "example.test" ? sender : sender.LocalPart.Length > 40 ? null : new EmailAddress($"SRS0=hash={sender.Domain}={sender.LocalPart}", forwarder));
    }
}
