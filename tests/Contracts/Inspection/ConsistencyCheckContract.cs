using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Tests.Contracts.Mailboxes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Inspection;

/// <summary>The stores that are checked, of one backend.</summary>
public sealed record CheckedStores(IContentStore Content, IMailQueue Queue, IMailboxStore Mailboxes, ISharedRecords Records, IStoreInspection Inspection);

/// <summary>A check of all stores finds nothing where nothing is wrong, and what a test breaks it finds, names, and mends where that is possible.</summary>
public abstract class ConsistencyCheckContract : IAsyncLifetime
{
    protected const int Chunk = 64 * 1024;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected CheckedStores Stores { get; private set; } = null!;

    protected AccountId Ann { get; private set; }

    protected MailboxId Inbox { get; private set; }

    /// <summary>In three chunks, of the message with UID 1.</summary>
    protected ContentId Large { get; private set; }

    protected ContentId Small { get; private set; }

    protected QueueId Queued { get; private set; }

    public async Task InitializeAsync()
    {
        Stores = await StartAsync();
        Ann = AccountId.New(Time);
        await Stores.Mailboxes.EnsureAccountAsync(Ann, default);
        Inbox = (await Stores.Mailboxes.FindAsync(Ann, MailboxName.Parse("INBOX"), default))!.Id;
        var archive = (await Stores.Mailboxes.FindAsync(Ann, MailboxName.Parse("Archive"), default))!.Id;
        Large = (await AppendAsync(Inbox, new string('x', 2 * Chunk + 5), SystemFlags.None)).Content;
        Small = (await AppendAsync(Inbox, "small", SystemFlags.Seen)).Content;
        await AppendAsync(Inbox, "marked", SystemFlags.Deleted);
        await AppendAsync(Inbox, "gone", SystemFlags.None);
        await AppendAsync(Inbox, "moved", SystemFlags.None);
        await Stores.Mailboxes.CopyAsync(Ann, Inbox, UidSet.Of(new Uid(1)), archive, default);
        await Stores.Mailboxes.ExpungeAsync(Ann, Inbox, UidSet.Of(new Uid(4)), onlyDeleted: false, default);
        await Stores.Mailboxes.MoveAsync(Ann, Inbox, UidSet.Of(new Uid(5)), archive, default);
        await Stores.Mailboxes.ClaimRecentAsync(Ann, Inbox, default);
        await Stores.Mailboxes.CreateAsync(Ann, MailboxName.Parse("Old"), SpecialUse.None, default);
        await AppendAsync((await Stores.Mailboxes.FindAsync(Ann, MailboxName.Parse("Old"), default))!.Id, "in a deleted mailbox", SystemFlags.None);
        await Stores.Mailboxes.DeleteAsync(Ann, MailboxName.Parse("Old"), default);
        var bob = AccountId.New(Time);
        await Stores.Mailboxes.EnsureAccountAsync(bob, default);

        var content = await PutAsync("queued");
        Queued = QueueId.New(Time);
        await Stores.Queue.EnqueueAsync(new QueueEntry
        {
            Id = Queued,
            Route = QueueRoute.Local,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = "Received: by test\r\n"u8.ToArray(),
            ReversePath = new ReversePath(EmailAddress.Parse("sender@example.org")),
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("ann@example.test")) }, new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("bob@example.test")) }],
            AcceptedAt = Time.GetUtcNow(),
            NextAttemptAt = Time.GetUtcNow(),
        }, default);
        var lease = (await Stores.Queue.LeaseAsync(QueueRoute.Local, "worker", LeaseWish.UpTo(1), TimeSpan.FromMinutes(1), default)).Single();
        await Stores.Queue.CompleteAsync(lease, [new RecipientResult(EmailAddress.Parse("ann@example.test"), RecipientState.Delivered, null)], Time.GetUtcNow().AddHours(1), [], default);
        Time.Advance(TimeSpan.FromHours(1));
        await Stores.Queue.LeaseAsync(QueueRoute.Local, "worker", LeaseWish.UpTo(1), TimeSpan.FromMinutes(1), default);
    }

    public Task DisposeAsync() => StopAsync();

    [Fact]
    public async Task Nothing_is_wrong_where_nothing_is() => (await CheckAsync()).Should().BeEmpty();

    [Theory]
    [InlineData(DamageKind.ChunksOrphaned, "content ", "2 chunks belong to no content", true)]
    [InlineData(DamageKind.EntryStuck, "queue entry QUEUED", "1 of its recipients are queued, and it is never due", true)]
    [InlineData(DamageKind.EntryClosed, "queue entry QUEUED", "all of its 2 recipients are closed", false)]
    [InlineData(DamageKind.Unaccounted, "ledger", "5 recipients were accepted, 1 are closed and 1 are open", false)]
    [InlineData(DamageKind.FenceBehind, "queue", "said to be 1, and an entry has 2", true)]
    [InlineData(DamageKind.MailboxCounts, "account ANN, mailbox INBOX", "and has 3 messages", true)]
    [InlineData(DamageKind.UidNext, "account ANN, mailbox INBOX", "UIDNEXT is 3, and a message has the UID 3", true)]
    [InlineData(DamageKind.HighestModSeq, "account ANN, mailbox INBOX", "HIGHESTMODSEQ is 2, and there is a change", true)]
    [InlineData(DamageKind.MessageWithoutDetails, "account ANN, mailbox INBOX, UID 2", "its structure is gone", false)]
    [InlineData(DamageKind.Usage, "account ANN", "it is said to use 1 octets", true)]
    public Task Damage_is_found_and_named(DamageKind kind, string where, string what, bool mends) => FindsAsync(kind, where, what, mends);

    [Fact]
    public async Task An_empty_database_is_well()
    {
        await Stores.Mailboxes.RemoveAccountAsync(Ann, default);
        await Stores.Queue.DiscardAsync(new QueueFilter(), "test", default);
        (await CheckAsync(grace: TimeSpan.FromDays(1))).Should().BeEmpty();
    }

    [Fact]
    public async Task A_content_that_is_gone_is_missed_by_message_and_entry()
    {
        await Stores.Content.DeleteAsync([Large, (await Stores.Queue.FindAsync(Queued, default))!.Content], default);
        var damages = await CheckAsync(mend: true);
        damages.Select(damage => (damage.Kind, damage.Mended)).Should().Equal(Enumerable.Repeat((DamageKind.ContentMissing, false), 3));
        damages[0].Where.Should().Be($"queue entry {Queued}");
        damages.Skip(1).Select(damage => damage.Where).Should().BeEquivalentTo($"account {Ann}, mailbox INBOX, UID 1", $"account {Ann}, mailbox Archive, UID 1");
    }

    [Fact]
    public async Task A_content_that_nobody_needs_is_removed_when_it_is_old_enough()
    {
        var orphan = await PutAsync("nobody's");
        (await CheckAsync(mend: true)).Should().BeEmpty();
        Time.Advance(TimeSpan.FromDays(3));
        (await CheckAsync()).Should().Contain(damage => damage.Kind == DamageKind.ContentOrphaned && damage.Where == $"content {orphan.Id}" && damage.Octets == orphan.Size && !damage.Mended);
        (await CheckAsync(mend: true)).Should().OnlyContain(damage => damage.Kind == DamageKind.ContentOrphaned && damage.Mended);
        (await Stores.Content.FindAsync(orphan.Id, default)).Should().BeNull();
        (await CheckAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task An_octet_that_changed_is_found_by_those_who_read_all()
    {
        await BreakOctetAsync(Small);
        (await CheckAsync()).Should().BeEmpty();
        (await CheckAsync(readBodies: true, mend: true)).Should().ContainSingle().Which.Should().Match<Damage>(damage => damage.Kind == DamageKind.ContentDamaged && damage.Where == $"content {Small}" && !damage.Mended);
    }

    [Fact]
    public async Task The_last_result_is_kept_for_those_who_show_it()
    {
        (await LastCheck.ReadAsync(Stores.Records, default)).Should().BeNull();
        var report = new Administration.FsckReport(Time.GetUtcNow(), 2.5, true, [new Administration.FsckCount("uid-next", 2, 1, 0)], [new Administration.FsckFinding("uid-next", "here", "so", true)]);
        await LastCheck.WriteAsync(Stores.Records, report, default);
        (await LastCheck.ReadAsync(Stores.Records, default)).Should().BeEquivalentTo(report with { Findings = [] });
    }

    protected abstract Task<CheckedStores> StartAsync();

    protected abstract Task StopAsync();

    /// <summary>Breaks what only the backend can break.</summary>
    protected abstract Task BreakAsync(DamageKind kind);

    /// <summary>Changes an octet of a content of one chunk, and nothing that says so.</summary>
    protected abstract Task BreakOctetAsync(ContentId content);

    /// <summary>The damage is found, alone and named; a repair mends it, or leaves it as it is.</summary>
    protected async Task FindsAsync(DamageKind kind, string where, string what, bool mends)
    {
        await BreakAsync(kind);
        foreach (var mend in new[] { false, true })
        {
            var damage = (await CheckAsync(mend)).Should().ContainSingle($"{kind} is what is wrong").Subject;
            damage.Kind.Should().Be(kind);
            damage.Where.Should().Contain(where.Replace("ANN", Ann.ToString(), StringComparison.Ordinal).Replace("LARGE", Large.ToString(), StringComparison.Ordinal).Replace("QUEUED", Queued.ToString(), StringComparison.Ordinal));
            damage.What.Should().Contain(what);
            damage.Mended.Should().Be(mend && mends);
        }
        var after = await CheckAsync();
        if (mends) after.Should().BeEmpty("it was mended");
        else after.Should().ContainSingle("it stays for a person");
    }

    protected async Task<List<Damage>> CheckAsync(bool mend = false, bool readBodies = false, TimeSpan? grace = null)
    {
        var damages = new List<Damage>();
        await foreach (var damage in new ConsistencyCheck(Stores.Content, Stores.Queue, Stores.Inspection, Time).RunAsync(new ConsistencyCheckOptions(readBodies, mend, grace ?? TimeSpan.FromDays(2)), default)) damages.Add(damage);
        return damages;
    }

    protected async Task<ContentInfo> PutAsync(string text)
    {
        await using var writer = await Stores.Content.CreateAsync(default);
        await writer.WriteAsync(Encoding.ASCII.GetBytes(text), default);
        return await writer.CommitAsync(default);
    }

    private async Task<NewMessage> AppendAsync(MailboxId mailbox, string text, SystemFlags flags)
    {
        var content = await PutAsync(text);
        var trace = "Return-Path: <a@example.test>\r\n"u8.ToArray();
        var message = new NewMessage
        {
            Flags = new MessageFlags(flags, []),
            InternalDate = Time.GetUtcNow(),
            Content = content.Id,
            TracePrefix = trace,
            Size = content.Size + trace.Length,
            EmailId = "M1",
            ThreadId = "T1",
            Structure = Samples.Structure("Hello"),
        };
        (await Stores.Mailboxes.AppendAsync(Ann, mailbox, [message], null, null, default)).Should().BeOfType<AppendOutcome.Done>();
        return message;
    }
}
