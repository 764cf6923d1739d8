using System.Globalization;
using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mail.Auth;
using Merpati.Mail.Content;
using Merpati.Mail.Policy;
using Merpati.Platform.Bus;
using Merpati.Platform.Classifier;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Queueing;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Acceptance;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Scanners;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Benchmarks.Load;

/// <summary>
/// What it costs at the door to say who sends a message and what it holds: processor time of this process for each message, on SQLite, with the answers of DNS in the cache. A message is checked
/// by what checks it in the product, from its envelope to the policy's word; its octets are in the store before, and nothing is queued.
/// </summary>
internal static class ChecksLoad
{
    public const string Usage = "[--messages 4000] [--corpus 100] [--warming 3000] [--only all|nothing|senders|content|classifier]";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        string[] parts = ["nothing", "senders", "content", "classifier", "all"];
        if (options.Has("only")) parts = [options.Text("only")];
        var corpus = new ChecksCorpus();
        var messages = await corpus.MakeAsync(options.Number("corpus", 100), seed: 1, cancellationToken);
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{messages.Count} messages of {messages.Average(octets => octets.Length):F0} octets, {messages.Min(octets => octets.Length)} to {messages.Max(octets => octets.Length)}"));
        foreach (var part in parts) await MeasureAsync(part, corpus, messages, options, cancellationToken);
    }

    private static async Task MeasureAsync(string part, ChecksCorpus corpus, IReadOnlyList<byte[]> messages, Options options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("merpati-bench-").FullName;
        await using (var dns = DnsTestServer.Start(corpus.Zone))
        await using (var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance))
        await using (var services = Services(part, dns, stores))
        {
            if (part is "all" or "classifier") await TeachAsync(services.GetRequiredService<SharedClassifier>(), cancellationToken);
            var door = new Door(services);
            var stored = new List<(byte[] Octets, ContentInfo Content)>();
            foreach (var octets in messages) stored.Add((octets, await StoreAsync(stores.Content, octets, cancellationToken)));
            MailFacts? facts = null;
            for (var number = 0; number < options.Number("warming", 3000); number++) facts = await door.CheckAsync(stored[number % stored.Count], cancellationToken);
            var questions = dns.Questions.Count;
            var count = options.Number("messages", 4000);
            var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            for (var number = 0; number < count; number++) await door.CheckAsync(stored[number % stored.Count], cancellationToken);
            var spent = Environment.CpuUsage.TotalTime - cpu;
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{part,-10} {spent.TotalMilliseconds / count:F3} ms CPU a message, {(GC.GetTotalAllocatedBytes() - allocated) / count / 1024} KB allocated; {dns.Questions.Count - questions} questions to DNS; {Told(facts!)}"));
        }
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What was found: a benchmark of checks that failed would be none.</summary>
    private static string Told(MailFacts facts)
        => string.Join(' ', new[] { MailFact.Spf, MailFact.Dkim, MailFact.Arc, MailFact.Dmarc, MailFact.Iprev }.Select(fact => $"{fact.Name}={facts.Text(fact)}")) + $" scans={string.Join(',', facts.List(MailFact.ScanResults))}";

    private static ServiceProvider Services(string part, DnsTestServer dns, SqliteStores stores)
    {
        var settings = new Dictionary<string, string?>
        {
            ["SmtpIngress:HostName"] = "mail.example.test",
            ["SmtpIngress:Checks:Enabled"] = part is "all" or "senders" ? "true" : "false",
            ["SmtpIngress:Content:Enabled"] = part is "all" or "content" ? "true" : "false",
            ["SmtpIngress:Content:Classifier"] = part is "all" or "classifier" ? "true" : "false",
            ["Dns:Servers:0"] = dns.Address,
        };
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddSingleton<IDirectory>(new MemoryDirectory("ann@example.test"))
            .AddSingleton<IContentStore>(stores.Content)
            .AddSingleton<IMailQueue>(stores.Queue)
            .AddSingleton<IJournal>(stores.Journal)
            .AddSingleton<IQueueBell>(new LocalQueueBell(TimeProvider.System))
            .AddSingleton<ISharedRecords>(stores.SharedRecords)
            .AddSmtpIngress()
            .BuildServiceProvider();
    }

    private static async Task TeachAsync(SharedClassifier classifier, CancellationToken cancellationToken)
    {
        var lessons = new List<Lesson>();
        foreach (var (octets, isJunk) in ChecksCorpus.Lessons(400))
        {
            var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), cancellationToken);
            lessons.Add(new Lesson(await MessageTokens.ReadAsync(structure, octets.Length, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), cancellationToken), isJunk));
        }
        await classifier.LearnAsync(lessons, cancellationToken);
    }

    private static async Task<ContentInfo> StoreAsync(SqliteContentStore contents, byte[] octets, CancellationToken cancellationToken)
    {
        await using var writer = await contents.CreateAsync(cancellationToken);
        await writer.WriteAsync(octets, cancellationToken);
        return await writer.CommitAsync(cancellationToken);
    }

    /// <summary>The checks of one message, in the order of <see cref="AcceptMessage"/>.</summary>
    private sealed class Door(IServiceProvider services)
    {
        /// <summary>As octets come from a connection.</summary>
        private const int Piece = 4096;

        private static readonly SmtpPeer Peer = new(new IPEndPoint(IPAddress.Parse(ChecksCorpus.Client), 40_000), new IPEndPoint(IPAddress.Loopback, 25), Tls: null, "mail.example.org", Esmtp: true, Account: null);

        private static readonly Envelope Envelope = new() { ReversePath = new ReversePath(EmailAddress.Parse("news@example.org")), Recipients = [new EnvelopeRecipient(EmailAddress.Parse("ann@example.test"))] };

        private readonly MessageChecks _checks = services.GetRequiredService<MessageChecks>();
        private readonly ContentScanners _scanners = services.GetRequiredService<ContentScanners>();
        private readonly PolicySource _policy = services.GetRequiredService<PolicySource>();
        private readonly IContentStore _contents = services.GetRequiredService<IContentStore>();

        public async Task<MailFacts> CheckAsync((byte[] Octets, ContentInfo Content) message, CancellationToken cancellationToken)
        {
            var id = QueueId.New(TimeProvider.System);
            await using var scan = _scanners.Begin(SmtpRole.Mx, Peer, new MailFrom { ReversePath = Envelope.ReversePath });
            using var check = _checks.Begin(SmtpRole.Mx, Peer, Envelope);
            for (var at = 0; check is not null && at < message.Octets.Length; at += Piece) check.Write(message.Octets.AsSpan(at, Math.Min(Piece, message.Octets.Length - at)));
            var checking = check?.CompleteAsync(cancellationToken).AsTask();
            var scanning = scan?.RunAsync(new ScannedMessage(id, SmtpRole.Mx, Peer, Envelope, message.Content.Size, "mail.example.test", (offset, length, token) => _contents.OpenAsync(message.Content.Id, offset, length, token), cancellationToken), message.Content, cancellationToken).AsTask();
            var verdict = checking is null ? null : await checking;
            var result = scanning is null ? null : await scanning;
            var decision = _policy.Judge(id, TimeProvider.System.GetUtcNow(), MessageFacts.Of(id, SmtpRole.Mx, Peer, Envelope, message.Content.Size, verdict, result, new DmarcOptions()));
            var headers = (result?.Header() ?? "") + (verdict is null ? "" : AuthenticationResults.Write("mail.example.test", verdict) + AuthenticationResults.WriteReceivedSpf("mail.example.test", verdict)) + VerdictHeader.Write(decision) + decision.ToJson();
            return headers.Length > 0 ? decision.Facts : throw new InvalidOperationException("Nothing was told.");
        }
    }
}
