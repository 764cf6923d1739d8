using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Merpati.Platform.Tls;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>Start, stop, configuration, and the words a person reads when something is wrong.</summary>
public sealed class Lifecycle
{
    [Fact]
    public async Task Standalone_started_without_configuration_makes_a_demo_that_works_and_keeps_it()
    {
        await using var server = await StandaloneProcess.StartAsync();
        Assert.Equal(2, server.Accounts.Count);
        Assert.True(File.Exists(server.Certificate));
        var (address, password) = server.Accounts[0];
        await LogInAsync(server, address, password);
        Assert.Equal(0, await server.StopAsync());
        await server.RestartAsync();
        await LogInAsync(server, address, password);
    }

    [Fact]
    public async Task SIGTERM_says_goodbye_in_the_words_of_each_protocol_and_ends_with_0()
    {
        await using var server = await StandaloneProcess.StartAsync();
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        var exit = server.StopAsync();
        Assert.StartsWith("421 4.3.2", await smtp.SmtpReplyAsync());
        Assert.StartsWith("* BYE", await imap.ImapLineAsync());
        Assert.Equal(0, await exit);
    }

    [Fact]
    public async Task SIGTERM_lets_a_message_that_is_being_sent_finish()
    {
        await using var server = await StandaloneProcess.StartAsync();
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<x@elsewhere.test>");
        await smtp.SmtpAsync($"RCPT TO:<{server.Accounts[0].Address}>");
        await smtp.SmtpAsync("DATA");
        await smtp.SendAsync("Subject: half");
        var exit = server.StopAsync();
        await WaitUntilRefusedAsync(server.SmtpPort);
        await smtp.SendAsync("\r\nthe other half\r\n.");
        Assert.StartsWith("250 2.0.0", await smtp.SmtpReplyAsync());
        Assert.Equal(0, await exit);
        await server.RestartAsync();
        var queue = await server.MerpatiAsync(null, "queue", "status", "--json");
        Assert.Equal(0, queue.ExitCode);
    }

