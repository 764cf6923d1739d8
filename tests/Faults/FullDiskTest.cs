using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Merpati.TestKit;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>The disk fills up while mail comes in. New mail is refused for now, what is there can be read, and with room everything goes on by itself.</summary>
public sealed class FullDiskTest(ITestOutputHelper output)
{
    private const int Senders = 6;
    private const int Refusals = 300;
    private const int SmallestPiece = 512 * 1024;
    private const int LargestPiece = 8 * 1024 * 1024;
    private const int Acknowledged = 50;

    private static readonly TimeSpan WaitForRoom = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, byte[]> _acknowledged = new();
    private readonly ConcurrentBag<string> _refusals = [];
    private int _next;

    [Fact]
    public async Task On_a_full_disk_mail_is_refused_and_read_and_nothing_acknowledged_is_lost()
    {
        await using var disk = await SmallDisk.MountAsync(megabytes: 48);
        await using var server = await StandaloneProcess.StartInAsync(Path.Combine(disk.Path, "data"));
        var process = server.ProcessId;
        var accounts = server.Accounts;

        await using (var early = await MailWire.ConnectAsync(server.SmtpPort))
        {
            await early.SmtpReplyAsync();
            await early.SmtpAsync("EHLO client.test");
            Assert.StartsWith("250", await SendAsync(early, accounts, 0), StringComparison.Ordinal);
        }
        await WaitForLedgerAsync(server); // one message is in the mailboxes before there is trouble

        var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendUntilRefusedAsync(server, accounts))).ToArray();
        var sending = Task.WhenAll(senders);
        // Room comes and goes in small pieces, so that every step of acceptance and delivery finds none at some time. A piece that helped nobody was too small for what waits; the next is larger.
        var piece = SmallestPiece;
        while (!sending.IsCompleted)
        {
            await disk.FillAsync();
            var refused = _refusals.Count;
            while (_refusals.Count < refused + 10 && !sending.IsCompleted) await Task.Delay(1);
            disk.Ease(piece);
            var acknowledged = _acknowledged.Count;
            var eased = Stopwatch.StartNew();
            while (_acknowledged.Count < acknowledged + 5 && eased.Elapsed < WaitForRoom && !sending.IsCompleted) await Task.Delay(1);
            piece = _acknowledged.Count > acknowledged ? SmallestPiece : Math.Min(piece * 2, LargestPiece);
        }
        await sending;
        output.WriteLine($"{_acknowledged.Count} acknowledged, {_refusals.Count} refused");
        Assert.All(_refusals, reply => Assert.StartsWith("452 4.3.1", reply, StringComparison.Ordinal));

        Assert.True(_acknowledged.Count >= Acknowledged, "the disk was full all of the time");

        await ReadAsync(server, disk, accounts[0]);

        disk.Free();
        await using (var late = await MailWire.ConnectAsync(server.SmtpPort))
        {
            await late.SmtpReplyAsync();
            await late.SmtpAsync("EHLO client.test");
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!(await SendAsync(late, accounts, Interlocked.Increment(ref _next))).StartsWith("250", StringComparison.Ordinal)) patience.Token.ThrowIfCancellationRequested();
        }
        var ledger = await WaitForLedgerAsync(server);
        output.WriteLine(ledger.ToString());
        Assert.Equal(0, ledger.GetProperty("unaccounted").GetInt64());
        Assert.Equal(_acknowledged.Count * 2, ledger.GetProperty("closed").GetProperty("delivered").GetInt64());
        Assert.Equal(process, server.ProcessId);
        foreach (var account in accounts) await CompareAsync(server, account);
    }

    private async Task SendUntilRefusedAsync(StandaloneProcess server, IReadOnlyList<(string Address, string Password)> accounts)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while ((_refusals.Count < Refusals || _acknowledged.Count < Acknowledged) && !patience.IsCancellationRequested)
        {
            var reply = await SendAsync(smtp, accounts, Interlocked.Increment(ref _next));
            if (reply.StartsWith("250", StringComparison.Ordinal)) continue;
            _refusals.Add(reply);
            await smtp.SmtpAsync("RSET");
            // A client that was told "later" does not come back at once.
            await Task.Delay(2, CancellationToken.None);
        }
    }

    private async Task<string> SendAsync(MailWire smtp, IReadOnlyList<(string Address, string Password)> accounts, int number)
    {
        var reply = await smtp.SmtpAsync("MAIL FROM:<sender@elsewhere.test>");
        if (!reply.StartsWith("250", StringComparison.Ordinal)) return reply;
        foreach (var (address, _) in accounts) await smtp.SmtpAsync($"RCPT TO:<{address}>");
        reply = await smtp.SmtpAsync("DATA");
        if (!reply.StartsWith("354", StringComparison.Ordinal)) return reply;
        var message = MessageOf(number);
        reply = await smtp.SmtpDataAsync(message);
        if (reply.StartsWith("250", StringComparison.Ordinal)) _acknowledged[number] = message;
        return reply;
    }

    /// <summary>Reading works, and what would need room is refused with a reason.</summary>
    private async Task ReadAsync(StandaloneProcess server, SmallDisk disk, (string Address, string Password) account)
    {
        await disk.FillAsync();
        await using var imap = await OpenAsync(server, account);
        Assert.EndsWith(Encoding.Latin1.GetString(MessageOf(0)), Encoding.Latin1.GetString(await imap.ImapFetchLiteralAsync("FETCH 1 BODY[]")), StringComparison.Ordinal);
        // An earlier rush may have left room within the stores' own files; that is used up first.
        string answer;
        using (var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            do
            {
                patience.Token.ThrowIfCancellationRequested();
                await disk.FillAsync();
                var large = new string('x', 1_000_000);
                answer = (await imap.ImapAsync($"APPEND Drafts {{{large.Length}+}}\r\n{large}"))[^1];
            }
            while (answer.StartsWith("OK", StringComparison.Ordinal));
        }
        Assert.Matches(@"^NO \[(UNAVAILABLE|OVERQUOTA|LIMIT)\]", answer);
        Assert.StartsWith("OK", (await imap.ImapAsync("NOOP"))[^1], StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(MessageOf(0)), Encoding.Latin1.GetString(await imap.ImapFetchLiteralAsync("FETCH 1 BODY[]")), StringComparison.Ordinal);

        await using var pop3 = await MailWire.ConnectAsync(server.Pop3sPort, tls: true);
        await pop3.LineAsync();
        await pop3.SendAsync($"USER {account.Address}");
        await pop3.LineAsync();
        await pop3.SendAsync($"PASS {account.Password}");
        Assert.StartsWith("+OK", await pop3.LineAsync(), StringComparison.Ordinal);
        Assert.EndsWith(Encoding.Latin1.GetString(MessageOf(0)), Encoding.Latin1.GetString(await pop3.Pop3MultilineAsync("RETR 1")), StringComparison.Ordinal);
    }

    private async Task CompareAsync(StandaloneProcess server, (string Address, string Password) account)
    {
        await using var imap = await OpenAsync(server, account);
        var found = new HashSet<int>();
        foreach (var line in (await imap.ImapAsync("FETCH 1:* (BODY.PEEK[])")).Where(line => line.Contains(" FETCH (", StringComparison.Ordinal)))
        {
            var start = line.IndexOf("X-Number: ", StringComparison.Ordinal);
            var number = int.Parse(line.AsSpan(start + 10, 8), CultureInfo.InvariantCulture);
            Assert.True(found.Add(number), $"{number} is there twice");
            var sent = MessageOf(number);
            Assert.Equal(Encoding.Latin1.GetString(sent), line.Substring(start, sent.Length));
        }
        Assert.Empty(_acknowledged.Keys.Except(found));
        Assert.Empty(found.Except(_acknowledged.Keys));
    }

    private static async Task<MailWire> OpenAsync(StandaloneProcess server, (string Address, string Password) account)
    {
        var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        Assert.StartsWith("OK", (await imap.ImapAsync($"LOGIN \"{account.Address}\" \"{account.Password}\""))[^1], StringComparison.Ordinal);
        Assert.StartsWith("OK", (await imap.ImapAsync("SELECT INBOX"))[^1], StringComparison.Ordinal);
        return imap;
    }

    private static byte[] MessageOf(int number)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"X-Number: {number:D8}\r\nFrom: sender@elsewhere.test\r\nSubject: number {number}\r\n\r\n"));
        // Of one chunk mostly, of several now and then.
        var lines = number % 10 == 9 ? 2000 : number % 7 * 30 + 10;
        for (var i = 0; i < lines; i++) text.Append(CultureInfo.InvariantCulture, $"line {i} of message {number}, which takes some room on a small disk\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static async Task<JsonElement> WaitForLedgerAsync(StandaloneProcess server)
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
