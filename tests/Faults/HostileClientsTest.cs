using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Merpati.TestKit;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>
/// Clients that flood, never end, never read or speak nonsense. Each gets an answer of its protocol or a closed connection, costs a bounded amount of memory,
/// and nobody else notices.
/// </summary>
public sealed class HostileClientsTest(ITestOutputHelper output) : IAsyncLifetime
{
    private const long Flood = 24 * 1024 * 1024;

    /// <summary>Above what the process took after warming up; a server that buffered any one of the floods would pass it.</summary>
    private const long MemoryLimit = 200 * 1024 * 1024;

    private StandaloneProcess _server = null!;

    private string Login => $"x LOGIN \"{_server.Accounts[0].Address}\" \"{_server.Accounts[0].Password}\"\r\n";

    public async Task InitializeAsync() => _server = await StandaloneProcess.StartAsync("--allow-plaintext-auth");

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Floods_are_answered_or_cut_off_in_bounded_memory()
    {
        await ServesAsync();
        var before = Memory();
        string[] transaction = ["EHLO c\r\n", "MAIL FROM:<a@b.test>\r\n", $"RCPT TO:<{_server.Accounts[0].Address}>\r\n"];
        string[] data = [.. transaction, "DATA\r\n"];
        string[] selected = [Login, "x SELECT INBOX\r\n"];
        var (smtp, imap, pop3) = (_server.SmtpPort, _server.ImapPort, _server.Pop3Port);

        await FloodAsync("a line without end", smtp, [], new string('x', 65536), Flood);
        await FloodAsync("a line without end", imap, [], new string('x', 65536), Flood);
        await FloodAsync("a line without end", pop3, [], new string('x', 65536), Flood);
        await FloodAsync("commands without reading", smtp, ["EHLO c\r\n"], Repeat("NOOP\r\n", 8192), 6_000_000);
        await FloodAsync("commands without reading", imap, selected, Repeat("x NOOP\r\n", 8192), 8_000_000);
        await FloodAsync("commands without reading", pop3, [], Repeat("CAPA\r\n", 8192), 6_000_000);
        await FloodAsync("a header without end", smtp, data, Repeat("X-More: and more\r\n", 4096), 2 * Flood);
        await FloodAsync("a header line without end", smtp, data, new string('h', 65536), 2 * Flood);
        await FloodAsync("recipients", smtp, transaction[..2], Repeat($"RCPT TO:<{_server.Accounts[0].Address}>\r\n", 1000), 3_000_000);
        await FloodAsync("AUTH without end", _server.SubmissionPort, ["EHLO c\r\n"], "AUTH PLAIN " + new string('A', 65536), Flood);
        await FloodAsync("a literal without end", imap, [Login], "x APPEND INBOX {400000000+}\r\n" + new string('x', 65536), Flood);
        await FloodAsync("literals without end", imap, [Login, "x SELECT INBOX\r\n"], "x SEARCH" + Repeat(" SUBJECT {10+}\r\n0123456789", 4000), Flood);
        await FloodAsync("not TLS", _server.ImapsPort, null, "GET / HTTP/1.0\r\n\r\n", 100_000);
        await FloodAsync("not TLS", _server.SubmissionsPort, null, new string('\u0016', 65536), 1_000_000);
        await FloodAsync("not TLS", _server.Pop3sPort, null, "\0\0\0\0", 100_000);

        var after = Memory();
        output.WriteLine($"resident {before >> 20} MiB before, {after >> 20} MiB after");
        Assert.InRange(after - before, long.MinValue, MemoryLimit);
        await ServesAsync();
        NoFaults();
    }

