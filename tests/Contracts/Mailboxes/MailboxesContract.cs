using System.Text;
using AwesomeAssertions;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>
/// <see cref="IMailboxes"/>: what the gateways are promised beyond the store: octets in and out, searches, and faults that are the same wherever the mailboxes are.
/// </summary>
public abstract class MailboxesContract : IAsyncLifetime
{
    private readonly SqliteMailboxStoreHost _sqlite = SqliteMailboxStoreHost.Start();
    private readonly FaultyStore _contents;
    private IMailboxes _mailboxes = null!;
    private MailboxInfo _inbox = null!;

    protected MailboxesContract() => _contents = new FaultyStore(new InMemoryContentStore(_sqlite.Time));

    private static CancellationToken None => CancellationToken.None;

    private static AccountId Ann { get; } = new SingleAccountDirectory().Account.Id;

    public async Task InitializeAsync()
    {
        var directory = new SingleAccountDirectory();
        _mailboxes = await StartAsync(new Merpati.Delivery.Mailboxes.Mailboxes(
            _sqlite.Store,
            _contents,
            new LocalMailboxChangeFeed(),
            directory,
            new FirstFetches(new InMemoryJournal(), directory, _sqlite.Time, NullLogger<FirstFetches>.Instance),
            Searches.Over(_sqlite.Store, _contents, _sqlite.Index),
            Options.Create(new MailboxesOptions { MaxMessageSize = 4 * 1024 * 1024 }),
            _sqlite.Time));
        await _mailboxes.EnsureAccountAsync(Ann, None);
        _inbox = (await _mailboxes.FindAsync(Ann, MailboxName.Inbox, None))!;
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _sqlite.DisposeAsync();
    }

    protected abstract Task<IMailboxes> StartAsync(IMailboxes mailboxes);

    protected abstract Task StopAsync();

    [Fact]
    public async Task A_message_that_is_brought_back_is_what_it_was()
    {
        var saved = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var octets = Octets(1000);
        var earlier = new EarlierMessage(new Uid(12), "Sabc", "Tdef", saved);
        var outcome = await _mailboxes.AppendAsync(Ann, _inbox.Id, new[] { new MessageToAppend(MessageFlags.None, null, octets.Length, new MemoryStream(octets), earlier) }.ToAsyncEnumerable(), replaced: null, None);

        outcome.Should().BeOfType<AppendOutcome.Done>().Which.Messages.Should().ContainSingle().Which.Uid.Should().Be(new Uid(12));
        await foreach (var message in _mailboxes.MessagesAsync(Ann, _inbox.Id, UidSet.All, None))
            (message.Uid.Value, message.EmailId, message.ThreadId, message.SaveDate).Should().Be((12u, "Sabc", "Tdef", saved));
        (await _mailboxes.ContinueAsync(Ann, _inbox.Id, new MailboxPast(_inbox.UidValidity, new Uid(90), new ModSeq(1)), None))!.UidNext.Value.Should().Be(90);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(3_000_000)]
    public async Task A_message_comes_back_octet_for_octet(int size)
    {
        var octets = Octets(size);
        var date = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(-7));
        var message = await AppendAsync(octets, new MessageFlags(SystemFlags.Seen, ["$Label1"]), date);

