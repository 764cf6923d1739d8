using System.Globalization;
using System.Text;
using System.Text.Json;
using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Xunit.Abstractions;

namespace Merpati.Tests.EndToEnd;

/// <summary>The chart's dashboards over real services: a panel that is empty while mail flows would be empty for the SRE too.</summary>
public sealed class ClusterDashboards(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>What an expression asks for that has no series as long as all goes well; AlertTest makes most of it.</summary>
    private static readonly string[] OnlyInTrouble =
    [
        "status!=\"OK\"", "status=~\"Unavailable", "code=\"451\"", "code=\"452\"", "merpati_health_missing", "merpati_storage_operation_failures", "merpati_storage_transaction_retries",
        "merpati_rpc_client_retries", "merpati_listener_rejected_connections", "merpati_smtp_door_refusals", "merpati_smtp_rate_alarms", "leases_lost", "merpati_relay_possible_doubles",
        "merpati_bus_failed_sends", "merpati_bus_dropped_events", "merpati_bus_dead_letters",
    ];

    /// <summary>What is not done here, and why.</summary>
    private static readonly Dictionary<string, string> NotHere = new()
    {
        ["merpati_smtp_dns_lists"] = "lists are off by default",
        ["merpati_content_collected_bytes"] = "a message's octets are removed a day after it",
        ["merpati_directory_cache_answers_total{namespace=\"mail\",component=\"imap-gateway\"}"] = "asked for access rights only",
    };

    [Fact]
    public async Task Every_panel_shows_something_while_mail_flows()
    {
        await using var dns = DnsTestServer.Start("there.test MX 10 mx.there.test\nmx.there.test A 127.0.0.1\nelsewhere.test TXT \"v=spf1 ip4:127.0.0.1 -all\"");
        await using var there = ScriptedSmtpServer.Start();
        var prometheusPort = 0;
        await using var server = await ClusterServer.StartAsync(settings =>
        {
            prometheusPort = settings.FirstPort + settings.Ports;
            return settings with
            {
                Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>
                {
                    [ServiceKind.SmtpIngress] = new Dictionary<string, string> { ["dns:servers:0"] = dns.Address, ["smtpIngress:checks:exemptNetworks:0"] = "192.0.2.0/24" },
                    [ServiceKind.OutboundRelay] = new Dictionary<string, string> { ["dns:servers:0"] = dns.Address, ["outboundRelay:port"] = there.Port.ToString(CultureInfo.InvariantCulture), ["destinations:allowPrivateAddresses"] = "true" },
                },
            };
        });
        var probePort = FreePorts.Take();
        await using var probe = ProbeProcess.Start(server, server.Accounts[1], server.Cluster.Folder, probePort, pop3: true, "--every", "00:00:01");
        await using var prometheus = await Prometheus.StartAsync(server.Cluster, server.Cluster.Folder, prometheusPort, null, (probePort, "probe"));

        var empty = Directory.EnumerateFiles(Path.Combine(Prometheus.ChartFiles, "dashboards"), "*.json").SelectMany(Panels).Where(panel => !OnlyInTrouble.Concat(NotHere.Keys).Any(panel.Expression.Contains)).ToList();
        Assert.NotEmpty(empty);
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await WorkAsync(server);
            var still = new List<(string Panel, string Expression)>();
            foreach (var panel in empty) if (await prometheus.CountAsync(panel.Expression) == 0) still.Add(panel);
            empty = still;
            if (empty.Count == 0 || patience.IsCancellationRequested) break;
        }
        output.WriteLine($"{there.Messages.Count} messages were relayed meanwhile.");
        Assert.True(empty.Count == 0, string.Join('\n', empty.Select(panel => $"{panel.Panel}: {panel.Expression}")));
    }

    private static IEnumerable<(string Panel, string Expression)> Panels(string file)
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               where panel.TryGetProperty("targets", out _)
               from target in panel.GetProperty("targets").EnumerateArray()
               where target.GetProperty("datasource").GetProperty("type").GetString() == "prometheus"
               select ($"{Path.GetFileNameWithoutExtension(file)}, {panel.GetProperty("title").GetString()}",
                   target.GetProperty("expr").GetString()!.Replace("$namespace", Prometheus.Namespace, StringComparison.Ordinal).Replace("$__rate_interval", "15s", StringComparison.Ordinal)),
        ];
    }

    /// <summary>A bit of what clients and other servers do all day, with a wrong password now and then.</summary>
    private static async Task WorkAsync(ClusterServer server)
    {
        var (address, password) = server.Accounts[0];
        await server.AddAccountsAsync("u" + Guid.NewGuid().ToString("N"));
        await using (var smtp = await MailWire.ConnectAsync(server.SmtpPort))
        {
            await smtp.SmtpReplyAsync();
            await smtp.SmtpAsync("EHLO client.test");
            await smtp.SmtpAsync("VRFY nobody");
            await SendAsync(smtp, "sender@elsewhere.test", address);
            await SendAsync(smtp, "sender@elsewhere.test", $"nobody@{ClusterServer.Domain}");
        }
        await using (var smtp = await MailWire.ConnectAsync(server.SubmissionPort))
        {
            await smtp.SmtpReplyAsync();
            await smtp.SmtpAsync("EHLO client.test");
            await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{address}\0{password}")));
            await SendAsync(smtp, address, "friend@there.test");
            // Something that waits, for the panels of the local queue.
            await SendAsync(smtp, address, address, " HOLDFOR=600");
        }
        await using (var imap = await MailWire.ConnectAsync(server.ImapPort))
        {
            await imap.ImapLineAsync();
            await imap.ImapAsync($"LOGIN \"{address}\" wrong");
            await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("FETCH 1:* (FLAGS ENVELOPE)");
            await imap.ImapAsync("SEARCH TEXT panels");
            await imap.ImapAsync("STORE 1 +FLAGS (\\Seen)");
            await imap.ImapAsync("NOOP");
        }
        await using (var pop3 = await MailWire.ConnectAsync(server.Pop3Port))
        {
            await pop3.LineAsync();
            foreach (var command in new[] { "USER " + address, "PASS " + password, "STAT" })
            {
                await pop3.SendAsync(command);
                await pop3.LineAsync();
            }
            await pop3.Pop3MultilineAsync("RETR 1");
            foreach (var command in new[] { "DELE 1", "QUIT" })
            {
                await pop3.SendAsync(command);
                await pop3.LineAsync();
            }
        }
    }

    private static async Task SendAsync(MailWire smtp, string sender, string recipient, string parameters = "")
    {
        await smtp.SmtpAsync($"MAIL FROM:<{sender}>{parameters}");
        await smtp.SmtpAsync($"RCPT TO:<{recipient}>");
        if ((await smtp.SmtpAsync("DATA")).StartsWith("354", StringComparison.Ordinal))
            await smtp.SmtpDataAsync(Encoding.ASCII.GetBytes($"From: {sender}\r\nTo: {recipient}\r\nSubject: panels\r\nMessage-ID: <{Guid.NewGuid():N}@elsewhere.test>\r\n\r\ntext for the panels\r\n"));
    }
}