    [Fact]
    public async Task Nonsense_gets_the_protocols_own_error()
    {
        var noise = new byte[200_000];
        new Random(4711).NextBytes(noise);
        var bytes = Encoding.Latin1.GetString(noise);
        foreach (var port in new[] { _server.SmtpPort, _server.ImapPort, _server.Pop3Port }) await FloodAsync("noise", port, [], bytes, noise.Length);

        var smtp = _server.SmtpPort;
        var imap = _server.ImapPort;
        Assert.Contains("\n5", await SayAsync(smtp, [], "NO\0OP\r\nNOOP\r\n"), StringComparison.Ordinal);
        Assert.Contains("\n5", await SayAsync(smtp, ["EHLO c\r\n"], "MAIL FROM:<\u00ff\u00fe@x>\r\n"), StringComparison.Ordinal);
        Assert.Contains("501", await SayAsync(_server.SubmissionPort, ["EHLO c\r\n"], "AUTH PLAIN !!!!\r\n"), StringComparison.Ordinal);
        Assert.Contains("x BAD", await SayAsync(imap, [Login, "x SELECT INBOX\r\n"], "x SEARCH " + new string('(', 5000) + "\r\n"), StringComparison.Ordinal);
        Assert.Contains("x BAD", await SayAsync(imap, [Login, "x SELECT INBOX\r\n"], "x SEARCH " + Repeat("NOT ", 1500) + "ALL\r\n"), StringComparison.Ordinal);
        Assert.Contains("x BAD", await SayAsync(imap, [Login], "x APPEND INBOX {99999999999999999999999}\r\n"), StringComparison.Ordinal);
        Assert.Contains("x BAD", await SayAsync(imap, [Login, "x SELECT INBOX\r\n"], "x FETCH 99999999999999 UID\r\n"), StringComparison.Ordinal);
        Assert.Contains("x OK", await SayAsync(imap, [Login, "x SELECT INBOX\r\n"], "x UID FETCH " + Repeat("1:4294967295,", 500) + "* (UID)\r\n"), StringComparison.Ordinal);
        Assert.Contains("-ERR", await SayAsync(_server.Pop3Port, [], "PASS \0\u00ff\r\n"), StringComparison.Ordinal);

        await ServesAsync();
        NoFaults();
    }

