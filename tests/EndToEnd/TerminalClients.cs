using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>Clients of the terminal, driven by their keys: what they read is what the server holds, and what they change is found there.</summary>
public abstract class TerminalClients(MailServerFixture merpati) : ClientTests(merpati)
{
    [Theory]
    [InlineData("mutt")]
    [InlineData("neomutt")]
    public async Task Mutt_reads_flags_deletes_and_copies_everything(string program)
    {
        var account = await Merpati.NewAccountAsync(program + "-reader");
        await AppendSamplesAsync(account, 0, 9, number => number == 7 ? "\\Flagged \\Seen" : "");
        var copy = Path.Combine(Folder, "Copy");
        var rc = Write("rc", MuttRc(account) + $"set mbox_type=Maildir\nset header_cache=\"{Folder}/cache\"\n{(program == "neomutt" ? "set imap_condstore=yes\nset imap_qresync=yes\n" : "")}");
        await RunAsync(program, rc, $"<tag-pattern>~A<enter><tag-prefix><copy-message>{copy}<enter><untag-pattern>~A<enter><limit>~s \"sample 2$\"<enter><flag-message><limit>~s \"sample 3$\"<enter><delete-message><limit>all<enter><sync-mailbox><quit>");
        var messages = await Merpati.MessagesAsync(account);
        Assert.Equal([1, 2, 3, 5, 6, 7, 8, 9], messages.Select(mail => (int)mail.Uid));
        Assert.Equal([3, 8], messages.Where(mail => mail.Flags.Contains("\\Flagged", StringComparison.Ordinal)).Select(mail => (int)mail.Uid));
        Assert.Equal(messages.Select(mail => mail.Text).Order(StringComparer.Ordinal), Read(copy).Where(text => !text.Contains("sample-3@", StringComparison.Ordinal)));

        // The second start has its cache: it has to learn what changed, and what went, meanwhile.
        await using (var imap = await Merpati.ImapAsync(account))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 2,5 +FLAGS (\\Flagged)");
            await imap.ImapAsync("UID STORE 3,6 +FLAGS (\\Deleted)");
            await imap.ImapAsync("UID EXPUNGE 3,6");
            await imap.ImapAsync("UID STORE 8 -FLAGS (\\Flagged)");
        }
        await AppendSamplesAsync(account, 20, 1, _ => "\\Flagged");
        var flagged = Path.Combine(Folder, "Flagged");
        await RunAsync(program, rc, $"<tag-pattern>~F<enter><tag-prefix><copy-message>{flagged}<enter><quit>");
        messages = await Merpati.MessagesAsync(account);
        Assert.Equal([2, 5, 10], messages.Where(mail => mail.Flags.Contains("\\Flagged", StringComparison.Ordinal)).Select(mail => (int)mail.Uid));
        Assert.Equal(messages.Where(mail => mail.Flags.Contains("\\Flagged", StringComparison.Ordinal)).Select(mail => mail.Text).Order(StringComparer.Ordinal), Read(flagged));

        // Mutt writes headers of its own (Status, Content-Length, Lines) at the end of a copy's.
        static IEnumerable<string> Read(string maildir) => ReadMaildir(maildir).Values.Select(mail => string.Join("\r\n", mail.Text.Split("\r\n").Where(line => !line.StartsWith("Content-Length: ", StringComparison.Ordinal) && !line.StartsWith("Lines: ", StringComparison.Ordinal) && !line.StartsWith("Status: ", StringComparison.Ordinal)))).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Aerc_shows_flags_moves_and_deletes()
    {
        var account = await Merpati.NewAccountAsync("aerc");
        await AppendSamplesAsync(account, 0, 4);
        var login = account.Address.Replace("@", "%40", StringComparison.Ordinal);
        Write(".config/aerc/accounts.conf", $"""
            [test]
            source = imaps://{login}:{Uri.EscapeDataString(account.Password)}@localhost:{Merpati.Server.ImapsPort}
            from = Ann <{account.Address}>
            default = INBOX
            copy-to = Sent
            """);
        await using var aerc = Terminal.Start("aerc", new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = Folder, ["XDG_CONFIG_HOME"] = Path.Combine(Folder, ".config"), ["XDG_CACHE_HOME"] = Folder, ["XDG_DATA_HOME"] = Folder, ["XDG_RUNTIME_DIR"] = Folder, ["SSL_CERT_FILE"] = Merpati.Server.Certificate, ["LANG"] = "C.UTF-8" });
        await aerc.ShowsAsync("sample 3");
        await aerc.TypeAsync(":flag -x Flagged\r");
        await aerc.UntilAsync(async () => (await Merpati.MessagesAsync(account))[^1].Flags == "\\Flagged", "a flag");
        await aerc.TypeAsync(":next\r:move Archive\r");
        await aerc.UntilAsync(async () => (await Merpati.MessagesAsync(account, "Archive")).Count == 1, "a moved message");
        await aerc.TypeAsync(":delete\r");
        await aerc.UntilAsync(async () => (await Merpati.MessagesAsync(account)).Count == 2, "a deleted message");
        await AppendSamplesAsync(account, 9, 1);
        await aerc.ShowsAsync("sample 9");
        await aerc.TypeAsync(":quit -f\r");
        Assert.Equal(0, await aerc.EndAsync());
    }

    private string MuttRc((string Address, string Password) account) => $"""
        set ssl_force_tls=yes
        set certificate_file="{Merpati.Server.Certificate}"
        set ssl_verify_host=no
        set imap_user="{account.Address}"
        set imap_pass="{account.Password}"
        set folder="imaps://localhost:{Merpati.Server.ImapsPort}/"
        set spoolfile="=INBOX"
        set from="{account.Address}"
        set confirmappend=no
        set confirmcreate=no
        set delete=yes
        set move=no
        set mark_old=no
        set mail_check_stats=no
        set wait_key=no
        set quit=yes

        """;

    private async Task RunAsync(string program, string rc, string keys)
    {
        var script = Write("keys", $"push '{keys.Replace("'", "\\'", StringComparison.Ordinal)}'\n");
        await using var terminal = Terminal.Start($"{program} -n -F {rc} -e 'source {script}'", new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = Folder, ["LANG"] = "C.UTF-8" });
        Assert.True(await terminal.EndAsync() == 0, terminal.Written);
    }
}

public sealed class TerminalClientsOfStandalone(StandaloneFixture merpati) : TerminalClients(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class TerminalClientsOfCluster(ClusterFixture merpati) : TerminalClients(merpati);