    [Fact]
    public async Task Readiness_metrics_and_the_admin_API_are_there()
    {
        await using var server = await StandaloneProcess.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Http };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode);
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("merpati_mail_unaccounted", metrics, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/admin/v1/accounts", UriKind.Relative))).StatusCode);
        var admin = Path.Combine(server.Data, "admin.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(admin));
    }

    [Fact]
    public async Task Merpati_manages_accounts_aliases_and_shows_the_way_of_a_message()
    {
        await using var server = await StandaloneProcess.StartAsync("--no-demo");
        Assert.Equal(0, (await server.MerpatiAsync(null, "domain", "add", "example.test")).ExitCode);
        var added = await server.MerpatiAsync("first secret\n", "account", "add", "ann@example.test", "--password-stdin");
        Assert.True(added.ExitCode == 0, added.ToString());
        await LogInAsync(server, "ann@example.test", "first secret");
        Assert.Equal(0, (await server.MerpatiAsync("second secret\n", "account", "password", "ann@example.test", "--password-stdin")).ExitCode);
        await LogInAsync(server, "ann@example.test", "second secret");
        Assert.Equal(0, (await server.MerpatiAsync(null, "alias", "add", "info@example.test", "ann@example.test")).ExitCode);

        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<x@elsewhere.test>");
        Assert.StartsWith("550 5.1.1", await smtp.SmtpAsync("RCPT TO:<nobody@example.test>"));
        Assert.StartsWith("250", await smtp.SmtpAsync("RCPT TO:<info@example.test>"));
        await smtp.SmtpAsync("DATA");
        Assert.StartsWith("250", await smtp.SmtpDataAsync("Message-ID: <trace-me@elsewhere.test>\r\nSubject: trace\r\n\r\nhello\r\n"u8.ToArray()));
        var trace = "";
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!trace.Contains("delivered", StringComparison.OrdinalIgnoreCase))
        {
            patience.Token.ThrowIfCancellationRequested();
            trace = (await server.MerpatiAsync(null, "trace", "<trace-me@elsewhere.test>")).Output;
        }
        Assert.Contains("accepted", trace, StringComparison.OrdinalIgnoreCase);
        var json = JsonDocument.Parse((await server.MerpatiAsync(null, "account", "list", "--json")).Output).RootElement;
        Assert.Contains("ann@example.test", json.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("portOfset: 3\n", "portOfset")]
    [InlineData("portOffset: many\n", "portOffset")]
    [InlineData("listen: not-an-address\n", "listen")]
    [InlineData("tls:\n  certificate: /nowhere/cert.pem\n  key: /nowhere/key.pem\n", "/nowhere/cert.pem")]
    [InlineData("smtpIngress:\n  maxMesageSize: 3\n", "maxMesageSize")]
    [InlineData("smtpIngress:\n  maxMessageSize: 3\n", "smtpIngress:maxMessageSize")]
    [InlineData("connections:\n  perPort: 0\n", "connections:perPort")]
    [InlineData("smtpIngress:\n  maxMessageSize: many\n", "smtpIngress:maxMessageSize")]
    [InlineData("userDirectory:\n  trustedNetworks: [home]\n", "userDirectory:trustedNetworks")]
    [InlineData("a: [\n", "YAML")]
    public async Task A_wrong_configuration_is_one_clear_line_and_an_exit_code(string yaml, string named)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "merpati.yaml");
        await File.WriteAllTextAsync(file, yaml);
        var result = await RunAsync("--data", Path.Combine(folder.Path, "data"), "--config", file);
        Assert.True(result.ExitCode is 2 or 4, result.ToString());
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Contains(named, Assert.Single(result.Error.Split('\n'), line => line.StartsWith("merpati-standalone: ", StringComparison.Ordinal)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_store_that_cannot_be_opened_is_one_clear_line_and_an_exit_code()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "queue.db"), new string('x', 10_000));
        var result = await RunAsync("--data", folder.Path, "--port-offset", "51000");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("queue", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_and_a_folder_that_is_in_use_are_named()
    {
        await using var server = await StandaloneProcess.StartAsync();
        using var folder = new TemporaryFolder();
        var ports = await RunAsync("--data", folder.Path, "--port-offset", server.PortOffset.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.NotEqual(0, ports.ExitCode);
        Assert.Contains("in use", ports.Error, StringComparison.OrdinalIgnoreCase);
        var data = await RunAsync("--data", server.Data, "--port-offset", "51000");
        Assert.NotEqual(0, data.ExitCode);
        Assert.Contains(server.Data, data.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_of_the_running_server_is_a_data_folder()
    {
        using var folder = new TemporaryFolder();
        var copy = Path.Combine(folder.Path, "copy");
        (string Address, string Password) ann;
        await using (var server = await StandaloneProcess.StartAsync())
        {
            ann = server.Accounts[0];
            await AppendAsync(server, ann, "kept");
            var backup = await server.MerpatiAsync(null, "backup", copy);
            Assert.True(backup.ExitCode == 0, backup.ToString());
            Assert.Equal(1, (await server.MerpatiAsync(null, "backup", copy)).ExitCode); // not over another backup
            await AppendAsync(server, ann, "after");
            var check = await server.MerpatiAsync(null, "check");
            Assert.True(check.ExitCode == 0, check.ToString());
            Assert.Equal(6, check.Output.Split(": ok").Length - 1); // five files, and that they fit together
        }
        await using var restored = await StandaloneProcess.StartInAsync(copy);
        await using var imap = await MailWire.ConnectAsync(restored.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        Assert.StartsWith("OK", (await imap.ImapAsync($"LOGIN \"{ann.Address}\" \"{ann.Password}\""))[^1]);
        await imap.ImapAsync("SELECT INBOX");
        Assert.Equal("* SEARCH 1", (await imap.ImapAsync("SEARCH SUBJECT kept"))[0]);
        Assert.Equal("* SEARCH", (await imap.ImapAsync("SEARCH SUBJECT after"))[0].TrimEnd());
    }

    [Fact]
    public async Task Passwords_are_not_taken_without_TLS()
    {
        await using var server = await StandaloneProcess.StartAsync();
        await using var imap = await MailWire.ConnectAsync(server.ImapPort);
        Assert.Contains("LOGINDISABLED", await imap.ImapLineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("NO", (await imap.ImapAsync("LOGIN a b"))[^1]);
        await using var smtp = await MailWire.ConnectAsync(server.SubmissionPort);
        await smtp.SmtpReplyAsync();
        Assert.DoesNotContain("AUTH", await smtp.SmtpAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("5", await smtp.SmtpAsync("AUTH PLAIN AGEAYg=="));
        await using var pop3 = await MailWire.ConnectAsync(server.Pop3Port);
        await pop3.LineAsync();
        await pop3.SendAsync("USER a");
        Assert.StartsWith("-ERR", await pop3.LineAsync());
    }

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart()
    {
        using var folder = new TemporaryFolder();
        var files = SelfSignedCertificate.Ensure(folder.Path, ["first.example.test"], TimeProvider.System);
        var config = Path.Combine(folder.Path, "merpati.json");
        await File.WriteAllTextAsync(config, $$"""{ "tls": { "certificate": "{{files.Certificate}}", "key": "{{files.Key}}" }, "domains": ["example.test"] }""");
        await using var server = await StandaloneProcess.StartAsync("--config", config);
        Assert.Equal("CN=first.example.test", await CertificateOfAsync(server.ImapsPort));
        Assert.Empty(server.Accounts);
        SelfSignedCertificate.Ensure(folder.Path, ["second.example.test"], TimeProvider.System);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await CertificateOfAsync(server.ImapsPort) != "CN=second.example.test") patience.Token.ThrowIfCancellationRequested();
    }

    private static async Task<string> CertificateOfAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("");
        return tls.RemoteCertificate!.Subject;
    }

    private static async Task<CommandResult> RunAsync(params string[] arguments)
        => await Command.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "Merpati.Standalone.dll"), .. arguments]);

    private static async Task AppendAsync(StandaloneProcess server, (string Address, string Password) account, string subject)
    {
        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{account.Address}\" \"{account.Password}\"");
        var message = $"Subject: {subject}\r\n\r\nbody\r\n";
        await imap.SendAsync($"x APPEND INBOX {{{message.Length}+}}\r\n{message}");
        while (await imap.ImapLineAsync() is { } line)
        {
            if (!line.StartsWith("x ", StringComparison.Ordinal)) continue;
            Assert.StartsWith("x OK", line);
            return;
        }
    }

    private static async Task LogInAsync(StandaloneProcess server, string address, string password)
    {
        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        Assert.StartsWith("OK", (await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\""))[^1]);
    }

    /// <summary>The listener is gone: draining has begun.</summary>
    private static async Task WaitUntilRefusedAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            try { await using var probe = await MailWire.ConnectAsync(port); }
            catch (SocketException) { return; }
        }
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("merpati-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
