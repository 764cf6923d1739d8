using System.Diagnostics;
using System.Text;
using AwesomeAssertions;
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
using Merpati.Storage.Sqlite;
using Merpati.Timeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using Xunit.Abstractions;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>The real stores, with fsync: a backlog is delivered to the last message, and the ledger balances.</summary>
public sealed class DeliveryOverSqliteTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Accounts = 50;
    private static readonly int Messages = int.TryParse(Environment.GetEnvironmentVariable("MERPATI_DELIVERY_MESSAGES"), out var n) ? n : 2000;

    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-delivery-").FullName;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly FakeDirectory _directory = new();
    private SqliteStores _stores = null!;
    private IMailboxStore _mailboxes = null!;

    public Task InitializeAsync()
    {
        _stores = SqliteStores.Open(new SqliteStoreOptions { Folder = _folder }, _time, NullLogger<SqliteStores>.Instance);
        _mailboxes = _stores.Mailboxes;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stores.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Delivers_a_backlog_once_and_the_ledger_balances()
    {
        var accounts = Enumerable.Range(0, Accounts).Select(i => _directory.AddAccount($"u{i}@example.test")).ToList();
        await Task.WhenAll(Enumerable.Range(0, Messages).Select(i => EnqueueAsync(i, accounts[i % Accounts].Address)));

        var options = Options.Create(new DeliveryOptions { HostName = "mx.example.test", GatherTime = TimeSpan.Zero });
        var bell = new LocalQueueBell(_time);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        var metrics = new DeliveryMetrics(meters);
        var reportOptions = Options.Create(new ReportOptions());
        var reports = new ReadReports(_stores.Content, _stores.Journal, _directory, _stores.Suppressions, new HardBounces(_stores.Suppressions, _stores.SharedRecords, options.Value.Suppress, _time, NullLogger<HardBounces>.Instance),
            new ReceivedDmarcReports(_stores.SharedRecords, reportOptions, _time), new ReceivedTlsReports(_stores.SharedRecords, reportOptions, _time), metrics, options, reportOptions, _time, NullLogger<ReadReports>.Instance);
        var useCase = new DeliverToMailbox(_directory, _stores.Content, _stores.Queue, _stores.Journal, new MailboxDelivery(_mailboxes, new LocalMailboxChangeFeed(), _time), new Redirects(_directory),
            new ReportToSender(_stores.Content, _directory, options.Value.HostName, _time), reports, bell, metrics, options, _time, NullLogger<DeliverToMailbox>.Instance);
        using var service = new LocalDelivery(_stores.Queue, bell, useCase, options, _time, NullLogger<LocalDelivery>.Instance);

        var watch = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        await service.StartAsync(default);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while ((await _stores.Queue.LedgerAsync(default)).Open > 0) await Task.Delay(10, patience.Token);
        watch.Stop();
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        await service.StopAsync(default);
        output.WriteLine($"{Messages} messages in {watch.Elapsed.TotalSeconds:f2} s: {Messages / watch.Elapsed.TotalSeconds:f0} a second, {cpu.TotalMilliseconds / Messages:f2} ms CPU each");

        var ledger = await _stores.Queue.LedgerAsync(default);
        ledger.Unaccounted.Should().Be(0);
        ledger.Closed[RecipientState.Delivered].Should().Be(Messages);
        foreach (var account in accounts)
        {
            var inbox = (await _mailboxes.FindAsync(account.Id, MailboxName.Inbox, default))!;
            inbox.Messages.Should().Be(Messages / Accounts);
            inbox.UidNext.Value.Should().Be((uint)(Messages / Accounts) + 1);
        }
        (await _stores.Journal.ReadAsync(_first, default)).Should().ContainSingle(e => e.Step == TimelineStep.Delivered);
    }

    private QueueId _first;

    private async Task EnqueueAsync(int number, EmailAddress recipient)
    {
        var body = new StringBuilder($"From: Bob <bob@remote.test>\r\nTo: {recipient}\r\nSubject: message {number}\r\nMessage-ID: <{number}@remote.test>\r\nDate: Fri, 1 Jan 2027 00:00:00 +0000\r\n\r\n");
        while (body.Length < 10_000) body.Append("All work and no play makes Jack a dull boy.\r\n");
        await using var writer = await _stores.Content.CreateAsync(default);
        await writer.WriteAsync(Encoding.ASCII.GetBytes(body.ToString()), default);
        var content = await writer.CommitAsync(default);
        var entry = new QueueEntry
        {
            Id = QueueId.New(_time),
            Route = QueueRoute.Local,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = Encoding.ASCII.GetBytes(DeliveryFixture.Received),
            ReversePath = new ReversePath(EmailAddress.Parse("bob@remote.test")),
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(recipient) }],
            AcceptedAt = _time.GetUtcNow(),
            NextAttemptAt = _time.GetUtcNow(),
        };
        if (number == 0) _first = entry.Id;
        await _stores.Queue.EnqueueAsync(entry, default);
    }
}
