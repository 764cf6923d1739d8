using System.Text;
using AwesomeAssertions;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Stores;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>
/// <see cref="ISearchIndex"/>: whatever is in it, a search of a mailbox finds those messages in which a look at each message by itself finds the text.
/// </summary>
public abstract class SearchIndexContract : IAsyncLifetime
{
    private static readonly string[] Names = ["INBOX", "Archive", "Trash"];

    private readonly Dictionary<string, MailboxId> _ids = [];
    private IMailboxStoreHost _host = null!;
    private InMemoryContentStore _contents = null!;
    private IMailboxes _mailboxes = null!;
    private SearchIndexer _indexer = null!;

    private static CancellationToken None => CancellationToken.None;

    private static AccountId Ann { get; } = new SingleAccountDirectory().Account.Id;

    public async Task InitializeAsync()
    {
        _host = await OpenHostAsync();
        _contents = new InMemoryContentStore(_host.Time);
        await StartAsync();
        await _mailboxes.EnsureAccountAsync(Ann, None);
        foreach (var name in Names) _ids[name] = (await _mailboxes.FindAsync(Ann, MailboxName.Parse(name), None))!.Id;
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_search_finds_what_a_look_at_each_message_finds(int seed)
    {
        var random = new Random(seed);
        var texts = new SearchedTexts(random);
        for (var step = 0; step < 60; step++)
        {
            await StepAsync(random, texts);
            if (step == 40)
            {
                await StopAsync();
                await _host.ReopenAsync();
                await StartAsync();
            }
            if (step % 10 != 9) continue;
            foreach (var mailbox in _ids.Values)
            {
                for (var query = 0; query < 12; query++) await CompareAsync(mailbox, Criteria(random, texts, 2));
            }
        }
    }

    [Fact]
    public async Task A_message_is_found_before_and_after_it_is_indexed_and_not_after_it_went()
    {
        var inbox = _ids["INBOX"];
        await AppendAsync(inbox, "Subject: one\r\n\r\nthe quick brown fox");
        await AppendAsync(inbox, "Subject: two\r\n\r\nthe lazy dog");
        (await _host.Index.CountWaitingAsync(None)).Should().Be(2);
        (await SearchAsync(inbox, new SearchCriteria.Body("QUICK"))).Should().Equal(1);

        await _indexer.CatchUpAsync(None);
        (await _host.Index.CountWaitingAsync(None)).Should().Be(0);
        (await SearchAsync(inbox, new SearchCriteria.Body("quick"))).Should().Equal(1);
        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([new Uid(1)], []));
        (await FindAsync(inbox, "HE")).Should().BeEquivalentTo(new TextAnswers([new Uid(1), new Uid(2)], []));

        await _mailboxes.CopyAsync(Ann, inbox, UidSet.Of(new Uid(1)), _ids["Archive"], None);
        await _mailboxes.ExpungeAsync(Ann, inbox, UidSet.Of(new Uid(1)), onlyDeleted: false, None);
        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([], []));
        (await FindAsync(_ids["Archive"], "QUICK")).Should().BeEquivalentTo(new TextAnswers([new Uid(1)], []), "a copy has the text of its original");
    }

    [Fact]
    public async Task A_rebuild_makes_every_message_wait_and_answers_stay_right()
    {
        var inbox = _ids["INBOX"];
        await AppendAsync(inbox, "Subject: one\r\n\r\nthe quick brown fox");
        await _indexer.CatchUpAsync(None);
        var before = await _host.Index.WaitingAsync(10, None);

        await _indexer.RebuildAsync(None);
        before.Should().BeEmpty();
        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([], [new Uid(1)]));
        (await SearchAsync(inbox, new SearchCriteria.Body("quick"))).Should().Equal(1);
        await _indexer.CatchUpAsync(None);
        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([new Uid(1)], []));
        await _host.Index.PrepareAsync(None);
        (await _host.Index.CountWaitingAsync(None)).Should().Be(0, "the version is the one that there is");
    }

    [Fact]
    public async Task A_text_that_comes_for_a_message_that_went_is_dropped()
    {
        var inbox = _ids["INBOX"];
        await AppendAsync(inbox, "Subject: one\r\n\r\nthe quick brown fox");
        var waiting = (await _host.Index.WaitingAsync(10, None)).Single();
        await _mailboxes.ExpungeAsync(Ann, inbox, UidSet.All, onlyDeleted: false, None);
        await AppendAsync(inbox, "Subject: two\r\n\r\nthe lazy dog");
        await _host.Index.AddAsync([new IndexedText(waiting.Key, default, "THE QUICK BROWN FOX"u8.ToArray(), 0, IsWhole: true)], None);

        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([], [new Uid(2)]));
        await _indexer.CatchUpAsync(None);
        (await FindAsync(inbox, "QUICK")).Should().BeEquivalentTo(new TextAnswers([], []));
        (await FindAsync(inbox, "LAZY")).Should().BeEquivalentTo(new TextAnswers([new Uid(2)], []));
    }

    [Fact]
    public async Task The_index_of_one_account_tells_nothing_of_another()
    {
        await AppendAsync(_ids["INBOX"], "Subject: one\r\n\r\nthe quick brown fox");
        await _indexer.CatchUpAsync(None);
        (await _host.Index.FindAsync(AccountId.New(_host.Time), _ids["INBOX"], UidSet.All, TextQuery.Of("QUICK", inHeader: true)!, None)).Should().BeEquivalentTo(new TextAnswers([], []));
    }

    [Fact]
    public async Task A_message_longer_than_what_is_kept_is_searched_to_its_end()
    {
        var inbox = _ids["INBOX"];
        await AppendAsync(inbox, "Subject: long\r\n\r\n" + string.Join(' ', Enumerable.Range(0, 20_000)) + " needle");
        await _indexer.CatchUpAsync(None);
        (await FindAsync(inbox, "NEEDLE")).Should().BeEquivalentTo(new TextAnswers([], [new Uid(1)]));
        (await FindAsync(inbox, "HAYSTACK")).Should().BeEquivalentTo(new TextAnswers([], []), "its signature is of the whole text");
        (await SearchAsync(inbox, new SearchCriteria.Body("needle"))).Should().Equal(1);
    }

    protected abstract ValueTask<IMailboxStoreHost> OpenHostAsync();

    /// <summary>The mailboxes as a gateway has them.</summary>
    protected virtual Task<IMailboxes> ServeAsync(IMailboxes mailboxes) => Task.FromResult(mailboxes);

    protected virtual Task StopAsync() => Task.CompletedTask;

    private async Task StartAsync()
    {
        _mailboxes = await ServeAsync(Searches.Mailboxes(_host.Store, _contents, _host.Index, _host.Time));
        _indexer = Searches.Indexer(_host.Index, _contents, _host.Time);
    }

    private async Task StepAsync(Random random, SearchedTexts texts)
    {
        var (mailbox, other) = (_ids[Names[random.Next(Names.Length)]], _ids[Names[random.Next(Names.Length)]]);
        var uids = UidSet.Of(Enumerable.Range(0, 3).Select(_ => new Uid((uint)random.Next(1, 40))));
        switch (random.Next(12))
        {
            case < 7:
                for (var i = 0; i < 4; i++) await AppendAsync(mailbox, texts.Message());
                break;
            case 7:
                await _mailboxes.CopyAsync(Ann, mailbox, uids, other, None);
                break;
            case 8:
                await _mailboxes.MoveAsync(Ann, mailbox, uids, other, None);
                break;
            case 9:
                await _mailboxes.ExpungeAsync(Ann, mailbox, uids, onlyDeleted: false, None);
                break;
            case 10:
                await _mailboxes.StoreFlagsAsync(Ann, mailbox, uids, FlagOperation.Add, new MessageFlags(SystemFlags.Flagged, []), null, None);
                if (random.Next(8) == 0) await _indexer.RebuildAsync(None);
                break;
            default:
                await _indexer.CatchUpAsync(None);
                break;
        }
    }

    private static SearchCriteria Criteria(Random random, SearchedTexts texts, int depth) => random.Next(depth > 0 ? 12 : 8) switch
    {
        < 3 => new SearchCriteria.Body(texts.Query()),
        < 5 => new SearchCriteria.Anywhere(texts.Query()),
        5 => new SearchCriteria.Header(random.Next(2) == 0 ? "Subject" : "From", texts.Query()),
        6 => new SearchCriteria.Header("X-Note", random.Next(3) == 0 ? "" : texts.Query()),
        7 => random.Next(4) switch
        {
            0 => new SearchCriteria.HasFlag(SystemFlags.Flagged),
            1 => new SearchCriteria.Larger(random.Next(1000)),
            2 => new SearchCriteria.Header("To", "BOB@"),
            _ => new SearchCriteria.Header("Bcc", ""),
        },
        8 => new SearchCriteria.Not(Criteria(random, texts, depth - 1)),
        9 => new SearchCriteria.Or(Criteria(random, texts, depth - 1), Criteria(random, texts, depth - 1)),
        _ => new SearchCriteria.And([Criteria(random, texts, depth - 1), Criteria(random, texts, depth - 1)]),
    };

    private async Task CompareAsync(MailboxId mailbox, SearchCriteria criteria)
    {
        var expected = new List<uint>();
        foreach (var uid in (await _mailboxes.SnapshotAsync(Ann, mailbox, None))!.Value.Uids)
        {
            // One message alone is read, whatever the indexes know.
            if ((await _mailboxes.SearchAsync(Ann, mailbox, new SearchCriteria.And([new SearchCriteria.Uids(UidSet.Of(uid)), criteria]), None)).Count > 0) expected.Add(uid.Value);
        }
        (await SearchAsync(mailbox, criteria)).Should().Equal(expected, "of {0}", criteria);
    }

    private async Task<uint[]> SearchAsync(MailboxId mailbox, SearchCriteria criteria) => [.. (await _mailboxes.SearchAsync(Ann, mailbox, criteria, None)).Select(uid => uid.Value)];

    private ValueTask<TextAnswers> FindAsync(MailboxId mailbox, string folded) => _host.Index.FindAsync(Ann, mailbox, UidSet.All, TextQuery.Of(folded, inHeader: false)!, None);

    private Task AppendAsync(MailboxId mailbox, string message) => AppendAsync(mailbox, Encoding.UTF8.GetBytes(message));

    private async Task AppendAsync(MailboxId mailbox, byte[] message)
        => (await _mailboxes.AppendAsync(Ann, mailbox, MessageFlags.None, null, message.Length, new MemoryStream(message), None)).Should().BeOfType<AppendOutcome.Done>();
}
