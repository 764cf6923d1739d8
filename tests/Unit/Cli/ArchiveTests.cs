using System.Formats.Tar;
using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Archives;
using Merpati.Cli;
using Merpati.Cli.Archives;
using Merpati.Mailboxes;
using Merpati.Tests.Unit.UserDirectory;
using Xunit;

namespace Merpati.Tests.Unit.Cli;

/// <summary><c>merpati export</c> and <c>merpati import</c> over the admin API.</summary>
public sealed class ArchiveTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Arrived = new(2024, 5, 6, 7, 8, 9, TimeSpan.FromHours(-3));

    /// <summary>Each is a way in which a message can lose octets.</summary>
    private static readonly string[] Messages =
    [
        "Subject: plain\r\n\r\nHello\r\n",
        "Subject: From\r\n\r\nFrom here\r\n>From there\r\n>>From afar\r\n\r\nFrom the end",
        "Subject: no end of line\r\n\r\nx",
        "Subject: own\r\nStatus: RO\r\nX-Status: F\r\nX-Keywords: mine\r\nX-Merpati: not ours\r\n\r\nkept\r\n\r\n\r\n",
        "X-Merpati: uid=7; octets=1; lines=raw\r\n\r\nnot ours either\r\n",
        "Subject: mixed\r\n\r\na bare\nline and\r\n\r\r\nsome\r\n",
        "Subject: umlaute \u00E4\r\n\r\n\u0000\u0001".Replace("\u0000", "", StringComparison.Ordinal),
        "\r\n",
    ];

    private AdminServer _server = null!;
    private string _files = null!;

    public async Task InitializeAsync()
    {
        _server = await AdminServer.StartAsync();
        _files = Path.Combine(_server.Folder, "files");
        await DoneAsync("domain", "add", "example.test");
        foreach (var name in (string[])["ann", "bob", "carl"]) await DoneAsync("shared", "add", $"{name}@example.test");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("archive", true)]
    [InlineData("maildir", false)]
    [InlineData("mbox", true)]
    public async Task Mail_comes_back_octet_for_octet_under_its_UIDs_and_twice_is_as_once(string form, bool keepsZone)
    {
        var before = await FillAsync("ann@example.test");

        (await DoneAsync("export", "ann@example.test", _files, "--format", form)).Should().Contain("9 messages");
        (await DoneAsync("import", "bob@example.test", _files)).Should().Contain("bob@example.test: 9 messages").And.Contain("0 were there already");
        var after = await ViewAsync("bob@example.test");
        after.Where(line => line.Mailbox is "INBOX" or "Work/2024.05" or "..").Select(line => keepsZone ? line : line with { Date = line.Date.ToUniversalTime() })
            .Should().BeEquivalentTo(before.Select(line => keepsZone ? line : line with { Date = line.Date.ToUniversalTime() }), options => options.WithStrictOrdering());

        (await DoneAsync("import", "bob@example.test", _files)).Should().Contain("0 messages").And.Contain("9 were there already");
        (await ViewAsync("bob@example.test")).Should().Equal(after);
        Directory.EnumerateFileSystemEntries(_server.Folder).Select(Path.GetFileName).Should().BeEquivalentTo(["admin.json", "files"], "nothing is written beside what was named");
    }

    [Fact]
    public async Task An_archive_keeps_what_belongs_to_mailboxes()
    {
        await FillAsync("ann@example.test");
        var (ann, bob) = (await IdAsync("ann@example.test"), await IdAsync("bob@example.test"));
        var work = (await _server.Mailboxes.FindAsync(ann, MailboxName.Parse("Work/2024.05"), CancellationToken.None))!;
        await _server.Mailboxes.AnnotateAsync(ann, work.Id, [new AnnotationChange("/private/comment", "mine"u8.ToArray())], CancellationToken.None);
        await _server.Mailboxes.GrantAsync(ann, work.Id, [new GrantChange(Grantee.Of(await IdAsync("carl@example.test")), Negative: false, FlagOperation.Replace, MailboxRights.Lookup | MailboxRights.Read)], CancellationToken.None);
        await _server.Mailboxes.SubscribeAsync(ann, work.Name, subscribed: true, CancellationToken.None);

        await DoneAsync("export", "ann@example.test", _files);
        await DoneAsync("import", "bob@example.test", _files);

        var copy = (await _server.Mailboxes.FindAsync(bob, work.Name, CancellationToken.None))!;
        (copy.UidNext, copy.Subscribed).Should().Be((work.UidNext, true));
        (copy.HighestModSeq > work.HighestModSeq).Should().BeTrue();
        (await _server.Mailboxes.GrantsAsync(bob, copy.Id, CancellationToken.None)).Should().ContainSingle().Which.Rights.Should().Be(MailboxRights.Lookup | MailboxRights.Read);
        var annotations = new List<Annotation>();
        await foreach (var annotation in _server.Mailboxes.AnnotationsAsync(bob, copy.Id, CancellationToken.None)) annotations.Add(annotation);
        annotations.Should().ContainSingle().Which.Value.ToArray().Should().Equal("mine"u8.ToArray());
    }

    [Fact]
    public async Task An_import_that_was_cut_off_goes_on_where_it_stopped()
    {
        var before = await FillAsync("ann@example.test", copies: 60);
        await DoneAsync("export", "ann@example.test", _files);
        var whole = await File.ReadAllBytesAsync(_files);
        foreach (var part in (double[])[0.3, 0.6, 0.99])
        {
            await File.WriteAllBytesAsync(_files + ".cut", whole[..(int)(whole.Length * part)]);
            (await RefusedAsync("import", "bob@example.test", _files + ".cut")).Should().Contain("cut off");
        }
        await DoneAsync("import", "bob@example.test", _files);
        (await ViewAsync("bob@example.test")).Where(line => line.Mailbox is "INBOX" or "Work/2024.05" or "..").Should().Equal(before);
    }

    [Fact]
    public async Task Messages_whose_UIDs_are_taken_get_others_and_new_UIDs_can_be_asked_for()
    {
        await FillAsync("ann@example.test");
        await DoneAsync("export", "ann@example.test", _files);
        var bob = await IdAsync("bob@example.test");
        await _server.Mailboxes.EnsureAccountAsync(bob, CancellationToken.None);
        await _server.Mailboxes.DeliverAsync(bob, MailboxName.Inbox, "Subject: mine\r\n\r\n"u8.ToArray());
        var validity = (await _server.Mailboxes.FindAsync(bob, MailboxName.Inbox, CancellationToken.None))!.UidValidity;

        await DoneAsync("import", "bob@example.test", _files);
        (await _server.Mailboxes.FindAsync(bob, MailboxName.Inbox, CancellationToken.None))!.Should().BeEquivalentTo(new { UidValidity = validity, Messages = 9L });
        await DoneAsync("import", "carl@example.test", _files, "--new-uids");
        (await ViewAsync("carl@example.test")).Where(line => line.Mailbox == "INBOX").Select(line => line.Uid).Should().Equal(Enumerable.Range(1, 8).Select(n => (uint)n));
    }

    [Fact]
    public async Task A_damaged_or_hostile_archive_is_refused_in_words()
    {
        await FillAsync("ann@example.test");
        await DoneAsync("export", "ann@example.test", _files);
        var whole = await File.ReadAllBytesAsync(_files);
        var changed = (byte[])whole.Clone();
        changed[whole.AsSpan().IndexOf("Hello\r\n"u8)] = (byte)'J';
        await File.WriteAllBytesAsync(_files + ".changed", changed);
        (await RefusedAsync("import", "bob@example.test", _files + ".changed")).Should().Contain("SHA-256");
        (await ViewAsync("bob@example.test")).Should().BeEmpty("a batch comes in as a whole or not at all");

        foreach (var (write, complaint) in new (Action<TarWriter>, string)[]
        {
            (tar => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "../../etc/passwd") { DataStream = new MemoryStream("x"u8.ToArray()) }), "no archive of a Merpati account"),
            (tar => { tar.WriteEntry(Json("archive.json", Header)); tar.WriteEntry(Json("../1/mailbox.json", "{}")); }, "has no place here"),
            (tar => { tar.WriteEntry(Json("archive.json", Header)); tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "1/mailbox.json") { LinkName = "/etc" }); }, "is no plain file"),
            (tar => { tar.WriteEntry(Json("archive.json", Header)); tar.WriteEntry(Json("1/mailbox.json", """{"name":"a/../b\u0000","messages":1}""")); }, "names a mailbox"),
            (tar => { tar.WriteEntry(Json("archive.json", Header)); tar.WriteEntry(Json("1/mailbox.json", """{"name":"x","uidValidity":1,"uidNext":4294967295,"messages":1}""")); }, "no room"),
            (tar => { tar.WriteEntry(Json("archive.json", Header)); tar.WriteEntry(Json("1/mailbox.json", """{"name":"x","messages":1}""")); tar.WriteEntry(Json("1/1/messages.json", """[{"flags":[],"keywords":["a b"],"emailId":"E","size":1,"sha256":""}]""")); }, "no message can have"),
            (tar => tar.WriteEntry(Json("archive.json", Header.Replace("\"version\":1", "\"version\":99", StringComparison.Ordinal))), "newer"),
            (tar => tar.WriteEntry(Json("archive.json", "nonsense")), "cannot be read"),
        })
        {
            await using (var file = File.Create(_files + ".hostile"))
            {
                await using var tar = new TarWriter(file, TarEntryFormat.Ustar);
                write(tar);
            }
            (await RefusedAsync("import", "bob@example.test", _files + ".hostile", "--format", "archive")).Should().Contain(complaint);
        }
        await File.WriteAllTextAsync(_files + ".text", new string('x', 5000));
        (await RefusedAsync("import", "bob@example.test", _files + ".text")).Should().Contain("no tar file");
        (await RefusedAsync("import", "nobody@example.test", _files)).Should().Contain("No account nobody@example.test");
        (await RefusedAsync("import", "bob@example.test", _files + ".missing")).Should().Contain("is not there");
        (await RefusedAsync("export", "ann@example.test", _files)).Should().Contain("is there already");
    }

    [Fact]
    public async Task All_accounts_go_to_another_server_with_domains_and_aliases()
    {
        var before = await FillAsync("ann@example.test");
        await DoneAsync("alias", "add", "sales@example.test", "ann@example.test");
        await DoneAsync("export", "--all", _files);
        await using var other = await AdminServer.StartAsync();

        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync(["import", "--all", _files, "--data", other.Folder], terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        (await MerpatiCommand.RunAsync(["import", "--all", _files, "--data", other.Folder], terminal, CancellationToken.None)).Should().Be(0, terminal.Complained);
        var there = (await other.Directory.FindAccountAsync(Addresses.EmailAddress.Parse("ann@example.test"), CancellationToken.None))!;
        (await ViewAsync(other, there.Id)).Where(line => line.Mailbox is "INBOX" or "Work/2024.05" or "..").Should().Equal(before);
    }

    [Fact]
    public async Task A_Maildir_of_Dovecot_keeps_UIDs_keywords_and_hierarchy()
    {
        File_("cur/1700000000.M1P2.host,S=21,W=23:2,FSab", "Subject: one\n\nbody\n");
        File_("new/1700000001.M1P2.host", "Subject: two\n\nbody\n");
        File_(".Arbeit.&ANw-bung/cur/1700000002.M1P2.host:2,RT", "Subject: three\n\nbody\n");
        File_(".Arbeit.&ANw-bung/new/.keep", "");
        File_("dovecot-uidlist", "3 V1600000000 N99 Gabc\n17 W23 :1700000000.M1P2.host,S=21,W=23\n23 :1700000001.M1P2.host\n");
        File_("dovecot-keywords", "0 $Label1\n1 Urgent\n");
        Directory.CreateDirectory(Path.Combine(_files, ".Arbeit.&ANw-bung", "tmp"));

        await DoneAsync("import", "bob@example.test", _files);

        var lines = await ViewAsync("bob@example.test");
        lines.Select(line => (line.Mailbox, line.Uid, line.Flags, line.Octets)).Should().Equal(
            ("Arbeit/\u00DCbung", 1u, "Answered, Deleted", "Subject: three\r\n\r\nbody\r\n"),
            ("INBOX", 17u, "Seen, Flagged $Label1 Urgent", "Subject: one\r\n\r\nbody\r\n"),
            ("INBOX", 23u, "None", "Subject: two\r\n\r\nbody\r\n"));
        lines.Where(line => line.Mailbox == "INBOX").Select(line => line.Validity).Should().OnlyContain(validity => validity == 1_600_000_000);
        var inbox = (await _server.Mailboxes.FindAsync(await IdAsync("bob@example.test"), MailboxName.Inbox, CancellationToken.None))!;
        inbox.UidNext.Value.Should().Be(99);
    }

    [Fact]
    public async Task A_UID_that_Dovecot_gave_after_it_wrote_the_first_line_of_its_list_is_not_given_again()
    {
        // As doveadm 2.3.19 leaves it: N3 with three messages in the list, of which the last is gone.
        File_("new/1700000000.M1P2.host,S=21,W=23", "Subject: one\n\nbody\n");
        File_("cur/.keep", "");
        File_("dovecot-uidlist", "3 V1600000000 N3 Gabc\n1 :1700000000.M1P2.host,S=21,W=23\n2 :1700000001.M1P2.host\n3 :1700000002.M1P2.host\n");
        await DoneAsync("import", "bob@example.test", _files);
        (await _server.Mailboxes.FindAsync(await IdAsync("bob@example.test"), MailboxName.Inbox, CancellationToken.None))!.UidNext.Value.Should().Be(4);
    }

    [Fact]
    public async Task An_mbox_of_others_gives_its_flags_and_loses_its_status_fields()
    {
        File_("Old mail.mbox", "From ann@example.test Thu Nov  9 04:05:06 2023\nStatus: RO\nSubject: one\nX-Status: AF\nX-Keywords: red blue\nContent-Length: 12\n\n>From me\nFrom within\n\nFrom bob@example.test Fri Nov 10 04:05:06 2023\nSubject: two\n\nend\n");

        await DoneAsync("import", "bob@example.test", _files);

        (await ViewAsync("bob@example.test")).Select(line => (line.Mailbox, line.Flags, line.Date, line.Octets)).Should().Equal(
            ("Old mail", "Seen, Answered, Flagged blue red", new DateTimeOffset(2023, 11, 9, 4, 5, 6, TimeSpan.Zero), "Subject: one\r\n\r\nFrom me\r\nFrom within\r\n"),
            ("Old mail", "None", new DateTimeOffset(2023, 11, 10, 4, 5, 6, TimeSpan.Zero), "Subject: two\r\n\r\nend\r\n"));
    }

    [Fact]
    public void Lines_are_turned_and_turned_back_exactly()
    {
        foreach (var text in (string[])["a\r\nb\r\n", "a\r\r\nb\r\n", "\r\n", "a\rb\r\n", "", "x"])
        {
            var octets = Encoding.ASCII.GetBytes(text);
            LineEnds.AreAllCrLf(octets).Should().BeTrue();
            Encoding.ASCII.GetString(LineEnds.WithCr(LineEnds.ToLf(octets))).Should().Be(text);
        }
        LineEnds.AreAllCrLf("a\nb\r\n"u8).Should().BeFalse();
        LineEnds.AreAllCrLf("\n"u8).Should().BeFalse();
    }

    private const string Header = """{"version":1,"account":"a@example.test","program":"x","createdAt":"2026-01-01T00:00:00Z","mailboxes":1,"messages":1,"octets":1}""";

    private static UstarTarEntry Json(string name, string json) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(json)) };

    private void File_(string name, string text)
    {
        var path = Path.Combine(_files, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private sealed record Line(string Mailbox, uint Validity, uint Uid, string Flags, DateTimeOffset Date, string Octets);

    private async Task<List<Line>> FillAsync(string address, int copies = 1)
    {
        var account = await IdAsync(address);
        await _server.Mailboxes.EnsureAccountAsync(account, CancellationToken.None);
        foreach (var name in (string[])["Work/2024.05", ".."]) await _server.Mailboxes.CreateAsync(account, MailboxName.Parse(name), SpecialUse.None, CancellationToken.None);
        for (var copy = 0; copy < copies; copy++)
        {
            for (var i = 0; i < Messages.Length; i++)
                await _server.Mailboxes.DeliverAsync(account, MailboxName.Inbox, Encoding.UTF8.GetBytes(Messages[i]), flags: new MessageFlags((SystemFlags)(i * 5 % 32), i % 2 == 0 ? ["$Label1", $"k{i}"] : []), internalDate: Arrived.AddHours(i));
            await _server.Mailboxes.DeliverAsync(account, MailboxName.Parse("Work/2024.05"), "Subject: deep\r\n\r\n"u8.ToArray(), internalDate: Arrived);
        }
        var inbox = (await _server.Mailboxes.FindAsync(account, MailboxName.Inbox, CancellationToken.None))!;
        // UIDs have a gap, and the last is not the newest.
        await _server.Mailboxes.CopyAsync(account, inbox.Id, UidSet.Of(new Uid(1)), inbox.Id, CancellationToken.None);
        await _server.Mailboxes.ExpungeAsync(account, inbox.Id, UidSet.Of(new Uid((uint)(copies * Messages.Length) + 1)), onlyDeleted: false, CancellationToken.None);
        return await ViewAsync(address);
    }

    private async Task<AccountId> IdAsync(string address) => (await _server.Directory.FindAccountAsync(Addresses.EmailAddress.Parse(address), CancellationToken.None))!.Id;

    private async Task<List<Line>> ViewAsync(string address) => await ViewAsync(_server, await IdAsync(address));

    private static async Task<List<Line>> ViewAsync(AdminServer server, AccountId account)
    {
        var lines = new List<Line>();
        foreach (var mailbox in await server.Mailboxes.ListAsync(account, CancellationToken.None))
        {
            await foreach (var message in server.Mailboxes.MessagesAsync(account, mailbox.Id, UidSet.All, CancellationToken.None))
            {
                using var octets = new MemoryStream();
                await using (var content = await server.Mailboxes.OpenAsync(account, message, 0, message.Size, CancellationToken.None)) await content.CopyToAsync(octets);
                lines.Add(new Line(mailbox.Name.Value, mailbox.UidValidity.Value, message.Uid.Value, string.Join(' ', [message.Flags.System.ToString(), .. message.Flags.Keywords]), message.InternalDate, Encoding.UTF8.GetString(octets.ToArray())));
            }
        }
        return lines;
    }

    private async Task<string> DoneAsync(params string[] words)
    {
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync([.. words, "--data", _server.Folder], terminal, CancellationToken.None)).Should().Be(0, string.Join(' ', words) + ": " + terminal.Complained);
        return terminal.Printed;
    }

    private async Task<string> RefusedAsync(params string[] words)
    {
        var terminal = new ScriptedTerminal();
        (await MerpatiCommand.RunAsync([.. words, "--data", _server.Folder], terminal, CancellationToken.None)).Should().NotBe(0, string.Join(' ', words));
        return terminal.Complained;
    }
}
