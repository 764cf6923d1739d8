using System.Diagnostics;
using System.Text;
using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>
/// Two Deliveries and two IMAP gateways with the same mailbox open: clients on both change it at random while mail arrives over both ingresses. Each is told only what
/// it may be told, and in the end all of them know the same mailbox, which is the one that a newcomer sees.
/// </summary>
[Collection(ClusterFaults.Name)]
public sealed class SharedMailboxTest(ITestOutputHelper output)
{
    private const int ClientsPerGateway = 3;
    private const int CommandsPerClient = 120;
    private const int MessagesAtStart = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string[] Flags = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Forwarded", "Shared"];

    [Fact]
    public async Task Clients_on_two_gateways_keep_the_same_view_of_one_mailbox()
    {
        var seed = Seed.Take(output);
        await using var server = await ClusterServer.StartAsync(ClusterLoad.TwoOfEach);
        var account = (await server.AddAccountsAsync(["shared"]))[0];
        int[] gateways = [.. server.Cluster.Of(ServiceKind.ImapGateway).Select(gateway => gateway.Ports.Mail["imaps"])];
        int[] ingresses = [.. server.Cluster.Of(ServiceKind.SmtpIngress).Select(ingress => ingress.Ports.Mail["smtp"])];

        var clients = new List<MailboxClient>();
        try
        {
            for (var i = 0; i < ClientsPerGateway * gateways.Length; i++) clients.Add(await MailboxClient.OpenAsync($"client {i}", gateways[i % gateways.Length], account, Patience));
            for (var i = 0; i < MessagesAtStart; i++) await clients[i % clients.Count].AppendAsync(Message($"start {i}"), Flags[i % 3]);

            var mails = await Task.WhenAll(clients.Select((client, i) => Task.Run(() => PlayAsync(client, new Random(seed + i), account.Address, ingresses))));
            await server.WaitForEmptyQueueAsync(Patience);

            var size = await AgreeAsync(clients, gateways, account);
            output.WriteLine($"{clients.Sum(client => client.Commands)} commands of {clients.Count} clients on {gateways.Length} gateways, {mails.Sum()} mails over {ingresses.Length} ingresses, {size} messages in the end; "
                + $"told: {clients.Sum(client => client.Arrivals)} arrivals, {clients.Sum(client => client.Expunges)} EXPUNGE, {clients.Sum(client => client.News)} FETCH unasked; all views equal");
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
        }
    }

    /// <summary>Does this and that to the mailbox. Returns how many mails it sent.</summary>
    private static async Task<int> PlayAsync(MailboxClient client, Random random, string address, int[] ingresses)
    {
        var mails = 0;
        for (var i = 0; i < CommandsPerClient; i++)
        {
            var flag = Flags[random.Next(Flags.Length)];
            var (add, silent) = (random.Next(3) > 0, random.Next(2) == 0);
            var first = client.Count == 0 ? 0 : random.Next(client.Count) + 1;
            var last = Math.Min(client.Count, first + random.Next(4));
            switch (random.Next(100))
            {
                case < 14:
                    await client.AppendAsync(Message($"{client.Name} {i}"), flag);
                    break;
                case < 22:
                    await SendAsync(ingresses[random.Next(ingresses.Length)], address, Message($"mail of {client.Name} {i}"));
                    mails++;
                    break;
                case < 30:
                    await client.IdleAsync(TimeSpan.FromMilliseconds(random.Next(20, 400)));
                    break;
                case < 38:
                    await client.NoopAsync();
                    break;
                case < 42:
                    await client.ExpungeAsync();
                    break;
                case var _ when first == 0:
                    await client.NoopAsync();
                    break;
                case < 46 when client.UidOf(first) is { } uid:
                    await client.UidStoreAsync(first, add: true, silent, "\\Deleted");
                    await client.UidExpungeAsync(uid);
                    break;
                case < 60 when client.UidOf(first) is not null:
                    await client.UidStoreAsync(first, add, silent, flag);
                    break;
                case < 80:
                    await client.StoreAsync(first, last, add, silent, flag);
                    break;
                default:
                    await client.FetchAsync(first, last);
                    break;
            }
        }
        return mails;
    }

    /// <summary>Lets all hear the last news, which one NOOP brings unless a look at the mailbox failed, and compares them with newcomers. Returns how many messages there are.</summary>
    private static async Task<int> AgreeAsync(List<MailboxClient> clients, int[] gateways, (string Address, string Password) account)
    {
        var views = new List<IReadOnlyList<string>>();
        foreach (var gateway in gateways)
        {
            await using var newcomer = await MailboxClient.OpenAsync($"newcomer on {gateway}", gateway, account, Patience);
            await newcomer.LearnAsync();
            views.Add(newcomer.View);
        }
        foreach (var view in views) Assert.Equal(views[0], view);
        foreach (var client in clients)
        {
            var started = Stopwatch.GetTimestamp();
            await client.NoopAsync();
            await client.LearnAsync();
            while (!client.View.SequenceEqual(views[0]))
            {
                if (Stopwatch.GetElapsedTime(started) > Patience)
                {
                    var (knows, isTrue) = (client.View.Except(views[0]), views[0].Except(client.View));
                    throw client.Wrong($"knows {string.Join(", ", knows)}, where a newcomer sees {string.Join(", ", isTrue)}");
                }
                await Task.Delay(500);
                await client.NoopAsync();
                await client.LearnAsync();
            }
        }
        return views[0].Count;
    }

    private static async Task SendAsync(int port, string address, string message)
    {
        await using var smtp = await MailWire.ConnectAsync(port);
        smtp.Patience = Patience;
        await smtp.SmtpReplyAsync();
        foreach (var command in (string[])["EHLO client.test", "MAIL FROM:<sender@elsewhere.test>", $"RCPT TO:<{address}>", "DATA"]) Assert.Matches("^(250|354)", await smtp.SmtpAsync(command));
        Assert.StartsWith("250", await smtp.SmtpDataAsync(Encoding.ASCII.GetBytes(message)), StringComparison.Ordinal);
    }

    private static string Message(string subject) => $"From: sender@elsewhere.test\r\nSubject: {subject}\r\n\r\nOf {subject}.\r\n";
}
