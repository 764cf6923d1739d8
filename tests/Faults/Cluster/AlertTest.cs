using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Merpati.Local.Cluster;
using Merpati.Local.ForTests;
using Merpati.Platform.Tls;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Merpati.TestKit.Dns;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>What an alert says happens, and the alert of the chart fires, in a real Prometheus that reads the metrics of real services.</summary>
[Collection(ClusterFaults.Name)]
public sealed class AlertTest(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Alerts whose fault is not made here, and why.</summary>
    private static readonly Dictionary<string, string> NotHere = new()
    {
        ["MerpatiClientsHidden"] = "clients on loopback are never taken for hidden ones; HiddenClientsTests",
        ["MerpatiProviderRests"] = "needs a provider with many hosts; ShareRestsTests",
        ["MerpatiLeasesLost"] = "two pods of Delivery, one of which stands still; PausedDeliveryTest and the promtool test",
        ["MerpatiContentOrphaned"] = "ten GiB; the promtool test alone",
        ["MerpatiSearchIndexBehind"] = "ten thousand messages; the promtool test alone",
    };

    /// <summary>What a test cannot wait for, or cannot fill.</summary>
    private static readonly Dictionary<string, string> Amounts = new()
    {
        ["state=\"queued\"}) > 900"] = "state=\"queued\"}) > 3",
        ["state=\"queued\"})) > 50"] = "state=\"queued\"})) > 1",
        ["> 6 * 3600"] = "> 3",
        ["> 1296000"] = "> 3",
        ["> 300 and sum by (namespace) (increase(merpati_probe_failures_total"] = "> 3 and sum by (namespace) (increase(merpati_probe_failures_total",
        ["(rate(merpati_probe_duration_seconds_bucket[15m]))) > 10"] = "(rate(merpati_probe_duration_seconds_bucket[15m]))) > 0.5",
        ["LIST\"}[10m]))) > 2.5"] = "LIST\"}[10m]))) > 1",
        ["(rate(merpati_directory_logins_total{outcome=~\"denied|throttled\"}[10m])) > 1\n"] = "(rate(merpati_directory_logins_total{outcome=~\"denied|throttled\"}[10m])) > 0.1\n",
        ["state=\"queued\"})) > 1000"] = "state=\"queued\"})) > 3",
    };

    [Fact]
    public async Task Each_fault_fires_its_alert()
    {
        var (made, silent) = (new HashSet<string>(), new List<string>());
        var mongoUri = await TestMongo.ConnectionStringAsync();
        var rabbitUri = await TestBroker.UriAsync();
        await using var toRabbit = new SilentLink(rabbitUri.Port);
        await using var dns = DnsTestServer.Start(RelayLoad.Zone + "\n*.list.test !SERVFAIL");
        // Bound and not listening: whoever connects is refused, and nobody else gets the port.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var deadPort = ((IPEndPoint)nobody.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        var (database, prometheusPort, prefix) = ("", 0, "");
        var probePort = FreePorts.Take();
        await using var server = await ClusterServer.StartAsync(mongoUri, toRabbit.Through(rabbitUri.ToString()), settings =>
        {
            database = settings.Database;
            prometheusPort = settings.FirstPort + settings.Ports;
            prefix = settings.BusPrefix;
            using var authority = new DevelopmentAuthority(TimeProvider.System);
            var shortLived = authority.Issue(settings.Folder, "short-lived", ["localhost"], TimeSpan.FromHours(30));
            return settings with
            {
                Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>
                {
                    [ServiceKind.SmtpIngress] = new Dictionary<string, string>
                    {
                        ["smtpIngress:rates:0:count"] = "messages", ["smtpIngress:rates:0:per"] = "account", ["smtpIngress:rates:0:limit"] = "30", ["smtpIngress:rates:0:then"] = "alarm",
                        ["smtpIngress:scanners:0:name"] = "away", ["smtpIngress:scanners:0:kind"] = "http", ["smtpIngress:scanners:0:address"] = $"http://127.0.0.1:{deadPort}/", ["smtpIngress:scanners:0:whenAway"] = "accept",
                        ["smtpIngress:scanners:0:breakAfter"] = "2", ["smtpIngress:scanners:0:submission"] = "true",
                        ["dns:servers:0"] = dns.Address, ["smtpIngress:checks:dnsLists:0:zone"] = "list.test", ["smtpIngress:checks:dnsLists:0:score"] = "1", ["smtpIngress:checks:exemptNetworks:0"] = "192.0.2.0/24",
                        ["mongo:connectionString"] = mongoUri + "&appName=ingress-" + database,
                    },
                    [ServiceKind.Delivery] = new Dictionary<string, string> { ["mongo:connectionString"] = mongoUri + "&appName=delivery-" + database, ["delivery:ledgerInterval"] = "00:00:01", ["delivery:firstRetry"] = "00:00:02", ["delivery:longestRetry"] = "00:00:02" },
                    [ServiceKind.OutboundRelay] = new Dictionary<string, string>
                    {
                        ["outboundRelay:port"] = deadPort, ["dns:servers:0"] = dns.Address, ["destinations:allowPrivateAddresses"] = "true",
                    },
                    [ServiceKind.ImapGateway] = new Dictionary<string, string> { ["connections:perPort"] = "3" },
                    [ServiceKind.Pop3Gateway] = new Dictionary<string, string>
                    {
                        ["connections:proxyProtocol:networks:0"] = "127.0.0.0/8", ["tls:certificate"] = shortLived.Certificate, ["tls:key"] = shortLived.Key,
                    },
                },
            };
        });
        var (ann, bob) = (server.Accounts[0], server.Accounts[1]);
        // The POP3 port wants a header of a load balancer.
        await using var probe = ProbeProcess.Start(server, bob, server.Cluster.Folder, probePort, pop3: false, "--every", "00:00:02", "--timeout", "00:01:30");
        await using var prometheus = await Prometheus.StartAsync(server.Cluster, server.Cluster.Folder, prometheusPort, Amounts, (probePort, "probe"));

        await FireAsync(["MerpatiCertificateEnding", "MerpatiCertificateEnds"], "a certificate that ends tomorrow", null);
        await FireAsync(["MerpatiProxyHeaderMissing"], "clients that come past the load balancer", () => Task.WhenAll(Enumerable.Range(0, 20).Select(_ => GreetAsync(server.Pop3Port))));
        await FireAsync(["MerpatiConnectionsTurnedAway"], "more connections than there may be", async () =>
        {
            var open = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MailWire.ConnectAsync(server.ImapPort)));
            foreach (var wire in open) await wire.DisposeAsync();
        });
        await FireAsync(["MerpatiListUnanswered"], "a DNS list that does not answer", () => SendAsync(server, bob.Address));
        await using (var broker = await RawBroker.ConnectAsync())
            await FireAsync(["MerpatiDeadLetters"], "something on the bus that nobody understands", () => broker.PublishAsync($"{prefix}.message-queued", "local", "this is no JSON", "application/vnd.masstransit+json"));

        // Every command of the store takes a moment more.
        await TestMongo.SetSlowAsync("delivery-" + database, TimeSpan.FromSeconds(0.4), "find", "aggregate", "insert", "update", "findAndModify", "commitTransaction");
        await FireAsync(["MerpatiStoreSlow", "MerpatiImapSlow", "MerpatiProbeSlow"], "a store that is slow", () => SelectAsync(server, bob));
        await TestMongo.SetSlowAsync("delivery-" + database, TimeSpan.Zero);

        await FireAsync(["MerpatiRelayUnreachable", "MerpatiRelayDeferred", "MerpatiScannerRests", "MerpatiRateAlarm", "MerpatiQueueGrows"], "mail for servers that nobody reaches, past a scanner that is away", () => SubmitAsync(server, ann));
        await FireAsync(["MerpatiMailHeld"], "mail that is held", () => server.MerpatiAsync(null, "queue", "hold", "--all"));

        // One entry vanishes from the store.
        var store = new MongoClient(mongoUri).GetDatabase(database);
        await FireAsync(["MerpatiMailUnaccounted"], "an entry that vanished", () => store.GetCollection<BsonDocument>("queue.entries").DeleteOneAsync(new BsonDocument()), once: true);
        await FireAsync(["MerpatiFsckFoundDamage", "MerpatiFsckOverdue"], "a check that finds the damage", () => Command.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "merpati.dll"), "fsck", "--mongo", mongoUri, "--database", database]), once: true);

        await TestMongo.SetFullAsync("delivery-" + database, full: true, "insert");
        await FireAsync(["MerpatiStoreFailing", "MerpatiDeliveryDeferred", "MerpatiLocalQueueOld", "MerpatiLocalMailLate"], "a store that fails at Delivery", () => SendAsync(server, bob.Address));
        await TestMongo.SetFullAsync("delivery-" + database, full: false);
        await TestMongo.SetFullAsync("ingress-" + database, full: true, "insert", "update", "findAndModify");
        await FireAsync(["MerpatiStoreFull", "MerpatiProbeFails", "MerpatiObjectiveBurnsFast", "MerpatiObjectiveBurnsSlowly"], "a disk that is full at SmtpIngress", () => SendAsync(server, bob.Address));
        await TestMongo.SetFullAsync("ingress-" + database, full: false);

        await TestMongo.SetFullAsync("delivery-" + database, full: true, "find", "aggregate");
        await FireAsync(["MerpatiLedgerUnread"], "a ledger that cannot be read", null);
        await TestMongo.SetFullAsync("delivery-" + database, full: false);

        // Its own logins are no guesses.
        output.WriteLine((await probe.StopAsync(CancellationToken.None)).Output);
        await FireAsync(["MerpatiLoginsGuessed", "MerpatiLoginsImpossible"], "passwords that are guessed", () => Task.WhenAll(Enumerable.Range(0, 10).Select(i => GuessAsync(server, $"guess{i}@{ClusterServer.Domain}"))));
        toRabbit.Cut();
        await FireAsync(["MerpatiBrokerAway", "MerpatiEventsLost"], "a broker that nobody reaches", () => SendAsync(server, bob.Address));
        toRabbit.Heal();

        await server.Cluster.First(ServiceKind.UserDirectory).KillAsync();
        await FireAsync(["MerpatiDirectoryAway", "MerpatiCallsFail", "MerpatiServiceDown", "MerpatiPodUnready", "MerpatiScrapeFails"], "UserDirectory is dead", () => LoginAsync(server, bob.Address, bob.Password));

        Assert.True(silent.Count == 0, string.Join('\n', silent));
        Assert.Equal(Prometheus.Alerts.Order(), made.Concat(NotHere.Keys).Order());

        async Task FireAsync(string[] alerts, string fault, Func<Task>? make, bool once = false)
        {
            using var patience = new CancellationTokenSource(Patience);
            // Not all at one moment: an alert about something that happened is over soon, one about what grows comes late.
            var fired = new HashSet<string>();
            for (var turn = 0; !alerts.All(fired.Contains); turn++)
            {
                if (patience.IsCancellationRequested)
                {
                    silent.Add($"{fault}: {string.Join(", ", alerts.Except(fired))} did not fire in {turn} turns; {string.Join(", ", fired)} did.");
                    break;
                }
                if (make is not null && (turn == 0 || !once)) await make();
                fired.UnionWith(await prometheus.FiringAsync());
                await Task.Delay(200, CancellationToken.None);
            }
            output.WriteLine($"{fault}: {string.Join(", ", alerts.Where(fired.Contains))}");
            made.UnionWith(alerts);
        }
    }

    private static async Task GreetAsync(int port)
    {
        await using var wire = await MailWire.ConnectAsync(port);
        await wire.SendAsync("CAPA");
        try { await wire.LineAsync(); }
        catch (IOException) { }
    }

    private static async Task LoginAsync(ClusterServer server, string address, string password)
    {
        await using var imap = await MailWire.ConnectAsync(server.ImapPort);
        if (await imap.ImapLineAsync() is { } greeting && greeting.Contains("OK", StringComparison.Ordinal)) await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
    }

    private static async Task SelectAsync(ClusterServer server, (string Address, string Password) account)
    {
        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{account.Address}\" \"{account.Password}\"");
        await imap.ImapAsync("SELECT INBOX");
    }

    private static async Task GuessAsync(ClusterServer server, string address)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SubmissionPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        for (var guess = 0; guess < 2; guess++) await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{address}\0guess {guess}")));
    }

    private static async Task SendAsync(ClusterServer server, string recipient)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await SendOverAsync(smtp, "sender@elsewhere.test", recipient);
    }

    private static async Task SubmitAsync(ClusterServer server, (string Address, string Password) account)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SubmissionPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account.Address}\0{account.Password}")));
        foreach (var recipient in RelayLoad.Recipients(6)) await SendOverAsync(smtp, account.Address, recipient);
    }

    private static async Task SendOverAsync(MailWire smtp, string sender, string recipient)
    {
        await smtp.SmtpAsync($"MAIL FROM:<{sender}>");
        await smtp.SmtpAsync($"RCPT TO:<{recipient}>");
        if ((await smtp.SmtpAsync("DATA")).StartsWith("354", StringComparison.Ordinal)) await smtp.SmtpDataAsync(Encoding.ASCII.GetBytes($"From: {sender}\r\nSubject: an alert\r\n\r\ntext\r\n"));
    }
}
