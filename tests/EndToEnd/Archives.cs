using System.Globalization;
using System.Text;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary><c>merpati export</c> and <c>merpati import</c>, from Maildirs that others wrote, and while mail comes in: what an IMAP client sees in the end is what was there.</summary>
public abstract class Archives(MailServerFixture merpati) : ClientTests(merpati)
{
    [Fact]
    public async Task An_export_while_mail_comes_in_has_each_message_whole_and_none_twice()
    {
        var account = await Merpati.NewAccountAsync("export-busy");
        await AppendSamplesAsync(account, 0, 60);
        using var stop = new CancellationTokenSource();
        var arriving = ArriveAsync(account, 1000, stop.Token);
        var archives = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            archives.Add(Path.Combine(Folder, $"busy-{i}.tar"));
            await MerpatiAsync("export", account.Address, archives[^1]);
        }
        await stop.CancelAsync();
        var sent = await arriving;
        await Merpati.WaitForEmptyQueueAsync();
        var all = await Merpati.MessagesAsync(account);
        Assert.Equal(60 + sent, all.Count);

        var before = 0;
        foreach (var (archive, i) in archives.Select((archive, i) => (archive, i)))
        {
            var copy = await Merpati.NewAccountAsync($"export-copy-{i}");
            await MerpatiAsync("import", copy.Address, archive);
            var there = await Merpati.MessagesAsync(copy);
            // What the mailbox was at one moment: all that had come until then, under their UIDs, octet for octet.
            Assert.Equal(all.Take(there.Count), there);
            Assert.True(there.Count >= Math.Max(60, before), $"{there.Count} messages are in archive {i}");
            before = there.Count;
        }
        // The last one, and what came behind it: nothing is doubled.
        var last = ($"export-copy-2@{Domain(account)}", "correct horse export-copy-2");
        await MerpatiAsync("export", account.Address, Path.Combine(Folder, "whole.tar"));
        Assert.Contains($"{before} were there already", (await MerpatiAsync("import", last.Item1, Path.Combine(Folder, "whole.tar"))).Output);
        Assert.Equal(await ViewAsync(Merpati, account), await ViewAsync(Merpati, last));
    }

    [Theory]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public async Task Mail_goes_out_and_comes_in_as_files_of_others_forms(string form)
    {
        var account = await Merpati.NewAccountAsync("files-" + form);
        await FillAsync(Merpati, account);
        var copy = await Merpati.NewAccountAsync("files-copy-" + form);
        await MerpatiAsync("export", account.Address, Path.Combine(Folder, form), "--format", form);
        await MerpatiAsync("import", copy.Address, Path.Combine(Folder, form));
        // An mbox that is empty has no place for UIDVALIDITY, and a Maildir none for the time zone.
        var keeps = (MailboxView mailbox) => mailbox.Messages.Count > 0 ? mailbox.InUtc() : mailbox with { UidValidity = 0, UidNext = 0, Messages = [] };
        Assert.Equal((await ViewAsync(Merpati, account)).Select(keeps), (await ViewAsync(Merpati, copy)).Select(keeps));
    }

    [Fact]
    public async Task A_Maildir_that_Dovecot_wrote_keeps_UIDs_flags_keywords_dates_and_folders()
    {
        var dovecot = Write("dovecot.conf", $"""
            base_dir = {Folder}/run
            state_dir = {Folder}/run
            log_path = {Folder}/dovecot.log
            mail_location = maildir:{Folder}/Maildir
            first_valid_uid = 0
            first_valid_gid = 0
            ssl = no
            mail_uid = nobody
            mail_gid = nogroup
            namespace inbox {"{"}
              inbox = yes
            {"}"}
            """);
        // It does not touch mail as root.
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(dovecot, (UnixFileMode)0b110_100_100);
        await DoveadmAsync(null, "mailbox", "create", "Sent", "Work.Zürich.2026", "Empty");
        await DoveadmAsync(null, "mailbox", "subscribe", "Work.Zürich.2026");
        for (var i = 0; i < 9; i++) await DoveadmAsync(Encoding.Latin1.GetString(Sample("dovecot@merpati.test", 3 * i)), "save", "-m", i < 6 ? "INBOX" : i < 8 ? "Sent" : "Work.Zürich.2026");
        await DoveadmAsync(null, "flags", "add", "\\Seen \\Flagged $Label1 Urgent", "mailbox", "INBOX", "uid", "2");
        await DoveadmAsync(null, "flags", "add", "\\Answered \\Draft Urgent", "mailbox", "INBOX", "uid", "4");
        await DoveadmAsync(null, "flags", "add", "\\Deleted", "mailbox", "INBOX", "uid", "5");
        await DoveadmAsync(null, "expunge", "mailbox", "INBOX", "uid", "3");
        await DoveadmAsync(null, "flags", "add", "$Forwarded \\Seen", "mailbox", "Sent", "uid", "1");
        // Dovecot's own word on what it wrote.
        var said = (await DoveadmAsync(null, "-f", "flow", "fetch", "mailbox uid flags date.received.unixtime", "all")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ').Select(word => word.Split('=', 2)).Aggregate(new List<(string Key, string Value)>(), (fields, word) =>
            {
                if (word.Length == 2) fields.Add((word[0], word[1]));
                else fields[^1] = (fields[^1].Key, $"{fields[^1].Value} {word[0]}");
                return fields;
            }).ToDictionary(field => field.Key, field => field.Value, StringComparer.Ordinal))
            .Select(line => (Mailbox: line["mailbox"].Replace('.', '/'), Uid: uint.Parse(line["uid"], CultureInfo.InvariantCulture), Flags: Sorted(line["flags"]), Date: long.Parse(line["date.received.unixtime"], CultureInfo.InvariantCulture))).Order().ToList();
        Assert.Equal(8, said.Count);

        var account = await Merpati.NewAccountAsync("dovecot");
        Assert.Contains("8 messages in ", (await MerpatiAsync("import", account.Address, Path.Combine(Folder, "Maildir"))).Output);
        var view = await ViewAsync(Merpati, account);
        Assert.Equal(said, view.SelectMany(mailbox => mailbox.Messages, (mailbox, message) => (mailbox.Name, message.Mail.Uid, message.Mail.Flags, message.Date.ToUnixTimeSeconds())).Order());
        Assert.Contains(view, mailbox => mailbox.Name == "Empty");
        foreach (var mailbox in (string[])["INBOX", "Sent"])
        {
            var status = (await DoveadmAsync(null, "-f", "flow", "mailbox", "status", "uidvalidity uidnext", mailbox)).Output;
            var own = view.Single(one => one.Name == mailbox);
            Assert.Contains($"uidvalidity={own.UidValidity}", status);
            Assert.Contains($"uidnext={own.UidNext}", status);
        }
        Assert.Equal(
            Enumerable.Range(0, 6).Except([2]).Select(i => Encoding.Latin1.GetString(Sample("dovecot@merpati.test", 3 * i))),
            view.Single(mailbox => mailbox.Name == "INBOX").Messages.Select(message => message.Mail.Text));

        async Task<CommandResult> DoveadmAsync(string? input, params string[] words)
        {
            var result = await Command.RunAsync("doveadm", ["-c", dovecot, .. words], input, new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = Folder, ["USER"] = "nobody" });
            Assert.True(result.ExitCode == 0, $"doveadm {string.Join(' ', words)}: {result}");
            return result;
        }
    }

    [Theory]
    [InlineData("Verbatim")]
    [InlineData("Maildir++")]
    public async Task A_Maildir_that_mbsync_wrote_keeps_flags_dates_and_folders(string subFolders)
    {
        var name = subFolders.Trim('+').ToLowerInvariant();
        var account = await Merpati.NewAccountAsync("mbsync-" + name);
        await AppendSamplesAsync(account, 0, 8, number => (number % 4) switch { 0 => "", 1 => "\\Seen", 2 => "\\Seen \\Flagged", _ => "\\Answered \\Draft" });
        await using (var imap = await Merpati.ImapAsync(account)) Assert.StartsWith("OK", (await imap.ImapAsync("CREATE Archive/2026"))[^1]);
        await AppendSamplesAsync(account, 8, 3, mailbox: "Archive");
        await AppendSamplesAsync(account, 11, 2, _ => "\\Seen", mailbox: "Archive/2026");
        // Verbatim, the mailboxes are folders beside INBOX; as Maildir++ within it.
        var near = Directory.CreateDirectory(Path.Combine(Folder, "near")).FullName;
        var rc = Write("mbsyncrc", $"""
            {MbsyncFar(account)}
            MaildirStore near
            {(subFolders == "Verbatim" ? $"Path {near}/\nInbox {near}/INBOX" : $"Inbox {near}/INBOX")}
            SubFolders {subFolders}

            Channel c
            Far :far:
            Near :near:
            Patterns INBOX Archive Archive/2026
            Create Near
            CopyArrivalDate yes
            SyncState {Directory.CreateDirectory(Path.Combine(Folder, "state")).FullName}/

            """);
        await Succeeds("mbsync", ["-c", rc, "-a"]);

        var copy = await Merpati.NewAccountAsync("mbsync-copy-" + name);
        Assert.Contains("13 messages in ", (await MerpatiAsync("import", copy.Address, subFolders == "Verbatim" ? near : $"{near}/INBOX")).Output);
        // UIDs are those of mbsync's store, given in the order of arrival; keywords it does not know.
        Assert.Equal(await MailAsync(account), await MailAsync(copy));

        async Task<List<(string, string, string, long)>> MailAsync((string, string) of)
            => [.. (await ViewAsync(Merpati, of)).SelectMany(mailbox => mailbox.Messages, (mailbox, message) => (mailbox.Name, WithoutTuid(message.Mail.Text), message.Mail.Flags, message.Date.ToUnixTimeSeconds())).Order()];
    }

    /// <summary>Mail of every kind: flags and keywords, dates with zones, gaps in the UIDs, names beyond ASCII, an empty mailbox.</summary>
    protected static async Task FillAsync(MailServerFixture of, (string Address, string Password) account)
    {
        await using var imap = await of.ImapAsync(account);
        foreach (var name in (string[])["Projects/2026", "Caf&AOk-", "Nothing"]) Assert.StartsWith("OK", (await imap.ImapAsync($"CREATE \"{name}\""))[^1]);
        foreach (var (mailbox, count) in (List<(string, int)>)[("INBOX", 12), ("Archive", 3), ("Projects/2026", 4), ("Caf&AOk-", 1)])
        {
            for (var i = 0; i < count; i++)
            {
                await AppendAsync(
                    imap, $"\"{mailbox}\" ({(i % 4) switch { 0 => "", 1 => "\\Seen", 2 => "\\Seen \\Flagged $Label1", _ => "\\Answered \\Draft work" }}) \"{i + 1,2}-Nov-2026 03:04:0{i % 10} +0{i % 9}30\"", Sample(account.Address, count * 100 + i));
            }
        }
        await imap.ImapAsync("SELECT INBOX");
        foreach (var command in (string[])["UID STORE 3,12 +FLAGS (\\Deleted)", "UID EXPUNGE 3,12", "UID COPY 1:2 INBOX"]) Assert.StartsWith("OK", (await imap.ImapAsync(command))[^1]);
    }

    /// <summary>All that a client can see of an account, by mailbox.</summary>
    protected static async Task<IReadOnlyList<MailboxView>> ViewAsync(MailServerFixture of, (string Address, string Password) account)
    {
        await using var imap = await of.ImapAsync(account);
        var names = (await imap.ImapAsync("LIST \"\" *")).Where(line => line.StartsWith("* LIST", StringComparison.Ordinal) && !line.Contains("\\Noselect", StringComparison.OrdinalIgnoreCase)).Select(line => line[(line.IndexOf("\"/\" ", StringComparison.Ordinal) + 4)..].Trim('"')).Order(StringComparer.Ordinal).ToList();
        var view = new List<MailboxView>();
        foreach (var name in names)
        {
            var examined = string.Join('\n', await imap.ImapAsync($"EXAMINE \"{name}\""));
            var messages = (await imap.ImapAsync("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])")).Where(line => line.Contains("BODY[] {", StringComparison.Ordinal))
                .Select(line => (StoredMail.Parse(line), DateTimeOffset.ParseExact(Between(line, "INTERNALDATE \"", "\"").Trim(), "d-MMM-yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture))).ToList();
            view.Add(new MailboxView(Decoded(name), uint.Parse(Between(examined, "[UIDVALIDITY ", "]"), CultureInfo.InvariantCulture), uint.Parse(Between(examined, "[UIDNEXT ", "]"), CultureInfo.InvariantCulture), messages));
        }
        return view;
    }

    protected async Task<CommandResult> MerpatiAsync(params string[] words) => await MerpatiAsync(Merpati, words);

    protected static async Task<CommandResult> MerpatiAsync(MailServerFixture of, params string[] words)
    {
        var result = await of.Server.MerpatiAsync(null, words);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', words)}: {result}");
        return result;
    }

    /// <summary>Sends one message after the other; how many.</summary>
    private async Task<int> ArriveAsync((string Address, string Password) account, int first, CancellationToken stopping)
    {
        var sent = 0;
        for (; !stopping.IsCancellationRequested; sent++) Assert.StartsWith("250", await Merpati.DeliverAsync(account.Address, Sample(account.Address, first + sent)));
        return sent;
    }

    private static string Sorted(string flags) => string.Join(' ', flags.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(flag => flag != "\\Recent").Order(StringComparer.Ordinal));

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }

    private static string Decoded(string name) => global::Merpati.Mailboxes.ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(name)) ?? name;
}

