using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd.Thunderbird;

/// <summary>
/// Thunderbird with a profile as people have it: IMAP over TLS, mail kept offline, SMTP to send. It asks the server for nothing at intervals,
/// so that all that it hears of by itself it was told in IDLE.
/// </summary>
public abstract partial class ThunderbirdClient(MailServerFixture merpati) : ClientTests(merpati), IAsyncLifetime
{
    private ThunderbirdProcess? _thunderbird;

    private ThunderbirdProcess Thunderbird => _thunderbird ?? throw new InvalidOperationException("It was not started.");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_thunderbird is not null) await _thunderbird.DisposeAsync();
    }

    [Fact]
    public async Task It_keeps_offline_what_the_server_holds_octet_for_octet()
    {
        var account = await Merpati.NewAccountAsync("thunderbird-offline");
        await AppendSamplesAsync(account, 0, 12, number => (number % 4) switch { 0 => "", 1 => "\\Seen", 2 => "\\Seen \\Flagged work $label1", _ => "\\Answered \\Seen" });
        await AppendSamplesAsync(account, 12, 3, mailbox: "Archive");
        await AppendAsync(account, "Subject: mbox\r\nMessage-ID: <mbox@far.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nFrom here\r\n>From there\r\n>>From afar\r\nGr\u00fc\u00dfe\r\n\r\n\r\n");
        await AppendAsync(account, $"Subject: long\r\nMessage-ID: <long@far.test>\r\n\r\n{new string('x', 20_000)}\r\n{string.Concat(Enumerable.Repeat("all of it\r\n", 20_000))}no line end");
        await StartAsync(account);
        await KeepsAllAsync(account, "INBOX", "Archive");
    }

    [Fact]
    public async Task It_hears_in_IDLE_of_mail_of_flags_and_of_what_is_gone()
    {
        var account = await Merpati.NewAccountAsync("thunderbird-idle");
        await AppendSamplesAsync(account, 0, 4, _ => "\\Seen");
        await StartAsync(account);

        Assert.StartsWith("250", await Merpati.DeliverAsync(account.Address, Sample(account.Address, 20)));
        await Thunderbird.RunAsync("await until(() => message('INBOX', 'sample-20@far.test'))");
        await using (var imap = await Merpati.ImapAsync(account))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 1 -FLAGS (\\Seen)");
            await imap.ImapAsync("UID STORE 2 +FLAGS (\\Flagged $label2)");
            await imap.ImapAsync("UID STORE 3 +FLAGS (\\Deleted)");
            await imap.ImapAsync("UID EXPUNGE 3");
        }
        await Thunderbird.RunAsync("await until(() => !message('INBOX', 'sample-2@far.test') && !message('INBOX', 'sample-0@far.test').isRead && message('INBOX', 'sample-1@far.test').isFlagged)");
        await SameAsync(account, "INBOX");
    }

    [Fact]
    public async Task What_it_marks_moves_copies_and_deletes_is_so_on_the_server()
    {
        var account = await Merpati.NewAccountAsync("thunderbird-changes");
        await AppendSamplesAsync(account, 0, 6);
        await StartAsync(account);
        await Thunderbird.RunAsync("""
            const inbox = folder("INBOX");
            const one = number => message("INBOX", `sample-${number}@far.test`);
            inbox.markMessagesFlagged([one(0), one(1)], true);
            inbox.markMessagesRead([one(1)], true);
            inbox.addKeywordsToMessages([one(2)], "$label1 mine");
            await listen(it => MailServices.copy.copyMessages(inbox, [one(3)], folder("Archive"), true, it, screen.msgWindow, false));
            await listen(it => MailServices.copy.copyMessages(inbox, [one(2)], folder("Archive"), false, it, screen.msgWindow, false));
            await listen(it => inbox.deleteMessages([one(4)], screen.msgWindow, false, true, it, false));
            server.rootFolder.createSubfolder("Entwürfe 2026", screen.msgWindow);
            await until(() => folder("Entwürfe 2026"));
            await listen(it => MailServices.copy.copyMessages(inbox, [one(5)], folder("Entwürfe 2026"), true, it, screen.msgWindow, false));
            """);
        await Merpati.WaitForMessagesAsync(account, 1, "Trash");
        Assert.Equal(["sample-0: \\Flagged", "sample-1: \\Flagged \\Seen", "sample-2: $label1 mine"], await OnServerAsync("INBOX"));
        Assert.Equal(["sample-2: $label1 mine", "sample-3: "], await OnServerAsync("Archive"));
        Assert.Equal(["sample-4: "], await OnServerAsync("Trash"));
        Assert.Equal(["sample-5: "], await OnServerAsync("\"Entw&APw-rfe 2026\""));

        async Task<IEnumerable<string>> OnServerAsync(string mailbox)
            => (await Merpati.MessagesAsync(account, mailbox)).Select(mail => $"{MessageId(mail.Text).Split('@')[0]}: {mail.Flags}").Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_it_sends_arrives_and_lies_in_Sent_and_what_is_not_ready_in_Drafts()
    {
        var account = await Merpati.NewAccountAsync("thunderbird-sends");
        var other = await Merpati.NewAccountAsync("thunderbird-receives");
        await StartAsync(account);
        await Thunderbird.RunAsync("""
            const write = async (subject, how) => {
              const { defaultAccount: mine } = MailServices.accounts;
              const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
              fields.from = mine.defaultIdentity.email;
              fields.to = given[0];
              fields.subject = subject;
              const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
              await listen(it => send.createAndSendMessage(null, mine.defaultIdentity, mine.key, fields, false, false, how, null, "text/plain", "Hällo\r\nFrom here\r\n.\r\n", null, null, it, "", "", Ci.nsIMsgCompType.New));
            };
            await write("Grüße", Ci.nsIMsgSend.nsMsgDeliverNow);
            await write("not yet", Ci.nsIMsgSend.nsMsgSaveAsDraft);
            """, other.Address);
        await Merpati.WaitForMessagesAsync(other, 1);
        var received = Assert.Single(await Merpati.MessagesAsync(other));
        var sent = Assert.Single(await Merpati.MessagesAsync(account, "Sent"));
        Assert.Equal("\\Seen", sent.Flags);
        Assert.EndsWith(sent.Text, received.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nH\u00c3\u00a4llo\r\nFrom here\r\n.\r\n", sent.Text, StringComparison.Ordinal);
        var draft = Assert.Single(await Merpati.MessagesAsync(account, "Drafts"));
        Assert.Contains("\\Draft", draft.Flags, StringComparison.Ordinal);
        Assert.Contains("\r\nSubject: not yet\r\n", draft.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_it_was_away_it_catches_up(bool condStore)
    {
        var account = await Merpati.NewAccountAsync("thunderbird-away-" + (condStore ? "condstore" : "plain"));
        await AppendSamplesAsync(account, 0, 8, _ => "\\Seen");
        await StartAsync(account, condStore);
        await Thunderbird.QuitAsync();
        await using (var imap = await Merpati.ImapAsync(account))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 2:3 -FLAGS (\\Seen)");
            await imap.ImapAsync("UID STORE 4 +FLAGS (\\Flagged $label3)");
            await imap.ImapAsync("UID MOVE 5:6 Archive");
        }
        await AppendSamplesAsync(account, 8, 2);

        await Thunderbird.StartAsync();
        await OpenAsync();
        await KeepsAllAsync(account, "INBOX", "Archive");
    }

    private async Task StartAsync((string Address, string Password) account, bool condStore = false)
    {
        _thunderbird = new ThunderbirdProcess(Folder, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["mail.server.default.use_condstore"] = condStore ? "true" : "false",
            ["mail.server.default.check_new_mail"] = "false",
            ["mail.server.default.login_at_startup"] = "false",
            // Else it takes messages when it finds the time.
            ["mail.server.default.autosync_offline_stores"] = "false",
        });
        await Thunderbird.StartAsync();
        var certificate = (await File.ReadAllTextAsync(Merpati.Server.Certificate)).Split("-----")[2].ReplaceLineEndings("");
        await Thunderbird.RunAsync("""
            const [user, password, imaps, submissions, certificate] = given;
            // Of an authority, or of the server alone.
            const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
            certificates.addCertFromBase64(certificate, "C,,");
            const known = certificates.constructX509FromBase64(certificate);
            const trusted = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
            for (const [scheme, port] of [["imap", imaps], ["smtp", submissions]]) {
              trusted.rememberValidityOverride("localhost", port, {}, known, false);
              const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
              login.init(`${scheme}://localhost`, null, `${scheme}://localhost`, user, password, "", "");
              await Services.logins.addLoginAsync(login);
            }
            const incoming = MailServices.accounts.createIncomingServer(user, "localhost", "imap");
            incoming.port = imaps;
            const outgoing = MailServices.outgoingServer.createServer("smtp").QueryInterface(Ci.nsISmtpServer);
            outgoing.hostname = "localhost";
            outgoing.port = submissions;
            outgoing.username = user;
            for (const one of [incoming, outgoing]) {
              one.socketType = Ci.nsMsgSocketType.SSL;
              one.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
            }
            const identity = MailServices.accounts.createIdentity();
            identity.email = user;
            identity.smtpServerKey = outgoing.key;
            const account = MailServices.accounts.createAccount();
            account.addIdentity(identity);
            account.incomingServer = incoming;
            MailServices.accounts.defaultAccount = account;
            """, account.Address, account.Password, Merpati.Server.ImapsPort, Merpati.Server.SubmissionsPort, certificate);
        await OpenAsync();
    }

    /// <summary>Lists the mailboxes, opens two of them and takes their messages; then it is in IDLE.</summary>
    private async Task OpenAsync() => await Thunderbird.RunAsync("""
        await listen(it => MailServices.imap.discoverAllFolders(server.rootFolder, it, screen.msgWindow));
        for (const name of ["Archive", "INBOX"]) {
          await listen(it => folder(name).updateFolderWithListener(screen.msgWindow, it));
          await listen(it => folder(name).downloadAllForOffline(it, screen.msgWindow));
        }
        """);

    private async Task KeepsAllAsync((string Address, string Password) account, params string[] mailboxes)
    {
        foreach (var mailbox in mailboxes)
        {
            var there = await SameAsync(account, mailbox);
            var kept = ReadMbox(Path.Combine(Thunderbird.Profile, "ImapMail", "localhost", mailbox)).ToLookup(MessageId, StringComparer.Ordinal);
            foreach (var mail in there) Assert.Contains(mail.Text.EndsWith("\r\n", StringComparison.Ordinal) ? mail.Text : mail.Text + "\r\n", kept[MessageId(mail.Text)]);
        }
    }

    /// <summary>The same messages with the same flags and keywords here and there.</summary>
    private async Task<IReadOnlyList<StoredMail>> SameAsync((string Address, string Password) account, string mailbox)
    {
        var there = await Merpati.MessagesAsync(account, mailbox);
        var wanted = there.Select(mail => $"{mail.Uid} {MessageId(mail.Text)} {mail.Flags}").ToArray();
        var here = await Thunderbird.RunAsync("""
            const [name, wanted] = given;
            const flags = one => [
              one.flags & Ci.nsMsgMessageFlags.Replied ? "\\Answered" : "", one.isFlagged ? "\\Flagged" : "", one.isRead ? "\\Seen" : "",
              ...one.getStringProperty("keywords").split(" ")].filter(flag => flag && flag != "nonjunk").sort().join(" ");
            const all = () => [...folder(name).messages].sort((a, b) => a.messageKey - b.messageKey).map(one => `${one.messageKey} ${one.messageId} ${flags(one)}`);
            const patience = Date.now() + 120000;
            await until(() => String(all()) == String(wanted) || Date.now() > patience);
            return all();
            """, mailbox, wanted);
        Assert.Equal(wanted, here.Deserialize<string[]>());
        return there;
    }

    private async Task AppendAsync((string Address, string Password) account, string message)
    {
        await using var imap = await Merpati.ImapAsync(account);
        var octets = Encoding.UTF8.GetBytes(message);
        await imap.SendAsync($"a APPEND INBOX (\\Seen) {{{octets.Length}+}}");
        await imap.SendAsync(octets);
        await imap.SendAsync("");
        Assert.StartsWith("a OK [APPENDUID", await imap.ImapLineAsync());
    }

    /// <summary>Each message after two lines of Thunderbird's own, with '>' before what could be the first of them, and an empty line after it.</summary>
    private static IEnumerable<string> ReadMbox(string path)
    {
        var text = File.ReadAllText(path, Encoding.Latin1);
        foreach (var message in MboxStart().Split(text).Skip(1))
        {
            Assert.EndsWith("\r\n", message, StringComparison.Ordinal);
            yield return Quoted().Replace(message[..^2], "${from}");
        }
    }

    [GeneratedRegex(@"^From - [^\r\n]*\r?\nX-Mozilla-Status: [0-9a-f]{4}\r?\nX-Mozilla-Status2: [0-9a-f]{8}\r?\n(?:X-Mozilla-Keys:[^\r\n]*\r?\n)?", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex MboxStart();

    [GeneratedRegex("^>(?<from>>*From )", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Quoted();
}

public sealed class ThunderbirdOfStandalone(StandaloneFixture merpati) : ThunderbirdClient(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class ThunderbirdOfCluster(ClusterFixture merpati) : ThunderbirdClient(merpati);
