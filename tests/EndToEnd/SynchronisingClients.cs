using System.Text;
using System.Text.Json;

namespace Merpati.Tests.EndToEnd;

/// <summary>Programs that keep a copy of the mail elsewhere: what they hold in the end is what the server holds, byte for byte and flag for flag.</summary>
public abstract class SynchronisingClients(MailServerFixture merpati) : ClientTests(merpati)
{
    [Fact]
    public async Task OfflineIMAP_brings_messages_and_flags_both_ways_and_keywords_here()
    {
        var account = await Merpati.NewAccountAsync("offlineimap");
        await AppendSamplesAsync(account, 0, 12, number => (number % 4) switch { 0 => "", 1 => "\\Seen", 2 => "\\Seen \\Flagged work", _ => "\\Answered \\Draft" });
        await AppendSamplesAsync(account, 12, 3, mailbox: "Archive");
        var here = Path.Combine(Folder, "Offline");
        var rc = Write("offlineimaprc", $"""
            [general]
            accounts = a
            metadata = {Folder}/metadata
            ui = basic

            [Account a]
            localrepository = here
            remoterepository = there

            [Repository here]
            type = Maildir
            localfolders = {here}
            customflag_a = work
            customflag_b = urgent

            [Repository there]
            type = IMAP
            remotehost = localhost
            remoteport = {Merpati.Server.ImapsPort}
            remoteuser = {account.Address}
            remotepass = {account.Password}
            ssl = yes
            sslcacertfile = {Merpati.Server.Certificate}
            folderfilter = lambda name: name in ['INBOX', 'Archive']
            """);
        await Succeeds("offlineimap", ["-c", rc, "-o"]);
        await EqualAsync();

        // Each side changes: flags, a message more, one less. Keywords are brought here only: OfflineIMAP cannot do more.
        var inbox = Path.Combine(here, "INBOX");
        Reflag(inbox, "sample-4@far.test", "FS");
        Reflag(inbox, "sample-2@far.test", "Sa");
        Reflag(inbox, "sample-5@far.test", "ST");
        await File.WriteAllBytesAsync(Path.Combine(inbox, "new", "1700000000.1_1.here,U=0,FMD5=0"), WithLf(Sample(account.Address, 40)));
        await using (var imap = await Merpati.ImapAsync(account))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 8 +FLAGS (urgent \\Flagged)");
            await imap.ImapAsync("UID STORE 10 +FLAGS (\\Deleted)");
            await imap.ImapAsync("UID EXPUNGE 10");
        }
        await AppendSamplesAsync(account, 50, 1, _ => "work");
        await Succeeds("offlineimap", ["-c", rc, "-o"]);
        await EqualAsync();
        var messages = await Merpati.MessagesAsync(account);
        Assert.Equal(13, messages.Count);
        Assert.Equal("\\Deleted \\Seen", messages.Single(mail => MessageId(mail.Text) == "sample-5@far.test").Flags);
        Assert.Equal("\\Flagged \\Seen", messages.Single(mail => MessageId(mail.Text) == "sample-4@far.test").Flags);
        Assert.Equal("\\Answered \\Draft \\Flagged urgent", messages.Single(mail => MessageId(mail.Text) == "sample-7@far.test").Flags);