        (message.Size, message.InternalDate, message.Flags.Keywords[0]).Should().Be((size, date, "$Label1"));
        (await ReadAsync(message, 0, long.MaxValue)).Should().Equal(octets);
        (await ReadAsync(message, size / 2, 70_000)).Should().Equal(octets.Skip(size / 2).Take(70_000));
        (await ReadAsync(message, size, 1)).Should().BeEmpty();
        (await ReadAsync(message, size + 10, 1)).Should().BeEmpty();
        (await ReadAsync(message, 0, 0)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_holds_a_NUL_is_kept_in_a_form_that_a_client_can_be_sent()
    {
        byte[] body = [0, 1, 2, 255, 0];
        var message = await AppendAsync([.. "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8, .. body]);
        var kept = Encoding.ASCII.GetString(await ReadAsync(message, 0, long.MaxValue));
        kept.Should().NotContain("\0").And.Contain("Content-Transfer-Encoding: base64").And.Contain(Convert.ToBase64String(body));
        message.Size.Should().Be(kept.Length);
    }

    [Fact]
    public async Task A_message_goes_into_another_account_with_the_flags_that_there_are_rights_for()
    {
        var bob = AccountId.New(_sqlite.Time);
        await _mailboxes.EnsureAccountAsync(bob, None);
        var theirs = (await _mailboxes.FindAsync(bob, MailboxName.Inbox, None))!;
        var octets = Octets(5000);
        var message = await AppendAsync(octets, new MessageFlags(SystemFlags.Seen | SystemFlags.Deleted | SystemFlags.Flagged, ["$Label1"]));
        var place = new MailboxPlace(bob, theirs.Id);

        var copied = (await _mailboxes.TransferAsync(Ann, _inbox.Id, UidSet.Of(message.Uid), place, MailboxRights.Insert | MailboxRights.Seen, move: false, None)).Should().BeOfType<CopyOutcome.Done>().Subject;
        copied.UidValidity.Should().Be(theirs.UidValidity);
        var copy = (await _mailboxes.MessagesAsync(bob, theirs.Id, UidSet.All, None).ToListAsync()).Should().ContainSingle().Subject;
        copied.Messages.Should().Equal(new CopiedMessage(message.Uid, copy.Uid));
        copy.Flags.Should().Be(new MessageFlags(SystemFlags.Seen, []));
        (copy.EmailId, copy.InternalDate, copy.Size).Should().Be((message.EmailId, message.InternalDate, message.Size));

        (await _mailboxes.TransferAsync(Ann, _inbox.Id, UidSet.Of(message.Uid), place, MailboxRights.All, move: true, None)).Should().BeOfType<CopyOutcome.Done>();
        (await _mailboxes.MessagesAsync(Ann, _inbox.Id, UidSet.All, None).ToListAsync()).Should().BeEmpty();
        var moved = (await _mailboxes.MessagesAsync(bob, theirs.Id, UidSet.All, None).ToListAsync())[1];
        moved.Flags.Should().Be(message.Flags);
        await using var stream = await _mailboxes.OpenAsync(bob, moved, 0, moved.Size, None);
        var read = new MemoryStream();
        await stream.CopyToAsync(read);
        read.ToArray().Should().Equal(octets);
        (await _mailboxes.TransferAsync(Ann, _inbox.Id, UidSet.Of(message.Uid), new MailboxPlace(bob, _inbox.Id), MailboxRights.All, move: false, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
    }

    [Fact]
    public async Task Within_an_account_too_flags_without_rights_are_left_out()
    {
        var message = await AppendAsync(Octets(100), new MessageFlags(SystemFlags.Seen | SystemFlags.Answered, ["$Label1"]));
        var archive = (await _mailboxes.FindAsync(Ann, MailboxName.Parse("Archive"), None))!;
        await _mailboxes.TransferAsync(Ann, _inbox.Id, UidSet.Of(message.Uid), new MailboxPlace(Ann, archive.Id), MailboxRights.Insert | MailboxRights.Write, move: true, None);
        (await _mailboxes.MessagesAsync(Ann, archive.Id, UidSet.All, None).ToListAsync()).Should().ContainSingle().Which.Flags.Should().Be(new MessageFlags(SystemFlags.Answered, ["$Label1"]));
        (await _mailboxes.MessagesAsync(Ann, _inbox.Id, UidSet.All, None).ToListAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_trace_prefix_and_its_content_are_read_as_one()
    {
        var prefix = Encoding.ASCII.GetBytes("Return-Path: <a@example.test>\r\n");
        var content = Encoding.ASCII.GetBytes("Subject: x\r\n\r\nbody\r\n");
        var id = await StoreAsync(content);
        await _sqlite.Store.AppendAsync(Ann, _inbox.Id, [new NewMessage
        {
            Flags = MessageFlags.None,
            InternalDate = _sqlite.Time.GetUtcNow(),
            Content = id,
            TracePrefix = prefix,
            Size = prefix.Length + content.Length,
            EmailId = "Q1",
            ThreadId = "T1",
            Structure = Samples.Structure("x"),
        }], null, null, None);
        var message = await OnlyAsync();
        byte[] whole = [.. prefix, .. content];

        foreach (var (offset, length) in ((int, int)[])[(0, 100), (3, 5), (3, 40), (prefix.Length, 4), (prefix.Length - 1, 2), (whole.Length - 2, 9)])
            (await ReadAsync(message, offset, length)).Should().Equal(whole.Skip(offset).Take(length), $"of {length} from {offset}");
    }

    [Fact]
    public async Task A_message_that_ends_early_is_not_there()
    {
        var octets = Octets(100_000);
        var append = () => _mailboxes.AppendAsync(Ann, _inbox.Id, MessageFlags.None, null, octets.Length + 1, new MemoryStream(octets), None).AsTask();

        await append.Should().ThrowAsync<EndOfStreamException>();
        (await _mailboxes.GetAsync(Ann, _inbox.Id, None))!.Messages.Should().Be(0);
        await EventuallyAsync(() => _contents.Open == 0);
        _contents.Committed.Should().Be(0);
    }

    [Fact]
    public async Task A_source_that_fails_passes_its_own_fault_on()
    {
        var append = () => _mailboxes.AppendAsync(Ann, _inbox.Id, MessageFlags.None, null, 200_000, new BrokenSource(), None).AsTask();

        await append.Should().ThrowAsync<InvalidOperationException>().WithMessage("the client sent nonsense");
        await EventuallyAsync(() => _contents.Open == 0);
        _contents.Committed.Should().Be(0);
    }

    [Fact]
    public async Task Only_what_was_announced_is_read()
    {
        var source = new MemoryStream(Octets(1000));
        await _mailboxes.AppendAsync(Ann, _inbox.Id, MessageFlags.None, null, 600, source, None);

        source.Position.Should().Be(600, "what follows is the client's next command");
        (await OnlyAsync()).Size.Should().Be(600);
    }

    [Fact]
    public async Task What_cannot_be_appended_is_a_value()
    {
        var gone = new MailboxId(Guid.NewGuid());
        (await _mailboxes.AppendAsync(Ann, gone, MessageFlags.None, null, 10, new MemoryStream(Octets(10)), None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        // Refused before it is read: the answer overtakes the octets.
        (await _mailboxes.AppendAsync(Ann, _inbox.Id, MessageFlags.None, null, 8_000_000, new MemoryStream(Octets(8_000_000)), None)).Should().BeOfType<AppendOutcome.TooLarge>();
    }

    [Fact]
    public async Task Damage_is_named_and_touches_no_other_message()
    {
        var damaged = await AppendAsync(Octets(1000));
        await AppendAsync(Octets(1000));
        _contents.Damaged.Add(damaged.Content);

        (await FluentActions.Awaiting(() => _mailboxes.OpenAsync(Ann, damaged, 0, 1000, None).AsTask()).Should().ThrowAsync<ContentDamagedException>()).Which.Content.Should().Be(damaged.Content);
        foreach (var message in (await MessagesAsync()).Skip(1)) (await ReadAsync(message, 0, long.MaxValue)).Should().HaveCount(1000);
    }

    [Fact]
    public async Task Damage_in_the_middle_ends_the_reading_and_not_the_message()
    {
        var message = await AppendAsync(Octets(1_000_000));
        _contents.BreaksAt = 500_000;
        await using var stream = await _mailboxes.OpenAsync(Ann, message, 0, message.Size, None);

        (await FluentActions.Awaiting(() => stream.CopyToAsync(Stream.Null)).Should().ThrowAsync<ContentDamagedException>()).Which.Content.Should().Be(message.Content);
    }

    [Fact]
    public async Task A_store_that_is_away_or_full_is_what_it_is()
    {
        _contents.Outage = new StoreUnavailableException("content", "it is being repaired");
        var append = () => _mailboxes.AppendAsync(Ann, _inbox.Id, MessageFlags.None, null, 10, new MemoryStream(Octets(10)), None).AsTask();
        await append.Should().ThrowAsync<StoreUnavailableException>();
        _contents.Outage = new StoreFullException("content");
        await append.Should().ThrowAsync<StoreFullException>();
        _contents.Outage = null;
        (await append()).Should().BeOfType<AppendOutcome.Done>();
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_its_own_word_back()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        await FluentActions.Awaiting(() => _mailboxes.SearchAsync(Ann, _inbox.Id, new SearchCriteria.All(), given.Token).AsTask()).Should().ThrowAsync<OperationCanceledException>();
        await FluentActions.Awaiting(() => _mailboxes.ListAsync(Ann, given.Token).AsTask()).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_reader_may_stop_in_the_middle()
    {
        var message = await AppendAsync(Octets(3_000_000));
        for (var i = 0; i < 20; i++)
        {
            await using var stream = await _mailboxes.OpenAsync(Ann, message, 0, message.Size, None);
            await stream.ReadExactlyAsync(new byte[10]);
        }
        await EventuallyAsync(() => _contents.Reading == 0);
    }

    [Fact]
    public async Task A_search_finds_text_and_structure()
    {
        await AppendAsync(Encoding.UTF8.GetBytes("From: bob@example.test\r\nSubject: Grüße\r\n\r\nthe quick brown fox\r\n"));
        await AppendAsync(Encoding.UTF8.GetBytes("From: eve@example.test\r\nSubject: other\r\n\r\nlazy dogs\r\n"));
        async Task<uint[]> Search(SearchCriteria criteria) => [.. (await _mailboxes.SearchAsync(Ann, _inbox.Id, criteria, None)).Select(uid => uid.Value)];

        (await Search(new SearchCriteria.Body("BROWN fox"))).Should().Equal(1);
        (await Search(new SearchCriteria.Header("Subject", "grüß"))).Should().Equal(1);
        (await Search(new SearchCriteria.Not(new SearchCriteria.Header("From", "bob")))).Should().Equal(2);
        (await Search(new SearchCriteria.Or(new SearchCriteria.Uids(UidSet.Of(new Uid(2))), new SearchCriteria.Larger(10)))).Should().Equal(1, 2);
        (await Search(new SearchCriteria.And([new SearchCriteria.All(), new SearchCriteria.Anywhere("nowhere")]))).Should().BeEmpty();
    }

    [Fact]
    public async Task Another_account_reaches_nothing_by_any_id()
    {
        var eve = new AccountId(Guid.NewGuid());
        await _mailboxes.EnsureAccountAsync(eve, None);
        await AppendAsync(Octets(100));

        (await _mailboxes.GetAsync(eve, _inbox.Id, None)).Should().BeNull();
        (await _mailboxes.SnapshotAsync(eve, _inbox.Id, None)).Should().BeNull();
        (await _mailboxes.SearchAsync(eve, _inbox.Id, new SearchCriteria.All(), None)).Should().BeEmpty();
        (await _mailboxes.ExpungeAsync(eve, _inbox.Id, UidSet.All, onlyDeleted: false, None)).Should().BeEmpty();
        (await _mailboxes.AppendAsync(eve, _inbox.Id, MessageFlags.None, null, 10, new MemoryStream(Octets(10)), None)).Should().BeOfType<AppendOutcome.NoSuchMailbox>();
        (await _mailboxes.CopyAsync(eve, _inbox.Id, UidSet.All, _inbox.Id, None)).Should().BeOfType<CopyOutcome.NoSuchMailbox>();
        (await MessagesAsync()).Should().ContainSingle();
    }

    /// <summary>Any octets but NUL: what holds that is not kept as it came.</summary>
    private static byte[] Octets(int size)
    {
        var octets = new byte[size];
        var random = new Random(size);
        for (var i = 0; i < size; i++) octets[i] = (byte)random.Next(1, 256);
        return octets;
    }

    private async Task<ContentId> StoreAsync(byte[] octets)
    {
        await using var writer = await _contents.CreateAsync(None);
        await writer.WriteAsync(octets, None);
        return (await writer.CommitAsync(None)).Id;
    }

    private async Task<MessageInfo> AppendAsync(byte[] octets, MessageFlags? flags = null, DateTimeOffset? date = null)
    {
        var outcome = await _mailboxes.AppendAsync(Ann, _inbox.Id, flags ?? MessageFlags.None, date, octets.Length, new MemoryStream(octets), None);
        var appended = outcome.Should().BeOfType<AppendOutcome.Done>().Which.Messages[0];
        return (await MessagesAsync()).Single(message => message.Uid == appended.Uid);
    }

    private async Task<List<MessageInfo>> MessagesAsync()
    {
        var messages = new List<MessageInfo>();
        await foreach (var message in _mailboxes.MessagesAsync(Ann, _inbox.Id, UidSet.All, None)) messages.Add(message);
        return messages;
    }

    private async Task<MessageInfo> OnlyAsync() => (await MessagesAsync()).Should().ContainSingle().Which;

    private async Task<byte[]> ReadAsync(MessageInfo message, long offset, long length)
    {
        await using var stream = await _mailboxes.OpenAsync(Ann, message, offset, length, None);
        var octets = new MemoryStream();
        await stream.CopyToAsync(octets);
        return octets.ToArray();
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition()) await Task.Delay(10, limit.Token);
    }

    private sealed class BrokenSource : MemoryStream
    {
        private int _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => (_read += buffer.Length) <= 130_000 ? ValueTask.FromResult(buffer.Length) : throw new InvalidOperationException("the client sent nonsense");
    }

    /// <summary>A content store that can be away, full or damaged, and that counts what is open.</summary>
    private sealed class FaultyStore(InMemoryContentStore contents) : IContentStore
    {
        private int _open;
        private int _reading;
        private int _committed;

        public Exception? Outage { get; set; }

        public HashSet<ContentId> Damaged => contents.Damaged;

        public long? BreaksAt { get; set; }

        public int Open => Volatile.Read(ref _open);

        public int Reading => Volatile.Read(ref _reading);

        public int Committed => Volatile.Read(ref _committed);

        public async ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken)
        {
            if (Outage is not null) throw Outage;
            Interlocked.Increment(ref _open);
            return new Writer(this, await contents.CreateAsync(cancellationToken));
        }

        public ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken) => contents.FindAsync(content, cancellationToken);

        public async ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken)
        {
            var stream = await contents.OpenAsync(content, offset, length, cancellationToken);
            Interlocked.Increment(ref _reading);
            return new Reader(this, content, stream);
        }

        public ValueTask DeleteAsync(IReadOnlyList<ContentId> removed, CancellationToken cancellationToken) => contents.DeleteAsync(removed, cancellationToken);

        public ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken) => contents.ListAsync(before, after, limit, cancellationToken);

        public ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) => contents.RemoveUnfinishedAsync(before, cancellationToken);

        private sealed class Writer(FaultyStore store, IContentWriter writer) : IContentWriter
        {
            public ContentId Id => writer.Id;

            public long Length => writer.Length;

            public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => writer.WriteAsync(octets, cancellationToken);

            public ValueTask<ContentInfo> CommitAsync(CancellationToken cancellationToken)
            {
                Interlocked.Increment(ref store._committed);
                return writer.CommitAsync(cancellationToken);
            }

            public ValueTask DisposeAsync()
            {
                Interlocked.Decrement(ref store._open);
                return writer.DisposeAsync();
            }
        }

        private sealed class Reader(FaultyStore store, ContentId content, Stream stream) : MemoryStream
        {
            private long _read;
            private bool _closed;

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                if (store.BreaksAt <= _read) throw new ContentDamagedException(content, "checksum");
                var read = await stream.ReadAsync(buffer, cancellationToken);
                _read += read;
                return read;
            }

            protected override void Dispose(bool disposing)
            {
                if (!_closed) Interlocked.Decrement(ref store._reading);
                _closed = true;
                base.Dispose(disposing);
            }
        }
    }
}

public sealed class DeliveryMailboxes : MailboxesContract
{
    protected override Task<IMailboxes> StartAsync(IMailboxes mailboxes) => Task.FromResult(mailboxes);

    protected override Task StopAsync() => Task.CompletedTask;
}