    [Fact]
    public async Task Mail_that_nests_without_end_is_kept_and_read()
    {
        var (address, password) = _server.Accounts[0];
        string[] messages =
        [
            string.Concat(Enumerable.Range(0, 10_000).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")),
            Repeat("Content-Type: message/rfc822\r\n\r\n", 10_000),
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + Repeat("--b\r\n\r\nx\r\n", 100_000),
            "To: " + new string('(', 900) + "\r\n " + Repeat("a:b;,<@\r\n ", 5000) + "x\r\nSubject: \0\u00ff =?utf-8?q?" + new string('=', 500) + "\r\n\r\nbody \0\r\n",
        ];
        await using (var smtp = await MailWire.ConnectAsync(_server.SmtpPort))
        {
            await smtp.SmtpReplyAsync();
            await smtp.SmtpAsync("EHLO client.test");
            foreach (var message in messages)
            {
                await smtp.SmtpAsync("MAIL FROM:<sender@elsewhere.test>");
                await smtp.SmtpAsync($"RCPT TO:<{address}>");
                await smtp.SmtpAsync("DATA");
                Assert.StartsWith("250", await smtp.SmtpDataAsync(Encoding.Latin1.GetBytes(message)), StringComparison.Ordinal);
            }
        }
        await using var imap = await MailWire.ConnectAsync(_server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
        {
            while (!(await imap.ImapAsync("STATUS INBOX (MESSAGES)"))[0].Contains($"MESSAGES {messages.Length})", StringComparison.Ordinal)) patience.Token.ThrowIfCancellationRequested();
        }
        await imap.ImapAsync("SELECT INBOX");
        Assert.StartsWith("OK", (await imap.ImapAsync("FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[1.1.1.1.1] BODY.PEEK[HEADER])"))[^1], StringComparison.Ordinal);
        Assert.StartsWith("OK", (await imap.ImapAsync("SEARCH TEXT nowhere"))[^1], StringComparison.Ordinal);
        var whole = (await imap.ImapAsync("FETCH 1:* (BODY.PEEK[])")).Where(line => line.Contains(" FETCH ", StringComparison.Ordinal)).ToList();
        Assert.All(messages, message => Assert.Contains(whole, line => line.Contains(message, StringComparison.Ordinal)));
        NoFaults();
    }

    [Fact]
    public async Task What_was_sent_in_clear_after_STARTTLS_is_forgotten()
    {
        await using var smtp = await MailWire.ConnectAsync(_server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SendAsync("STARTTLS\r\nMAIL FROM:<injected@elsewhere.test>");
        Assert.StartsWith("220", await smtp.SmtpReplyAsync(), StringComparison.Ordinal);
        await smtp.StartTlsAsync();
        Assert.Contains("8BITMIME", await smtp.SmtpAsync("EHLO client.test"), StringComparison.Ordinal);

        await using var imap = await MailWire.ConnectAsync(_server.ImapPort);
        await imap.ImapLineAsync();
        await imap.SendAsync("a STARTTLS\r\nb NOOP");
        Assert.StartsWith("a OK", await imap.ImapLineAsync(), StringComparison.Ordinal);
        await imap.StartTlsAsync();
        await imap.SendAsync("c NOOP");
        Assert.StartsWith("c OK", await imap.ImapLineAsync(), StringComparison.Ordinal);

        await using var pop3 = await MailWire.ConnectAsync(_server.Pop3Port);
        await pop3.LineAsync();
        await pop3.SendAsync("STLS\r\nUSER injected");
        Assert.StartsWith("+OK", await pop3.LineAsync(), StringComparison.Ordinal);
        await pop3.StartTlsAsync();
        await pop3.SendAsync("PASS without-user");
        Assert.StartsWith("-ERR", await pop3.LineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_connections_come_and_go()
    {
        foreach (var port in new[] { _server.SmtpPort, _server.ImapPort, _server.Pop3Port, _server.ImapsPort })
        {
            var sockets = new List<Socket>();
            for (var i = 0; i < 1000; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync("127.0.0.1", port);
                sockets.Add(socket);
            }
            await ServesAsync();
            // Half with a farewell, half with a reset.
            foreach (var (socket, index) in sockets.Select((socket, index) => (socket, index)))
            {
                if (index % 2 == 0) socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Dispose();
            }
        }
        await ServesAsync();
        NoFaults();
    }

    /// <summary>Sends until the server closes, takes no more for two seconds, or all is sent; then half-closes, reads on and checks what came.</summary>
    private async Task FloodAsync(string name, int port, string[]? dialogue, string block, long total)
    {
        var text = await ConverseAsync(port, dialogue, Encoding.Latin1.GetBytes(block), total);
        output.WriteLine($"{name} to {port - _server.PortOffset}: {text.Length} octets, …{text[^Math.Min(100, text.Length)..].ReplaceLineEndings(" ")}");
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    private Task<string> SayAsync(int port, string[] dialogue, string last) => ConverseAsync(port, dialogue, Encoding.Latin1.GetBytes(last), last.Length);

    private static async Task<string> ConverseAsync(int port, string[]? dialogue, byte[] block, long total)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var stream = client.GetStream();
        var heard = new StringBuilder();
        if (dialogue is not null)
        {
            await HearAsync(stream, heard);
            foreach (var line in dialogue)
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(line));
                await HearAsync(stream, heard);
            }
        }
        try
        {
            for (long sent = 0; sent < total; sent += block.Length)
            {
                using var stall = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                await stream.WriteAsync(block.AsMemory(0, (int)Math.Min(block.Length, total - sent)), stall.Token);
            }
            client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (IOException) { } // closed on us: as it should be
        catch (OperationCanceledException) { return heard.ToString(); } // it waits for us to read: as it should as well
        var buffer = new byte[65536];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            // To the end, which has to come: our side is closed.
            for (int read; (read = await stream.ReadAsync(buffer, patience.Token)) > 0;)
            {
                if (heard.Length < 4_000_000) heard.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException) { }
        return heard.ToString();
    }

    private static async Task HearAsync(NetworkStream stream, StringBuilder heard)
    {
        var buffer = new byte[65536];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var from = heard.Length;
        do
        {
            var read = await stream.ReadAsync(buffer, patience.Token);
            if (read == 0) return;
            heard.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        while (!IsAnswered(heard.ToString(from, heard.Length - from)));
    }

    /// <summary>The last line of an answer: not untagged in the middle of IMAP's, not continued as in SMTP.</summary>
    private static bool IsAnswered(string text)
    {
        if (!text.EndsWith('\n')) return false;
        var last = text.TrimEnd().Split('\n')[^1];
        if (last.StartsWith("* OK [CAPABILITY", StringComparison.Ordinal)) return true;
        return !last.StartsWith("* ", StringComparison.Ordinal) && (last.Length < 4 || last[3] != '-' || !char.IsAsciiDigit(last[0]));
    }

    private async Task ServesAsync()
    {
        var (address, password) = _server.Accounts[0];
        await using var smtp = await MailWire.ConnectAsync(_server.SmtpPort);
        Assert.StartsWith("220", await smtp.SmtpReplyAsync(), StringComparison.Ordinal);
        await using var imap = await MailWire.ConnectAsync(_server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        Assert.StartsWith("OK", (await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\""))[^1], StringComparison.Ordinal);
        await using var pop3 = await MailWire.ConnectAsync(_server.Pop3sPort, tls: true);
        Assert.StartsWith("+OK", await pop3.LineAsync(), StringComparison.Ordinal);
    }

    private long Memory()
    {
        using var process = Process.GetProcessById(_server.ProcessId);
        return process.WorkingSet64;
    }

    private void NoFaults()
    {
        Assert.DoesNotContain(" fail: ", _server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(" crit: ", _server.Log, StringComparison.Ordinal);
    }

    private static string Repeat(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
