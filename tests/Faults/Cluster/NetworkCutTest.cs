using Merpati.Local.Cluster;
using Merpati.Local.ForTests;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>
/// The network between services is cut while both sides are alive. Clients are put off in the words of their protocol, within a bounded time and never for good; when the network is back
/// everything goes on by itself, and every promise is kept.
/// </summary>
[Collection(ClusterFaults.Name)]
public sealed class NetworkCutTest(ITestOutputHelper output)
{
    /// <summary>Longer than any time limit of a call between services, on a machine that is busy with other tests.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_cut_network_is_an_outage_and_no_loss()
    {
        var (mongoUri, rabbitUri) = (await TestMongo.ConnectionStringAsync(), (await TestBroker.UriAsync()).ToString());
        await using var toMongo = new SilentLink(PortOf(mongoUri));
        await using var toRabbit = new SilentLink(PortOf(rabbitUri));
        SilentLink? toDelivery = null, toDirectory = null;
        await using var server = await ClusterServer.StartAsync(toMongo.Through(mongoUri), toRabbit.Through(rabbitUri), settings =>
        {
            toDelivery = new SilentLink(settings.Layout().First(instance => instance.Kind == ServiceKind.Delivery).Ports.Rpc);
            toDirectory = new SilentLink(settings.Layout().First(instance => instance.Kind == ServiceKind.UserDirectory).Ports.Rpc);
            return settings with
            {
                Keys = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>
                {
                    [ServiceKind.SmtpIngress] = Keys(("rpc:userDirectory", toDirectory)),
                    [ServiceKind.ImapGateway] = Keys(("rpc:userDirectory", toDirectory), ("rpc:delivery", toDelivery)),
                    [ServiceKind.Pop3Gateway] = Keys(("rpc:userDirectory", toDirectory), ("rpc:delivery", toDelivery)),
                },
            };
        });
        await using var delivery = toDelivery!;
        await using var directory = toDirectory!;

        var load = new MailLoad(await server.AddAccountsAsync(Enumerable.Range(0, 10).Select(i => $"cut{i}")));
        var more = true;
        var sending = load.SendAsync(() => Volatile.Read(ref more), 6, () => server.SmtpPort);
        await AdvanceAsync(load, sending);

        await CutAsync("SmtpIngress and the gateways from UserDirectory", directory, async () =>
        {
            // Nobody has asked for this one yet: no cache knows it.
            Assert.Matches("^4", await RcptAsync(server, $"nobody@{ClusterServer.Domain}"));
            Assert.DoesNotMatch("^OK", await LoginAsync(server));
        });
        Assert.StartsWith("550 5.1.1", await RcptAsync(server, $"nobody@{ClusterServer.Domain}"), StringComparison.Ordinal);

        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{server.Accounts[0].Address}\" \"{server.Accounts[0].Password}\"");
        await CutAsync("the gateways from Delivery", delivery, async () =>
        {
            Assert.StartsWith("NO ", (await imap.ImapAsync("SELECT INBOX").WaitAsync(Patience))[^1], StringComparison.Ordinal);
            await using var pop3 = await MailWire.ConnectAsync(server.Pop3sPort, tls: true);
            await pop3.LineAsync();
            await pop3.SendAsync($"USER {server.Accounts[1].Address}");
            await pop3.LineAsync();
            await pop3.SendAsync($"PASS {server.Accounts[1].Password}");
            Assert.StartsWith("-ERR [SYS/TEMP]", await pop3.LineAsync().WaitAsync(Patience), StringComparison.Ordinal);
        });
        using (var patience = new CancellationTokenSource(Patience))
        {
            while (!(await imap.ImapAsync("SELECT INBOX"))[^1].StartsWith("OK", StringComparison.Ordinal)) patience.Token.ThrowIfCancellationRequested();
        }

        await CutAsync("all from the broker", toRabbit, () => AdvanceAsync(load, sending)); // slower, and that is all
        await CutAsync("all from the database", toMongo, async () =>
        {
            var refused = load.Refused;
            using var patience = new CancellationTokenSource(Patience);
            while (load.Refused == refused) await Task.Delay(20, patience.Token);
        });

        Volatile.Write(ref more, false);
        await sending;
        await ClusterLoad.ReadyAsync(server);
        await ClusterLoad.CheckAsync(server, load, output);

        async Task CutAsync(string what, SilentLink link, Func<Task> meanwhile)
        {
            await ClusterLoad.TellAsync(load, output, what, async () =>
            {
                link.Cut();
                try { await meanwhile(); }
                finally { link.Heal(); }
            });
            await AdvanceAsync(load, sending);
        }
    }

    private static async Task AdvanceAsync(MailLoad load, Task sending)
    {
        using var patience = new CancellationTokenSource(Patience);
        await ClusterLoad.AdvanceAsync(load, sending, messages: 40, patience.Token);
    }

    private static async Task<string> RcptAsync(ClusterServer server, string address)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<sender@elsewhere.test>");
        return await smtp.SmtpAsync($"RCPT TO:<{address}>").WaitAsync(Patience);
    }

    private static async Task<string> LoginAsync(ClusterServer server)
    {
        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        return (await imap.ImapAsync($"LOGIN \"{server.Accounts[0].Address}\" \"{server.Accounts[0].Password}\"").WaitAsync(Patience))[^1];
    }

    private static Dictionary<string, string> Keys(params (string Key, SilentLink Link)[] keys) => keys.ToDictionary(key => key.Key, key => key.Link.Address);

    /// <summary>Of the first host that a connection string names.</summary>
    private static int PortOf(string uri) => new Uri(uri).Port;
}
