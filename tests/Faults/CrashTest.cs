using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Merpati.TestKit;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>
/// 2,000 messages over 20 connections, while the process is killed with SIGKILL and started again at least 20 times.
/// A 250 is a promise: what got one is in the mailbox exactly once, byte for byte; what did not is there once or never.
/// </summary>
public sealed class CrashTest(ITestOutputHelper output)
{
    private const int Messages = 2000;
    private const int Connections = 20;
    private const int Kills = 20;
    private const int Accounts = 8;
    private const string Domain = "merpati.test";

    [Fact]
    public async Task Every_acknowledged_message_is_delivered_exactly_once_whenever_the_process_dies()
    {
        var seed = Environment.GetEnvironmentVariable("MERPATI_TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"MERPATI_TEST_SEED={seed}");
        var random = new Random(seed);
        await using var server = await StandaloneProcess.StartAsync();
        var accounts = Enumerable.Range(0, Accounts).Select(i => ($"crash{i}@{Domain}", "secret of " + i)).ToArray();
        foreach (var (address, password) in accounts) await server.AddAccountAsync(address, password);

        var acknowledged = new ConcurrentDictionary<string, byte[]>();
        var unanswered = new ConcurrentDictionary<string, byte[]>();
        var next = 0;
        using var finished = new CancellationTokenSource();
        var senders = Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            while (acknowledged.Count < Messages)
            {
                try
                {
                    await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
                    if (!(await smtp.SmtpReplyAsync()).StartsWith("220", StringComparison.Ordinal)) continue;
                    await smtp.SmtpAsync("EHLO client.test");
                    while (acknowledged.Count < Messages)
                    {
                        var number = Interlocked.Increment(ref next);
                        var id = $"m{number}";
                        var message = MessageOf(id, number);
                        if (!(await smtp.SmtpAsync("MAIL FROM:<sender@elsewhere.test>")).StartsWith("250", StringComparison.Ordinal)) break;
                        if (!(await smtp.SmtpAsync($"RCPT TO:<{accounts[number % Accounts].Item1}>")).StartsWith("250", StringComparison.Ordinal)) break;
                        if (!(await smtp.SmtpAsync("DATA")).StartsWith("354", StringComparison.Ordinal)) break;
                        unanswered[id] = message;
                        var reply = await smtp.SmtpDataAsync(message);
                        if (!reply.StartsWith("250", StringComparison.Ordinal)) break;
                        acknowledged[id] = message;
                        unanswered.TryRemove(id, out byte[]? _);
                    }
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
                {
                    await Task.Yield(); // the server is dead or being started: try again
                }
            }
        })).ToArray();

        var kills = 0;
        for (; kills < Kills; kills++)
        {
            // Die in the middle of the work: when a random further number of messages has been acknowledged.
            var mark = acknowledged.Count + random.Next(5, 2 * Messages / Kills - 30);
            while (acknowledged.Count < Math.Min(mark, Messages - 50) && !senders.All(sender => sender.IsCompleted)) await Task.Yield();
            await server.KillAsync();
            await server.RestartAsync();
        }
        await Task.WhenAll(senders);
        // Once more with nothing coming in: what is left in the queue must find its way after a restart too.
        await server.KillAsync();
        await server.RestartAsync();
        output.WriteLine($"{acknowledged.Count} acknowledged, {unanswered.Count} cut off before the answer, {kills + 1} kills");

        var ledger = await WaitForEmptyQueueAsync(server);
        output.WriteLine(ledger.ToString());
        Assert.Equal(0, ledger.GetProperty("unaccounted").GetInt64());

        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (address, password) in accounts)
        {
            await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
            await imap.ImapLineAsync();
            await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
            await imap.ImapAsync("SELECT INBOX");
            long lastUid = 0;
            foreach (var line in (await imap.ImapAsync("FETCH 1:* (UID BODY.PEEK[])")).Where(line => line.StartsWith("* ", StringComparison.Ordinal) && line.Contains(" FETCH (", StringComparison.Ordinal)))
            {
                var uid = long.Parse(line.AsSpan(line.IndexOf("UID ", StringComparison.Ordinal) + 4).ToString().Split(' ')[0], CultureInfo.InvariantCulture);
                Assert.True(uid > lastUid, "UIDs ascend");
                lastUid = uid;
                var start = line.IndexOf("X-Crash-Id: ", StringComparison.Ordinal);
                var id = line.AsSpan(start + 12).ToString().Split('\r')[0];
                found[id] = found.GetValueOrDefault(id) + 1;
                Assert.True(acknowledged.TryGetValue(id, out var sent) || unanswered.TryGetValue(id, out sent), $"{id} was never sent");
                Assert.Equal(Encoding.Latin1.GetString(sent!), line.Substring(start, sent!.Length));
            }
        }
        var lost = acknowledged.Keys.Where(id => !found.ContainsKey(id)).ToArray();
        var doubled = found.Where(pair => pair.Value > 1).Select(pair => pair.Key).ToArray();
        output.WriteLine($"found {found.Count}, lost {lost.Length}, doubled {doubled.Length}");
        Assert.Empty(lost);
        Assert.Empty(doubled);
        Assert.True(kills >= Kills);
        Assert.True(acknowledged.Count >= Messages);
    }

    private static byte[] MessageOf(string id, int number)
    {
        var text = new StringBuilder($"X-Crash-Id: {id}\r\nFrom: sender@elsewhere.test\r\nMessage-ID: <{id}@crash.test>\r\nSubject: number {number}\r\n\r\n");
        // From a few hundred octets to over a hundred thousand, so that contents of one and of several chunks are hit.
        var lines = number % 50 == 0 ? 2000 : number % 7 * 20 + 5;
        for (var i = 0; i < lines; i++) text.Append(CultureInfo.InvariantCulture, $"{(i % 9 == 0 ? "." : "")}line {i} of message {number}, which is here to take some room\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static async Task<JsonElement> WaitForEmptyQueueAsync(StandaloneProcess server)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var status = await server.MerpatiAsync(null, "queue", "status", "--json");
            Assert.True(status.ExitCode == 0, status.ToString());
            var ledger = JsonDocument.Parse(status.Output).RootElement.GetProperty("ledger").Clone();
            if (ledger.GetProperty("open").GetInt64() == 0) return ledger;
            patience.Token.ThrowIfCancellationRequested();
        }
    }
}
