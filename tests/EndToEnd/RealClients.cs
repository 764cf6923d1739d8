using System.Text;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>The clients that people use, from Debian, against the real process.</summary>
public abstract class RealClients(MailServerFixture merpati) : ClientTests(merpati)
{
    [Fact]
    public async Task Curl_submits_over_TLS_and_reads_over_IMAPS_and_POP3S()
    {
        var account = await Merpati.NewAccountAsync("curl");
        var message = Mail.Simple(account.Address, account.Address, "from curl");
        var file = Write("mail.eml", message);
        var certificate = Merpati.Server.Certificate;
        string[] login = ["--cacert", certificate, "--user", $"{account.Address}:{account.Password}", "-sS"];
        await Succeeds("curl", [.. login, "--url", $"smtps://localhost:{Merpati.Server.SubmissionsPort}", "--mail-from", account.Address, "--mail-rcpt", account.Address, "--upload-file", file]);
        await Succeeds("curl", [.. login, "--ssl-reqd", "--url", $"smtp://localhost:{Merpati.Server.SubmissionPort}", "--mail-from", account.Address, "--mail-rcpt", account.Address, "--upload-file", file]);
        await Merpati.WaitForMessagesAsync(account, 2);

        var fetched = await Succeeds("curl", [.. login, "--url", $"imaps://localhost:{Merpati.Server.ImapsPort}/INBOX;UID=1"]);
        Assert.EndsWith(Encoding.ASCII.GetString(message), fetched.Output);
        var listed = await Succeeds("curl", [.. login, "--ssl-reqd", "--url", $"imap://localhost:{Merpati.Server.ImapPort}/", "--request", "LIST \"\" *"]);
        Assert.Contains("INBOX", listed.Output, StringComparison.Ordinal);
        var pop = await Succeeds("curl", [.. login, "--url", $"pop3s://localhost:{Merpati.Server.Pop3sPort}/2"]);
        Assert.EndsWith(Encoding.ASCII.GetString(message), pop.Output);
        var popStartTls = await Succeeds("curl", [.. login, "--ssl-reqd", "--url", $"pop3://localhost:{Merpati.Server.Pop3Port}/1"]);
        Assert.EndsWith(Encoding.ASCII.GetString(message), popStartTls.Output);
        var appended = await Succeeds("curl", [.. login, "--url", $"imaps://localhost:{Merpati.Server.ImapsPort}/Archive", "--upload-file", file]);
        Assert.Equal(0, appended.ExitCode);
    }

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task Swaks_authenticates_over_STARTTLS(string mechanism)
    {
        var account = await Merpati.NewAccountAsync("swaks-" + mechanism.ToLowerInvariant());
        var result = await Succeeds("swaks", ["--server", $"127.0.0.1:{Merpati.Server.SubmissionPort}", "--tls", "--auth", mechanism, "--auth-user", account.Address, "--auth-password", account.Password, "--from", account.Address, "--to", account.Address, "--attach", "@/etc/hostname"]);
        Assert.Contains("250 2.0.0", result.Output, StringComparison.Ordinal);
        await Merpati.WaitForMessagesAsync(account, 1);
    }

