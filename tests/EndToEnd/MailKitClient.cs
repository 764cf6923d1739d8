using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Search;
using MailKit.Security;
using MimeKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>MailKit, which uses whatever a server offers: SCRAM, CHUNKING, SMTPUTF8, IDLE, MOVE, UIDPLUS, SPECIAL-USE.</summary>
public abstract class MailKitClient(MailServerFixture merpati)
{
    [Fact]
    public async Task MailKit_sends_is_told_by_IDLE_reads_searches_and_moves()
    {
        var account = await merpati.NewAccountAsync("mailkit");
        using var imap = await ImapAsync(account);
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        imap.Inbox.CountChanged += (_, _) => told.TrySetResult();
        using var done = new CancellationTokenSource();
        var idle = imap.IdleAsync(done.Token);

        var message = new MimeMessage { Subject = "Grüße über MailKit" };
        message.From.Add(new MailboxAddress("Käthe", account.Address));
        message.To.Add(new MailboxAddress(null, account.Address));
        message.Body = new BodyBuilder { TextBody = "Ein Gruß\r\n.mit Punkt\r\n", HtmlBody = "<p>Ein Gruß</p>" }.ToMessageBody();
        using (var smtp = new SmtpClient { ServerCertificateValidationCallback = (_, _, _, _) => true })
        {
            await smtp.ConnectAsync("127.0.0.1", merpati.Server.SubmissionPort, SecureSocketOptions.StartTls);
            Assert.Contains("SCRAM-SHA-256", smtp.AuthenticationMechanisms);
            await smtp.AuthenticateAsync(new SaslMechanismScramSha256(account.Address, account.Password));
            await smtp.SendAsync(new FormatOptions { International = true }, message);
            await smtp.DisconnectAsync(quit: true);
        }
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await done.CancelAsync();
        await idle;

        var found = await imap.Inbox.SearchAsync(SearchQuery.SubjectContains("GRÜSSE").Or(SearchQuery.SubjectContains("grüße")).And(SearchQuery.BodyContains("gruß")));
        var uid = Assert.Single(found);
        var summary = (await imap.Inbox.FetchAsync([uid], MessageSummaryItems.Envelope | MessageSummaryItems.BodyStructure | MessageSummaryItems.Flags | MessageSummaryItems.InternalDate | MessageSummaryItems.Size))[0];
        Assert.Equal("Grüße über MailKit", summary.Envelope!.Subject);
        Assert.NotNull(summary.HtmlBody);
        var text = Assert.IsType<TextPart>(await imap.Inbox.GetBodyPartAsync(uid, summary.TextBody!));
        Assert.Equal("Ein Gruß\r\n.mit Punkt\r\n", text.Text.ReplaceLineEndings("\r\n"));
        Assert.Equal(message.MessageId, (await imap.Inbox.GetMessageAsync(uid)).MessageId);

        var archive = imap.GetFolder(SpecialFolder.Archive);
        var moved = await imap.Inbox.MoveToAsync(uid, archive!);
        Assert.NotNull(moved);
        await archive!.OpenAsync(FolderAccess.ReadWrite);
        Assert.Equal(moved.Value, Assert.Single(await archive.SearchAsync(SearchQuery.All)));
        await imap.DisconnectAsync(quit: true);
    }

    [Fact]
    public async Task MailKit_appends_and_manages_mailboxes_of_any_script()
    {
        var account = await merpati.NewAccountAsync("mailkit-folders");
        using var imap = await ImapAsync(account);
        var top = await imap.GetFolder(imap.PersonalNamespaces[0]).CreateAsync("Проекты", isMessageFolder: true);
        var below = await top!.CreateAsync("二〇二六", isMessageFolder: true);
        var message = new MimeMessage(new[] { new MailboxAddress("a", "a@example.test") }, new[] { new MailboxAddress("b", "b@example.test") }, "appended", new TextPart("plain") { Text = "x" });
        var uid = await below!.AppendAsync(message, MessageFlags.Seen | MessageFlags.Flagged, new DateTimeOffset(2020, 2, 29, 23, 59, 59, TimeSpan.FromHours(-5)));
        Assert.NotNull(uid);
        await below!.OpenAsync(FolderAccess.ReadOnly);
        var summary = (await below.FetchAsync([uid.Value], MessageSummaryItems.Flags | MessageSummaryItems.InternalDate))[0];
        Assert.Equal(MessageFlags.Seen | MessageFlags.Flagged, summary.Flags!.Value & ~MessageFlags.Recent);
        Assert.Equal(new DateTimeOffset(2020, 2, 29, 23, 59, 59, TimeSpan.FromHours(-5)), summary.InternalDate);
        await below.CloseAsync();
        await top!.RenameAsync(imap.GetFolder(imap.PersonalNamespaces[0]), "Projekte");
        var renamed = await (await imap.GetFolderAsync("Projekte")).GetSubfolderAsync("二〇二六");
        await renamed.StatusAsync(StatusItems.Count);
        Assert.Equal(1, renamed.Count);
    }

