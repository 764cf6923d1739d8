using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using MimeKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>The extensions of IMAP as a client's library uses them that knows most of them.</summary>
public abstract class MailKitExtensions(MailServerFixture merpati) : ClientTests(merpati)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task QRESYNC_brings_a_cache_up_to_date_in_SELECT_over_a_compressed_connection()
    {
        var account = await Merpati.NewAccountAsync("qresync");
        await AppendSamplesAsync(account, 0, 40, number => number % 2 == 0 ? "\\Seen" : "");
        uint validity;
        ulong modSeq;
        IList<UniqueId> known;
        using (var first = await LoginAsync(account))
        {
            await first.CompressAsync();
            await first.EnableQuickResyncAsync();
            await first.Inbox.OpenAsync(FolderAccess.ReadOnly);
            (validity, modSeq, known) = (first.Inbox.UidValidity, first.Inbox.HighestModSeq, await first.Inbox.SearchAsync(SearchQuery.All));
            Assert.Equal(40, known.Count);
            await first.DisconnectAsync(quit: true);
        }
        await using (var other = await Merpati.ImapAsync(account))
        {
            await other.ImapAsync("SELECT INBOX");
            await other.ImapAsync("UID STORE 3,7:9 +FLAGS (work \\Flagged)");
            await other.ImapAsync("UID STORE 11:15,40 +FLAGS (\\Deleted)");
            await other.ImapAsync("UID EXPUNGE 1:*");
        }
        await AppendSamplesAsync(account, 40, 2);

        using var imap = await LoginAsync(account);
        await imap.CompressAsync();
        await imap.EnableQuickResyncAsync();
        var (vanished, changed) = (new List<uint>(), new SortedDictionary<uint, string>());
        imap.Inbox.MessagesVanished += (_, e) => { Assert.True(e.Earlier); vanished.AddRange(e.UniqueIds.Select(uid => uid.Id)); };
        imap.Inbox.MessageFlagsChanged += (_, e) => { Assert.NotNull(e.ModSeq); changed[e.UniqueId!.Value.Id] = $"{e.Flags & ~MessageFlags.Recent} {string.Join(' ', e.Keywords)}"; };
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite, validity, modSeq, known);
        Assert.Equal([11u, 12u, 13u, 14u, 15u, 40u], vanished.Order());
        Assert.Equal([3u, 7u, 8u, 9u], changed.Keys); // it named what it knew, and hears of that alone
        Assert.Equal("Seen, Flagged work", changed[3]);
        Assert.Equal("Flagged work", changed[8]);
        Assert.Equal(36, imap.Inbox.Count);

        // What somebody else changed is not overwritten, and is named.
        var refused = await imap.Inbox.StoreAsync([new UniqueId(1), new UniqueId(2), new UniqueId(3)], new StoreFlagsRequest(StoreAction.Add, MessageFlags.Answered) { UnchangedSince = modSeq, Silent = true });
        Assert.Equal([3u], refused.Select(uid => uid.Id));
        var since = await imap.Inbox.FetchAsync(0, -1, new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.ModSeq) { ChangedSince = modSeq });
        Assert.Equal([1u, 2u, 3u, 7u, 8u, 9u, 41u, 42u], since.Select(message => message.UniqueId.Id).Order());
        Assert.True(since.All(message => message.ModSeq > modSeq));
        Assert.Equal((await Merpati.MessagesAsync(account)).Select(mail => mail.Uid), (await imap.Inbox.SearchAsync(SearchQuery.All)).Select(uid => uid.Id));
    }

    [Fact]
    public async Task NOTIFY_tells_of_every_mailbox()
    {
        var account = await Merpati.NewAccountAsync("notify");
        await AppendSamplesAsync(account, 0, 3);
        using var imap = await LoginAsync(account);
        var archive = imap.GetFolder(SpecialFolder.Archive)!;
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        void Tell(string what)
        {
            lock (seen)
            {
                seen.Add(what);
                if (seen.IsSupersetOf(["archive grew", "inbox grew", "inbox flags", "inbox shrank", "new mailbox"])) told.TrySetResult();
            }
        }
        archive.CountChanged += (_, _) => { if (archive.Count == 1) Tell("archive grew"); };
        imap.Inbox.CountChanged += (_, _) => { if (imap.Inbox.Count == 4) Tell("inbox grew"); };
        imap.Inbox.MessageFlagsChanged += (_, e) => { if (e.Flags.HasFlag(MessageFlags.Flagged)) Tell("inbox flags"); };
        imap.Inbox.MessageExpunged += (_, e) => { if (e.Index == 1) Tell("inbox shrank"); };
        imap.FolderCreated += (_, e) => { if (e.Folder.FullName == "Fresh") Tell("new mailbox"); };
        await imap.NotifyAsync(status: true,
        [
            new ImapEventGroup(ImapMailboxFilter.Selected, [new ImapEvent.MessageNew(MessageSummaryItems.UniqueId), ImapEvent.MessageExpunge, ImapEvent.FlagChange]),
            new ImapEventGroup(ImapMailboxFilter.Personal, [new ImapEvent.MessageNew(), ImapEvent.MessageExpunge, ImapEvent.FlagChange, ImapEvent.MailboxName, ImapEvent.SubscriptionChange]),
        ]);
        using var done = new CancellationTokenSource();
        var idle = imap.IdleAsync(done.Token);
        await AppendSamplesAsync(account, 3, 1);
        await AppendSamplesAsync(account, 4, 1, mailbox: "Archive");
        await using (var other = await Merpati.ImapAsync(account))
        {
            await other.ImapAsync("CREATE Fresh");
            await other.ImapAsync("SELECT INBOX");
            await other.ImapAsync("UID STORE 3 +FLAGS (\\Flagged)");
            await other.ImapAsync("UID STORE 2 +FLAGS.SILENT (\\Deleted)");
            await other.ImapAsync("UID EXPUNGE 2");
        }
        try { await told.Task.WaitAsync(Patience); }
        catch (TimeoutException) { Assert.Fail("Told only of: " + string.Join(", ", seen)); }
        await done.CancelAsync();
        await idle;
        await imap.DisableNotifyAsync();
    }

    [Fact]
    public async Task SORT_THREAD_ESEARCH_and_PARTIAL_agree_with_what_was_stored()
    {
        var account = await Merpati.NewAccountAsync("sorting");
        using var imap = await LoginAsync(account);
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite);
        (string Id, string? Parent, string Subject, string From, int Size)[] mail =
        [
            ("a", null, "Zoo", "Émile", 10), ("b", "a", "Re: Zoo", "anna", 500), ("c", "b", "AW: Re: zoo", "Bert", 50), ("d", null, "apfel", "Zoë", 5), ("e", "d", "Fwd: apfel", "ann", 900),
        ];
        var date = new DateTimeOffset(2026, 1, 10, 8, 0, 0, TimeSpan.Zero);
        var requests = mail.Select((one, index) => (IAppendRequest)new AppendRequest(Message(one.Id, one.Parent, one.Subject, one.From, new string('x', one.Size), date.AddDays(-index)), MessageFlags.Seen, ["n" + index], date.AddDays(index))).ToList();
        var appended = await imap.Inbox.AppendAsync(requests);
        Assert.Equal([1u, 2u, 3u, 4u, 5u], appended.Select(uid => uid.Id));

        async Task<IEnumerable<uint>> Sorted(params OrderBy[] order) => (await imap.Inbox.SortAsync(SearchQuery.All, order)).Select(uid => uid.Id);
        Assert.Equal([5u, 4u, 3u, 2u, 1u], await Sorted(OrderBy.Date));
        Assert.Equal([5u, 4u, 3u, 2u, 1u], await Sorted(OrderBy.ReverseArrival));
        Assert.Equal([4u, 1u, 3u, 2u, 5u], await Sorted(OrderBy.Size));
        Assert.Equal([4u, 5u, 3u, 1u, 2u], await Sorted(OrderBy.Subject, OrderBy.Arrival));
        Assert.Equal([5u, 2u, 3u, 1u, 4u], await Sorted(OrderBy.DisplayFrom));

        var threads = await imap.Inbox.ThreadAsync(ThreadingAlgorithm.References, SearchQuery.All);
        Assert.Equal(["4(5)", "1(2(3))"], threads.Select(Text));
        Assert.Equal(3, (await imap.Inbox.ThreadAsync(ThreadingAlgorithm.OrderedSubject, SearchQuery.All)).Count);

        var found = await imap.Inbox.SearchAsync(SearchOptions.All | SearchOptions.Count | SearchOptions.Min | SearchOptions.Max, SearchQuery.HasKeyword("n1").Or(SearchQuery.LargerThan(900)).And(SearchQuery.DeliveredAfter(date.UtcDateTime.AddDays(-1))));
        Assert.Equal((2, 2u, 5u), (found.Count, found.Min!.Value.Id, found.Max!.Value.Id));
        Assert.Equal([2u, 5u], found.UniqueIds.Select(uid => uid.Id));
        Assert.Equal([3u], (await imap.Inbox.SearchAsync(SearchQuery.FromContains("bert"))).Select(uid => uid.Id));
        Assert.Equal([1u], (await imap.Inbox.SearchAsync(SearchQuery.FromContains("ÉMILE"))).Select(uid => uid.Id));

        static string Text(MessageThread thread) => $"{thread.UniqueId!.Value.Id}{(thread.Children.Count == 0 ? "" : $"({string.Join(' ', thread.Children.Select(Text))})")}";
    }

    [Fact]
    public async Task Ids_previews_save_dates_REPLACE_and_UID_EXPUNGE()
    {
        var account = await Merpati.NewAccountAsync("objects");
        using var imap = await LoginAsync(account);
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite);
        var archive = imap.GetFolder(SpecialFolder.Archive)!;
        var appended = await imap.Inbox.AppendAsync([new AppendRequest(Message("one", null, "first", "a", "A preview of it\r\n"), MessageFlags.Draft), new AppendRequest(Message("two", "one", "Re: first", "b", "The answer\r\n"), MessageFlags.None), new AppendRequest(Message("three", null, "other", "c", "Third\r\n"), MessageFlags.None)]);
        const MessageSummaryItems Items = MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.EmailId | MessageSummaryItems.ThreadId | MessageSummaryItems.PreviewText | MessageSummaryItems.SaveDate | MessageSummaryItems.InternalDate;
        var all = await imap.Inbox.FetchAsync(0, -1, new FetchRequest(Items));
        Assert.Equal(3, all.Select(message => message.EmailId).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(all[0].ThreadId, all[1].ThreadId);
        Assert.NotEqual(all[0].ThreadId, all[2].ThreadId);
        Assert.Equal("A preview of it", all[0].PreviewText!.Trim());
        Assert.NotNull(all[0].SaveDate);
        await imap.Inbox.StatusAsync(StatusItems.MailboxId | StatusItems.Size | StatusItems.Count | StatusItems.HighestModSeq);
        Assert.False(string.IsNullOrEmpty(imap.Inbox.Id));
        Assert.NotEqual(imap.Inbox.Id, archive.Id);

        // Copies are the same email; what a draft was replaced by is another one.
        var copied = await imap.Inbox.CopyToAsync(appended[0], archive);
        var replaced = await imap.Inbox.ReplaceAsync(appended[0], new ReplaceRequest(Message("one", null, "first", "a", "A better preview\r\n"), MessageFlags.Seen | MessageFlags.Draft));
        Assert.Equal(4u, replaced!.Value.Id);
        await imap.Inbox.StoreAsync([appended[1], appended[2]], new StoreFlagsRequest(StoreAction.Add, MessageFlags.Deleted) { Silent = true });
        await imap.Inbox.ExpungeAsync([appended[2]]);
        var left = await imap.Inbox.FetchAsync(0, -1, new FetchRequest(Items));
        Assert.Equal([2u, 4u], left.Select(message => message.UniqueId.Id));
        Assert.Equal("A better preview", left[1].PreviewText!.Trim());
        Assert.NotEqual(all[0].EmailId, left[1].EmailId);
        await archive.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal(all[0].EmailId, (await archive.FetchAsync([copied!.Value], new FetchRequest(Items)))[0].EmailId);
        Assert.Equal("\\Deleted", (await Merpati.MessagesAsync(account))[0].Flags);
    }

    [Fact]
    public async Task Special_uses_quota_metadata_and_statuses_of_all_mailboxes()
    {
        var account = await Merpati.NewAccountAsync("folders");
        await AppendSamplesAsync(account, 0, 4);
        using var imap = await LoginAsync(account);
        var root = imap.GetFolder(imap.PersonalNamespaces[0]);
        foreach (var use in (SpecialFolder[])[SpecialFolder.Archive, SpecialFolder.Drafts, SpecialFolder.Junk, SpecialFolder.Sent, SpecialFolder.Trash]) Assert.NotNull(imap.GetFolder(use));
        var important = await root.CreateAsync("Wichtig", SpecialFolder.Important);
        Assert.True(important!.Attributes.HasFlag(FolderAttributes.Important));

        var quota = await imap.Inbox.GetQuotaAsync();
        Assert.Equal(4u, quota.CurrentMessageCount ?? 4u);
        var comment = new Metadata(MetadataTag.PrivateComment, "Grüße, \"quoted\"");
        await imap.Inbox.SetMetadataAsync(new MetadataCollection([comment]));
        Assert.Equal("Grüße, \"quoted\"", await imap.Inbox.GetMetadataAsync(MetadataTag.PrivateComment));
        // MailKit cannot read the NIL of an entry that is not there; all there is, it can.
        Assert.Equal(["Grüße, \"quoted\""], (await imap.Inbox.GetMetadataAsync(new MetadataOptions { Depth = int.MaxValue }, [new MetadataTag("/private"), new MetadataTag("/shared")])).Select(entry => entry.Value));
        await imap.Inbox.SetMetadataAsync(new MetadataCollection([new Metadata(MetadataTag.PrivateComment, null!)]));
        Assert.Empty(await imap.Inbox.GetMetadataAsync(new MetadataOptions { Depth = int.MaxValue }, [new MetadataTag("/private"), new MetadataTag("/shared")]));

        var folders = await imap.GetFoldersAsync(imap.PersonalNamespaces[0], StatusItems.Count | StatusItems.Unread | StatusItems.UidNext | StatusItems.HighestModSeq | StatusItems.Size | StatusItems.MailboxId);
        var inbox = folders.Single(folder => folder.FullName == "INBOX");
        Assert.Equal((4, 4, 5u), (inbox.Count, inbox.Unread, inbox.UidNext!.Value.Id));
        Assert.Equal((ulong)Enumerable.Range(0, 4).Sum(number => Sample(account.Address, number).Length), inbox.Size);
        Assert.Equal(folders.Count, folders.Select(folder => folder.Id).Distinct(StringComparer.Ordinal).Count());
        await important.DeleteAsync();
        await imap.DisconnectAsync(quit: true);
    }

    private static MimeMessage Message(string id, string? parent, string subject, string from, string text, DateTimeOffset? date = null)
    {
        var message = new MimeMessage([new MailboxAddress(Encoding.UTF8, from, id + "@from.test")], [new MailboxAddress("to", "to@example.test")], subject, new TextPart("plain") { Text = text }) { MessageId = id + "@here.test" };
        if (date is { } sent) message.Date = sent;
        if (parent is null) return message;
        message.InReplyTo = parent + "@here.test";
        message.References.Add(parent + "@here.test");
        return message;
    }

    private async Task<ImapClient> LoginAsync((string Address, string Password) account)
    {
        var imap = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await imap.ConnectAsync("127.0.0.1", Merpati.Server.ImapsPort, SecureSocketOptions.SslOnConnect);
        await imap.AuthenticateAsync(account.Address, account.Password);
        return imap;
    }
}

public sealed class MailKitExtensionsOfStandalone(StandaloneFixture merpati) : MailKitExtensions(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class MailKitExtensionsOfCluster(ClusterFixture merpati) : MailKitExtensions(merpati);
