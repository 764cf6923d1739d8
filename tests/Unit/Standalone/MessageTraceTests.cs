using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Delivery;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Queueing;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Merpati.Timeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Merpati.Tests.Unit.Standalone;

/// <summary>SmtpIngress and Delivery over the real stores: one trace, one timeline and a closed ledger for a message.</summary>
public sealed class MessageTraceTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-trace-").FullName;
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;
    private readonly ServiceProvider _services;

    public MessageTraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name.StartsWith("Merpati.", StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("SmtpIngress:HostName", "mx.example.test"), new("Delivery:LedgerInterval", "00:00:01")]).Build())
            .AddSqliteStores(_ => new SqliteStoreOptions { Folder = _folder })
            .AddSingleton<IQueueBell, LocalQueueBell>()
            .AddSingleton<IMailboxChangeFeed, LocalMailboxChangeFeed>()
            .AddSingleton<IDirectory>(new MemoryDirectory("ann@example.test"))
            .AddSmtpIngress()
            .AddDelivery()
            .BuildServiceProvider();
    }

    public async Task InitializeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>()) await service.StartAsync(default);
    }

    public async Task DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse()) await service.StopAsync(default);
        await _services.DisposeAsync();
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task One_trace_follows_a_message_from_SMTP_to_the_mailbox()
    {
        await Transcript.RunAsync((transport, lifetime) => _services.GetRequiredService<SmtpSessions>().RunAsync(transport, SmtpRole.Mx, lifetime), """
            S~ 220 .*
            C: HELO client.test
            S~ 250 .*
            C: MAIL FROM:<bob@remote.test>
            S~ 250 .*
            C: RCPT TO:<ann@example.test>
            S~ 250 .*
            C: DATA
            S~ 354 .*
            C: Message-ID: <followed@remote.test>
            C:
            C: hello
            C: .
            S~ 250 .*
            C: QUIT
            S~ 221 .*
            """);

        var journal = _services.GetRequiredService<IJournal>();
        var subject = (await journal.SearchAsync("<followed@remote.test>", 10, default)).Should().ContainSingle().Which;
        await EventuallyAsync(async () => (await journal.ReadAsync(subject.QueueId, default)).Any(e => e.Step == TimelineStep.Delivered));
        (await journal.ReadAsync(subject.QueueId, default)).Select(e => e.Step).Should().ContainInOrder(TimelineStep.Accepted, TimelineStep.Delivered);

        var trace = subject.QueueId.ToTraceId();
        await EventuallyAsync(() => ValueTask.FromResult(_spans.Any(span => span.TraceId == trace && span.Source.Name == "Merpati.Delivery")));
        var accepted = _spans.Should().ContainSingle(span => span.TraceId == trace && span.OperationName == "accept message").Which;
        var delivered = _spans.Should().ContainSingle(span => span.TraceId == trace && span.OperationName == "deliver").Which;
        accepted.ParentSpanId.Should().Be(default(ActivitySpanId));
        delivered.ParentSpanId.Should().Be(accepted.SpanId);

        await EventuallyAsync(() => ValueTask.FromResult(Gauge("merpati.mail.accepted") == 1 && Gauge("merpati.mail.open") == 0));
        Gauge("merpati.mail.unaccounted").Should().Be(0);
    }

    /// <summary>The gauge of this test's own meters; other tests have theirs.</summary>
    private long? Gauge(string name)
    {
        long? value = null;
        var ours = _services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) => { if (instrument.Name == name && instrument.Meter.Scope == ours) self.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => value = measurement);
        listener.Start();
        listener.RecordObservableInstruments();
        return value;
    }

    private static async Task EventuallyAsync(Func<ValueTask<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition()) await Task.Delay(10, patience.Token);
    }
}
