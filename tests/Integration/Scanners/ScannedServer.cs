using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Mail.Policy;
using Merpati.Platform.Bus;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Merpati.Tests.Integration.Scanners;

/// <summary>SmtpIngress with one real scanner, over stores in memory.</summary>
internal sealed class ScannedServer : IAsyncDisposable
{
    private readonly InMemoryContentStore _contents = new(TimeProvider.System);
    private readonly InMemoryMailQueue _queue = new(TimeProvider.System);
    private readonly InMemoryJournal _journal = new();
    private readonly ServiceProvider _services;

    public ScannedServer(string kind, string address)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["SmtpIngress:HostName"] = "mail.example.test",
            ["SmtpIngress:Checks:Enabled"] = "false",
            ["SmtpIngress:Content:Enabled"] = "false",
            ["SmtpIngress:Content:Classifier"] = "false",
            ["SmtpIngress:GreetDelay"] = "00:00:00",
            ["SmtpIngress:Scanners:0:Name"] = "real",
            ["SmtpIngress:Scanners:0:Kind"] = kind,
            ["SmtpIngress:Scanners:0:Address"] = address,
        }).Build();
        _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration)
            .AddSingleton<IDirectory>(new MemoryDirectory("ann@example.test")).AddSingleton<IContentStore>(_contents).AddSingleton<IMailQueue>(_queue).AddSingleton<ISharedRecords>(new InMemorySharedRecords(TimeProvider.System)).AddSingleton<IJournal>(_journal).AddSingleton<IQueueBell>(new LocalQueueBell(TimeProvider.System))
            .AddSmtpIngress().BuildServiceProvider();
    }

    /// <summary>Sends it from 192.0.2.7, and expects this reply.</summary>
    public async Task SendAsync(string reply, string sender, params string[] lines)
    {
        var sessions = _services.GetRequiredService<SmtpSessions>();
        await Transcript.RunAsync((transport, lifetime) => sessions.RunAsync(transport, SmtpRole.Mx, lifetime), $"""
            S~ 220 .*
            C: HELO client.example.org
            S: 250 mail.example.test
            C: MAIL FROM:<{sender}>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            {string.Concat(lines.Select(line => $"C: {line}\n"))}
            C: .
            S~ {reply}
            """);
    }

    /// <summary>The only message, as a reader will see it.</summary>
    public string Message()
    {
        var entry = _queue.Entries.Should().ContainSingle().Which;
        return Encoding.Latin1.GetString([.. entry.TraceHeaders.Span, .. _contents.Read(entry.Content)]);
    }

    /// <summary>What was known of the only message, taken or refused.</summary>
    public async Task<MailFacts> FactsAsync()
    {
        var decision = (await _journal.DecisionsAsync(DateTimeOffset.MinValue, null, 10, default)).Should().ContainSingle().Which;
        return DecisionCapsule.FromJson(decision.QueueId, decision.At, decision.Decision).Facts;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