    [Fact]
    public async Task MailKit_shares_a_mailbox_and_uses_that_of_another()
    {
        var owner = await merpati.NewAccountAsync("mailkit-owner");
        var guest = await merpati.NewAccountAsync("mailkit-guest");
        for (var i = 0; i < 2; i++) Assert.StartsWith("250", await merpati.DeliverAsync(owner.Address, Mail.Simple("x@elsewhere.test", owner.Address, $"shared {i}")));
        await merpati.WaitForEmptyQueueAsync();
        using var theirs = await ImapAsync(owner);
        Assert.True(theirs.Capabilities.HasFlag(ImapCapabilities.Acl));
        await theirs.Inbox.SetAccessRightsAsync(guest.Address, new AccessRights("lrs"));
        await theirs.Inbox.AddAccessRightsAsync(guest.Address, new AccessRights("i"));
        var entries = await theirs.Inbox.GetAccessControlListAsync();
        Assert.Contains(entries, entry => entry.Name == guest.Address && entry.Rights.Contains(AccessRight.OpenFolder) && entry.Rights.Contains(AccessRight.AppendMessages));

        using var imap = await ImapAsync(guest);
        Assert.Equal("Other Users", Assert.Single(imap.OtherNamespaces).Path);
        Assert.Equal("Shared", Assert.Single(imap.SharedNamespaces).Path);
        var shared = await imap.GetFolderAsync($"Other Users/{owner.Address}/INBOX");
        Assert.Contains(AccessRight.SetMessageSeen, await shared.GetMyAccessRightsAsync());
        await shared.OpenAsync(FolderAccess.ReadWrite);
        Assert.Equal(MessageFlags.Seen, shared.PermanentFlags);
        var uids = await shared.SearchAsync(SearchQuery.SubjectContains("shared"));
        Assert.Equal(2, uids.Count);
        // Which of the two was delivered first is not said.
        var read = Assert.Single(await shared.FetchAsync([uids[0]], MessageSummaryItems.Envelope)).Envelope!.Subject;
        await shared.AddFlagsAsync(uids[0], MessageFlags.Seen, silent: true);
        await Assert.ThrowsAsync<ImapCommandException>(() => shared.ExpungeAsync(uids));
        var copied = await shared.CopyToAsync(uids, imap.Inbox);
        Assert.Equal(2, copied.Destination.Count);
        await shared.CloseAsync();
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite);
        Assert.Equal(read, Assert.Single(await imap.Inbox.FetchAsync(await imap.Inbox.SearchAsync(SearchQuery.Seen), MessageSummaryItems.Envelope)).Envelope!.Subject);
        Assert.NotNull(await imap.Inbox.MoveToAsync(copied.Destination[0], shared));
        await theirs.Inbox.StatusAsync(StatusItems.Count);
        Assert.Equal(3, theirs.Inbox.Count);

        await theirs.Inbox.RemoveAccessAsync(guest.Address);
        await Assert.ThrowsAsync<ImapCommandException>(() => shared.StatusAsync(StatusItems.Count));

        var team = owner.Address.Replace("mailkit-owner", "mailkit-team", StringComparison.Ordinal);
        var added = await merpati.Server.MerpatiAsync(null, "shared", "add", team, "--manager", owner.Address);
        Assert.True(added.ExitCode == 0, added.ToString());
        var ours = await theirs.GetFolderAsync($"Shared/{team}/INBOX");
        await ours.SetAccessRightsAsync(guest.Address, new AccessRights("lr"));
        Assert.StartsWith("250", await merpati.DeliverAsync(team, Mail.Simple("x@elsewhere.test", team, "to all of us")));
        await merpati.WaitForEmptyQueueAsync();
        var seen = await imap.GetFolderAsync($"Shared/{team}/INBOX");
        await seen.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal("to all of us", Assert.Single(await seen.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Envelope!.Subject);
    }

    [Fact]
    public async Task MailKit_reads_and_deletes_over_POP3()
    {
        var account = await merpati.NewAccountAsync("mailkit-pop");
        for (var i = 0; i < 3; i++) Assert.StartsWith("250", await merpati.DeliverAsync(account.Address, Mail.Simple("x@elsewhere.test", account.Address, $"pop {i}")));
        await merpati.WaitForEmptyQueueAsync();
        IList<string> uids;
        using (var pop3 = await Pop3Async(account))
        {
            Assert.Equal(3, pop3.Count);
            uids = await pop3.GetMessageUidsAsync();
            // Messages of different connections are delivered side by side: any order is right.
            var subjects = new List<string>();
            for (var i = 0; i < pop3.Count; i++) subjects.Add((await pop3.GetMessageAsync(i)).Subject!);
            Assert.Equal(["pop 0", "pop 1", "pop 2"], subjects.Order(StringComparer.Ordinal));
            var deleted = subjects.IndexOf("pop 1");
            await pop3.DeleteMessageAsync(deleted);
            await pop3.DisconnectAsync(quit: true);
            uids.RemoveAt(deleted);
        }
        using (var pop3 = await Pop3Async(account))
        {
            Assert.Equal(uids, await pop3.GetMessageUidsAsync());
        }
    }

    private async Task<ImapClient> ImapAsync((string Address, string Password) account)
    {
        var imap = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await imap.ConnectAsync("127.0.0.1", merpati.Server.ImapPort, SecureSocketOptions.StartTls);
        Assert.Contains("SCRAM-SHA-256", imap.AuthenticationMechanisms);
        await imap.AuthenticateAsync(new SaslMechanismScramSha256(account.Address, account.Password));
        return imap;
    }

    private async Task<Pop3Client> Pop3Async((string Address, string Password) account)
    {
        var pop3 = new Pop3Client { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await pop3.ConnectAsync("127.0.0.1", merpati.Server.Pop3sPort, SecureSocketOptions.SslOnConnect);
        await pop3.AuthenticateAsync(new SaslMechanismScramSha256(account.Address, account.Password));
        return pop3;
    }
}

public sealed class MailKitClientOfStandalone(StandaloneFixture merpati) : MailKitClient(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class MailKitClientOfCluster(ClusterFixture merpati) : MailKitClient(merpati);