/// <summary>A mailbox as a client sees it.</summary>
public sealed record MailboxView(string Name, uint UidValidity, uint UidNext, IReadOnlyList<(StoredMail Mail, DateTimeOffset Date)> Messages)
{
    public MailboxView InUtc() => this with { Messages = [.. Messages.Select(message => (message.Mail, message.Date.ToUniversalTime()))] };

    // Lists are compared by what they hold.
    public bool Equals(MailboxView? other) => other is not null && (Name, UidValidity, UidNext) == (other.Name, other.UidValidity, other.UidNext) && Messages.Select(Exactly).SequenceEqual(other.Messages.Select(Exactly));

    public override int GetHashCode() => HashCode.Combine(Name, UidValidity, UidNext, Messages.Count);

    public override string ToString() => $"{Name} {UidValidity} {UidNext}: {string.Join(", ", Messages.Select(message => $"{message.Mail.Uid} ({message.Mail.Flags}) {message.Date:O} {message.Mail.Text.Length}"))}";

    private static (StoredMail, DateTimeOffset, TimeSpan) Exactly((StoredMail Mail, DateTimeOffset Date) message) => (message.Mail, message.Date, message.Date.Offset);
}

public sealed class ArchivesOfStandalone(StandaloneFixture merpati) : Archives(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class ArchivesOfCluster(ClusterFixture merpati, StandaloneFixture standalone) : Archives(merpati), IClassFixture<StandaloneFixture>
{
    [Fact]
    public async Task All_mail_of_Standalone_moves_into_the_cluster_and_back_and_clients_see_the_same()
    {
        var account = await standalone.NewAccountAsync("mover");
        await FillAsync(standalone, account);
        var before = await ViewAsync(standalone, account);
        Assert.Equal(12, before.Single(mailbox => mailbox.Name == "INBOX").Messages.Count);

        var archive = Path.Combine(Folder, "to-cluster.tar");
        await MerpatiAsync(standalone, "export", account.Address, archive);
        var there = await Merpati.NewAccountAsync("mover");
        await MerpatiAsync("import", there.Address, archive);
        Assert.Equal(before, await ViewAsync(Merpati, there));

        // And it goes on there: what is new is in the way back.
        await AppendSamplesAsync(there, 900, 2, _ => "\\Seen new");
        await using (var imap = await Merpati.ImapAsync(there))
        {
            await imap.ImapAsync("SELECT INBOX");
            await imap.ImapAsync("UID STORE 1 +FLAGS (\\Flagged)");
        }
        var after = await ViewAsync(Merpati, there);
        Assert.NotEqual(before, after);
        await MerpatiAsync("export", there.Address, Path.Combine(Folder, "back.tar"));
        var back = await standalone.NewAccountAsync("mover-back");
        await MerpatiAsync(standalone, "import", back.Address, Path.Combine(Folder, "back.tar"));
        Assert.Equal(after, await ViewAsync(standalone, back));
    }

    [Fact]
    public async Task An_export_of_all_brings_domains_accounts_and_aliases()
    {
        var (first, second) = (await standalone.NewAccountAsync("all-one"), await standalone.NewAccountAsync("all-two"));
        await FillAsync(standalone, first);
        await MerpatiAsync(standalone, "domain", "add", "moved.test");
        await MerpatiAsync(standalone, "alias", "add", "info@moved.test", first.Address);
        var folder = Path.Combine(Folder, "all");
        await MerpatiAsync(standalone, "export", "--all", folder);

        Assert.Contains("Accounts that are new here have no password", (await MerpatiAsync("import", "--all", folder)).Output);
        foreach (var account in (List<(string Address, string Password)>)[first, second])
        {
            var password = await Merpati.Server.MerpatiAsync(account.Password + "\n", "account", "password", account.Address, "--password-stdin");
            Assert.True(password.ExitCode == 0, password.ToString());
            Assert.Equal(await ViewAsync(standalone, account), await ViewAsync(Merpati, account));
        }
        Assert.StartsWith("250", await Merpati.DeliverAsync("info@moved.test", Sample("info@moved.test", 1)));
        await Merpati.WaitForMessagesAsync(first, 13);
        Assert.Contains("0 messages in ", (await MerpatiAsync("import", first.Address, Path.Combine(folder, first.Address + ".tar"))).Output);
    }
}