        var before = Directory.GetFiles(here, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        await Succeeds("offlineimap", ["-c", rc, "-o"]);
        Assert.Equal(before, Directory.GetFiles(here, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.Equal(messages, await Merpati.MessagesAsync(account));

        async Task EqualAsync()
        {
            foreach (var mailbox in (string[])["INBOX", "Archive"])
            {
                var there = await Merpati.MessagesAsync(account, mailbox);
                var copy = ReadMaildir(Path.Combine(here, mailbox));
                Assert.Equal(
                    there.Select(mail => (mail.Text, MaildirFlags(mail.Flags) + (HasKeyword(mail, "work") ? "a" : "") + (HasKeyword(mail, "urgent") ? "b" : ""))).Order(),
                    copy.Values.Select(mail => (mail.Text, mail.Flags)).Order());
            }
        }
    }

    [Fact]
    public async Task Two_devices_with_mbsync_and_a_third_client_change_the_same_messages_and_end_equal()
    {
        var account = await Merpati.NewAccountAsync("devices");
        await AppendSamplesAsync(account, 0, 30, number => number % 2 == 0 ? "\\Seen" : "");
        await AppendSamplesAsync(account, 30, 6, mailbox: "Archive");
        var devices = ((string[])["tablet", "laptop"]).Select(name => (Mail: Path.Combine(Folder, name), Rc: Write(name + ".rc", MbsyncRc(account, name)))).ToArray();
        foreach (var device in devices)
        {
            Directory.CreateDirectory(device.Mail);
            await Succeeds("mbsync", ["-c", device.Rc, "-a"]);
        }
        await AllEqualAsync();

        var (tablet, laptop) = (Path.Combine(devices[0].Mail, "INBOX"), Path.Combine(devices[1].Mail, "INBOX"));
        Reflag(tablet, "sample-1@far.test", "F");
        Reflag(laptop, "sample-1@far.test", "RS");
        Reflag(tablet, "sample-2@far.test", "ST"); // deleted here, flagged there
        Reflag(laptop, "sample-2@far.test", "FS");
        Reflag(tablet, "sample-3@far.test", "T"); // deleted by both
        Reflag(laptop, "sample-3@far.test", "T");
        Reflag(tablet, "sample-4@far.test", "");
        Reflag(laptop, "sample-4@far.test", "S");
        Reflag(Path.Combine(devices[1].Mail, "Archive"), "sample-31@far.test", "FS");
        await File.WriteAllBytesAsync(Path.Combine(tablet, "cur", "1700000001.M1P1.tablet:2,S"), WithLf(Sample(account.Address, 60)));
        await File.WriteAllBytesAsync(Path.Combine(laptop, "new", "1700000002.M2P2.laptop"), WithLf(Sample(account.Address, 61)));
        await using (var imap = await Merpati.ImapAsync(account))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 2,6 +FLAGS (\\Draft work)");
            await imap.ImapAsync("UID MOVE 7:8 Archive");
            await imap.ImapAsync("UID STORE 9 +FLAGS (\\Deleted)");
            await imap.ImapAsync("UID EXPUNGE 9");
        }
        await Task.WhenAll(devices.Select(device => Succeeds("mbsync", ["-c", device.Rc, "-a"])));
        for (var round = 0; round < 2; round++)
        {
            foreach (var device in devices) await Succeeds("mbsync", ["-c", device.Rc, "-a"]);
        }
        await AllEqualAsync();
        var inbox = (await Merpati.MessagesAsync(account)).ToDictionary(mail => MessageId(mail.Text), StringComparer.Ordinal);
        Assert.Equal("\\Answered \\Draft \\Flagged \\Seen work", inbox["sample-1@far.test"].Flags);
        Assert.Equal("", inbox["sample-4@far.test"].Flags);
        Assert.DoesNotContain("sample-3@far.test", inbox.Keys);
        Assert.DoesNotContain("sample-8@far.test", inbox.Keys);
        Assert.Contains("sample-60@far.test", inbox.Keys);
        Assert.Contains("sample-61@far.test", inbox.Keys);
        Assert.Equal(8, (await Merpati.MessagesAsync(account, "Archive")).Count);

        async Task AllEqualAsync()
        {
            foreach (var mailbox in (string[])["INBOX", "Archive"])
            {
                var there = (await Merpati.MessagesAsync(account, mailbox)).Select(mail => (WithoutTuid(mail.Text), MaildirFlags(mail.Flags))).Order().ToList();
                foreach (var device in devices) Assert.Equal(there, ReadMaildir(Path.Combine(device.Mail, mailbox)).Values.Select(mail => (WithoutTuid(mail.Text), mail.Flags)).Order());
            }
        }
    }

    [Theory]
    [InlineData("IMAP")]
    [InlineData("POP3")]
    public async Task Getmail_takes_what_is_new_and_then_empties_the_mailbox(string protocol)
    {
        var account = await Merpati.NewAccountAsync("getmail-" + protocol.ToLowerInvariant());
        await AppendSamplesAsync(account, 0, 9);
        var maildir = Path.Combine(Folder, "Getmail");
        Directory.CreateDirectory(Path.Combine(maildir, "new"));
        string Rc(bool delete) => Write("getmailrc", $"""
            [retriever]
            type = Simple{protocol}SSLRetriever
            server = localhost
            port = {(protocol == "IMAP" ? Merpati.Server.ImapsPort : Merpati.Server.Pop3sPort)}
            username = {account.Address}
            password = {account.Password}
            ca_certs = {Merpati.Server.Certificate}

            [destination]
            type = MDA_external
            path = /bin/sh
            arguments = ("-c", "cat > \"$(mktemp {maildir}/new/XXXXXXXX)\"")
            allow_root_commands = True
            unixfrom = False

            [options]
            delivered_to = false
            received = false
            read_all = false
            delete = {delete}
            """);
        await Succeeds("getmail", ["--getmaildir", Folder, "--rcfile", Rc(delete: false)]);
        Assert.Equal((await Merpati.MessagesAsync(account)).Select(mail => mail.Text).Order(StringComparer.Ordinal), Copy());

        await AppendSamplesAsync(account, 9, 2);
        var second = await Succeeds("getmail", ["--getmaildir", Folder, "--rcfile", Rc(delete: true)]);
        Assert.Contains("2 messages", second.Output, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, 11).Select(number => Encoding.Latin1.GetString(Sample(account.Address, number))).Order(StringComparer.Ordinal), Copy());
        Assert.Empty(await Merpati.MessagesAsync(account));

        // Getmail has headers of its own: Return-Path before the message, and where it comes from at the end of the headers.
        IEnumerable<string> Copy() => ReadMaildir(maildir).Values
            .Select(mail => mail.Text[mail.Text.IndexOf("From: a@far.test", StringComparison.Ordinal)..].Replace("X-getmail-retrieved-from-mailbox: INBOX\r\n", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Python_imaplib_appends_searches_stores_sorts_and_moves()
    {
        var account = await Merpati.NewAccountAsync("imaplib");
        await AppendSamplesAsync(account, 0, 6, number => number == 3 ? "\\Flagged" : "");
        var script = Write("session.py", """
            import imaplib, json, ssl, sys, time
            port, certificate, user, password = sys.argv[1:]
            imaplib._MAXLINE = 10_000_000
            m = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=ssl.create_default_context(cafile=certificate))
            def ok(answer):
                assert answer[0] == 'OK', answer
                return answer[1]
            ok(m.login(user, password))
            ok(m.enable('CONDSTORE'))
            ok(m.create('Python'))
            ok(m.subscribe('Python'))
            assert any(b'Python' in line for line in ok(m.list())), m.list()
            assert any(b'Python' in line for line in ok(m.lsub()))
            message = 'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <python@here.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nÄpfel\r\n'.encode()
            ok(m.append('Python', '(\\Seen work)', imaplib.Time2Internaldate(1_700_000_000), message))
            found = {}
            assert ok(m.select('Python')) == [b'1']
            m.literal = 'GRÜßE'.encode()
            found['subject'] = ok(m.search('utf-8', 'SUBJECT'))[0].decode()
            m.literal = 'äpfel'.encode()
            found['body'] = ok(m.uid('SEARCH', 'CHARSET', 'UTF-8', 'BODY'))[0].decode()
            found['date'] = time.mktime(imaplib.Internaldate2tuple(ok(m.fetch('1', 'INTERNALDATE'))[0]))
            assert ok(m.fetch('1', '(BODY.PEEK[])'))[0][1] == message
            ok(m.close())
            assert ok(m.select('INBOX')) == [b'6']
            found['sorted'] = ok(m.sort('(REVERSE SUBJECT)', 'UTF-8', 'ALL'))[0].decode()
            found['threads'] = ok(m.thread('REFERENCES', 'UTF-8', 'ALL'))[0].decode()
            ok(m.store('1:2', '+FLAGS.SILENT', '(\\Answered $Forwarded)'))
            ok(m.uid('STORE', '3', '-FLAGS', '(\\Flagged)'))
            ok(m.copy('1', 'Python'))
            ok(m.uid('MOVE', '2', 'Python'))
            ok(m.store('5', '+FLAGS', '(\\Deleted)'))
            assert ok(m.expunge())[-1] == b'5'
            ok(m.getquotaroot('INBOX'))
            ok(m.noop())
            ok(m.delete('Drafts'))
            ok(m.rename('Python', 'Snake'))
            found['status'] = ok(m.status('Snake', '(MESSAGES UIDNEXT UNSEEN)'))[0].decode()
            m.logout()
            print(json.dumps(found))
            """);
        var result = await Succeeds("python3", [script, $"{Merpati.Server.ImapsPort}", Merpati.Server.Certificate, account.Address, account.Password]);
        var found = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("1", found.GetProperty("subject").GetString());
        Assert.Equal("1", found.GetProperty("body").GetString());
        Assert.Equal(1_700_000_000, found.GetProperty("date").GetDouble());
        Assert.Equal("6 5 4 3 2 1", found.GetProperty("sorted").GetString());
        Assert.Equal("(1)(2)(3)(4)(5)(6)", found.GetProperty("threads").GetString());
        Assert.Equal("Snake (MESSAGES 3 UIDNEXT 4 UNSEEN 2)", found.GetProperty("status").GetString());
        Assert.Equal([(1, "$Forwarded \\Answered"), (3, ""), (4, "\\Flagged"), (5, "")], (await Merpati.MessagesAsync(account)).Select(mail => ((int)mail.Uid, mail.Flags)));
        var snake = await Merpati.MessagesAsync(account, "Snake");
        Assert.Equal([(1, "\\Seen work"), (2, "$Forwarded \\Answered"), (3, "$Forwarded \\Answered")], snake.Select(mail => ((int)mail.Uid, mail.Flags)));
        Assert.Equal(Encoding.Latin1.GetString(Sample(account.Address, 1)), snake[2].Text);
    }

    private string MbsyncRc((string Address, string Password) account, string device) => $"""
        {MbsyncFar(account)}
        MaildirStore near
        Path {Folder}/{device}/
        Inbox {Folder}/{device}/INBOX
        SubFolders Verbatim

        Channel c
        Far :far:
        Near :near:
        Patterns INBOX Archive
        Create Near
        Expunge Both
        SyncState *

        """;

    private static bool HasKeyword(StoredMail mail, string keyword) => mail.Flags.Split(' ').Contains(keyword, StringComparer.Ordinal);

    /// <summary>Gives the file of a message other flags in its name, as a Maildir's reader does.</summary>
    private static void Reflag(string maildir, string messageId, string flags)
    {
        var file = ((string[])["cur", "new"]).SelectMany(part => Directory.GetFiles(Path.Combine(maildir, part))).Single(file => MessageId(File.ReadAllText(file, Encoding.Latin1)) == messageId);
        var name = Path.GetFileName(file).Split(":2,")[0];
        File.Move(file, Path.Combine(maildir, "cur", $"{name}:2,{flags}"));
    }

    private static byte[] WithLf(byte[] message) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(message).ReplaceLineEndings("\n"));
}

public sealed class SynchronisingClientsOfStandalone(StandaloneFixture merpati) : SynchronisingClients(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class SynchronisingClientsOfCluster(ClusterFixture merpati) : SynchronisingClients(merpati);