    [Fact]
    public async Task Swaks_is_refused_as_a_relay_and_for_unknown_users()
    {
        var relay = await Command.RunAsync("swaks", ["--server", $"127.0.0.1:{Merpati.Server.SmtpPort}", "--from", "a@elsewhere.test", "--to", "b@other.test", "--quit-after", "RCPT"]);
        Assert.Contains("550 5.7.1", relay.Output, StringComparison.Ordinal);
        var unknown = await Command.RunAsync("swaks", ["--server", $"127.0.0.1:{Merpati.Server.SmtpPort}", "--from", "a@elsewhere.test", "--to", "nobody-here@" + Merpati.Ann.Address.Split('@')[1], "--quit-after", "RCPT"]);
        Assert.Contains("550 5.1.1", unknown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Msmtp_sends()
    {
        var account = await Merpati.NewAccountAsync("msmtp");
        var rc = Write("msmtprc", $"account default\nhost localhost\nport {Merpati.Server.SubmissionPort}\ntls on\ntls_starttls on\ntls_trust_file {Merpati.Server.Certificate}\nauth scram-sha-256\nuser {account.Address}\npassword \"{account.Password}\"\nfrom {account.Address}\n");
        await Succeeds("msmtp", ["-C", rc, account.Address], Encoding.ASCII.GetString(Mail.Simple(account.Address, account.Address, "msmtp")));
        await Merpati.WaitForMessagesAsync(account, 1);
    }

    [Fact]
    public async Task Mbsync_synchronises_500_messages_both_ways_and_then_has_nothing_to_do()
    {
        var account = await Merpati.NewAccountAsync("mbsync");
        var maildir = Path.Combine(Folder, "Mail", "INBOX");
        foreach (var part in (string[])["cur", "new", "tmp"]) Directory.CreateDirectory(Path.Combine(maildir, part));
        for (var i = 0; i < 250; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(maildir, "cur", $"{1_700_000_000 + i}.M{i}P1.test:2,{(i % 2 == 0 ? "S" : "")}"), Encoding.ASCII.GetBytes($"From: a@local.test\nTo: {account.Address}\nSubject: local {i}\nMessage-ID: <local-{i}@local.test>\n\nlocal body {i}\n"));
        }
        for (var i = 0; i < 250; i += 50) await AppendAsync(account, i, 50);

        var rc = Write("mbsyncrc", $"{MbsyncFar(account)}\nMaildirStore near\nPath {Folder}/Mail/\nInbox {maildir}\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nExpunge Both\nSyncState *\n");
        await Succeeds("mbsync", ["-c", rc, "-a"]);
        Assert.Equal(500, Directory.GetFiles(Path.Combine(maildir, "cur")).Length + Directory.GetFiles(Path.Combine(maildir, "new")).Length);
        await using (var imap = await Merpati.ImapAsync(account))
        {
            Assert.Contains("* 500 EXISTS", await imap.ImapAsync("SELECT INBOX"));
            await imap.ImapAsync("STORE 1:10 +FLAGS (\\Flagged)");
            await imap.ImapAsync("STORE 11:20 +FLAGS (\\Deleted)");
            await imap.ImapAsync("EXPUNGE");
        }
        await Succeeds("mbsync", ["-c", rc, "-a"]);
        var files = Directory.GetFiles(Path.Combine(maildir, "cur")).Concat(Directory.GetFiles(Path.Combine(maildir, "new"))).ToArray();
        Assert.Equal(490, files.Length);
        Assert.Equal(10, files.Count(file => file.Split(":2,").Last().Contains('F', StringComparison.Ordinal)));
        var idle = await Succeeds("mbsync", ["-c", rc, "-a", "-V"]);
        Assert.DoesNotContain("Propagating", idle.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(490, Directory.GetFiles(Path.Combine(maildir, "cur")).Length + Directory.GetFiles(Path.Combine(maildir, "new")).Length);
    }

    [Fact]
    public async Task Fetchmail_takes_everything_over_POP3_and_empties_the_maildrop()
    {
        var account = await Merpati.NewAccountAsync("fetchmail");
        for (var i = 0; i < 5; i++) Assert.StartsWith("250", await Merpati.DeliverAsync(account.Address, Mail.Simple("x@elsewhere.test", account.Address, $"fetch {i}")));
        await Merpati.WaitForMessagesAsync(account, 5);
        var box = Path.Combine(Folder, "box");
        var rc = Write("fetchmailrc", $"poll localhost protocol pop3 port {Merpati.Server.Pop3sPort} user \"{account.Address}\" password \"{account.Password}\" ssl sslcertck sslcertfile \"{Merpati.Server.Certificate}\" no keep mda \"/bin/sh -c 'cat >> {box}'\"\n");
        await Succeeds("fetchmail", ["-f", rc, "--pidfile", Path.Combine(Folder, "pid"), "-i", Path.Combine(Folder, "ids"), "--nosyslog"]);
        var text = await File.ReadAllTextAsync(box);
        Assert.Equal(5, text.Split("Subject: fetch ").Length - 1);
        await using var imap = await Merpati.ImapAsync(account);
        Assert.Contains("* 0 EXISTS", await imap.ImapAsync("SELECT INBOX"));
    }

    [Fact]
    public async Task Mutt_sends_with_an_attachment_and_moves_mail_between_mailboxes()
    {
        var account = await Merpati.NewAccountAsync("mutt");
        var rc = Write("muttrc", $"set ssl_force_tls=yes\nset certificate_file=\"{Merpati.Server.Certificate}\"\nset ssl_usesystemcerts=no\nset ssl_verify_host=no\nset smtp_url=\"smtps://{account.Address.Replace("@", "%40", StringComparison.Ordinal)}@localhost:{Merpati.Server.SubmissionsPort}/\"\nset smtp_pass=\"{account.Password}\"\nset imap_user=\"{account.Address}\"\nset imap_pass=\"{account.Password}\"\nset folder=\"imaps://localhost:{Merpati.Server.ImapsPort}/\"\nset spoolfile=\"=INBOX\"\nset record=\"=Sent\"\nset from=\"{account.Address}\"\nset realname=\"Mutt\"\nset confirmappend=no\nset delete=yes\nset move=no\nset mail_check_stats=no\nset header_cache=\"\"\nset quit=yes\n");
        var attachment = Write("notes.txt", "an attachment\n"u8.ToArray());
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["HOME"] = Folder, ["TERM"] = "xterm" };
        var sent = await Command.RunAsync("mutt", ["-F", rc, "-s", "from mutt", "-a", attachment, "--", account.Address], "Hello from mutt\n", environment);
        Assert.True(sent.ExitCode == 0, sent.ToString());
        await Merpati.WaitForMessagesAsync(account, 1);
        await Merpati.WaitForMessagesAsync(account, 1, "Sent");
        var moved = await Command.RunAsync("script", ["-qec", $"mutt -F {rc} -e 'push \"<save-message>=Archive<enter><sync-mailbox><quit>\"'", "/dev/null"], null, environment);
        Assert.True(moved.ExitCode == 0, moved.ToString());
        await Merpati.WaitForMessagesAsync(account, 1, "Archive");
    }

    private async Task AppendAsync((string Address, string Password) account, int from, int count)
    {
        await using var imap = await Merpati.ImapAsync(account);
        for (var i = from; i < from + count; i++)
        {
            var message = Encoding.ASCII.GetBytes($"From: b@far.test\r\nTo: {account.Address}\r\nSubject: far {i}\r\nMessage-ID: <far-{i}@far.test>\r\n\r\nfar body {i}\r\n");
            await imap.SendAsync(Encoding.ASCII.GetBytes($"a{i} APPEND INBOX (\\Seen) {{{message.Length}+}}\r\n"));
            await imap.SendAsync(message);
            await imap.SendAsync("");
            while (await imap.ImapLineAsync() is { } line)
            {
                if (!line.StartsWith($"a{i} ", StringComparison.Ordinal)) continue;
                Assert.Contains("APPENDUID", line, StringComparison.Ordinal);
                break;
            }
        }
    }
}

public sealed class RealClientsOfStandalone(StandaloneFixture merpati) : RealClients(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class RealClientsOfCluster(ClusterFixture merpati) : RealClients(merpati);
