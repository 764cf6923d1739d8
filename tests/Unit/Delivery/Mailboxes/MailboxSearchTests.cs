using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.Delivery.Mailboxes;

/// <summary>An inbox with four messages, for searches that change nothing.</summary>
public sealed class SearchedInbox : IAsyncLifetime
{
    private readonly MailboxesFixture _fixture = new();
    private MailboxInfo _inbox = null!;

    internal MailboxesFixture Fixture => _fixture;

    internal ModSeq ThirdModSeq { get; private set; }

    public async Task InitializeAsync()
    {
        await _fixture.AppendAsync(
            "From: =?utf-8?Q?J=C3=B6rg?= <joerg@example.org>\r\nTo: \"Doe, Ann\" <ann@example.test>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\nDate: Mon, 24 Nov 2025 23:30:00 -0500\r\nX-Mailer: pigeon\r\n\r\nHello Ann.\r\n",
            new MessageFlags(SystemFlags.Seen, []), new DateTimeOffset(2025, 11, 20, 1, 0, 0, TimeSpan.FromHours(2)));
        await _fixture.AppendAsync(
            "From: bob@example.org\r\nSubject: figures\r\nBcc:\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+R3I8Yj7DvMOfPC9iPmU8L3A+\r\n",
            new MessageFlags(SystemFlags.Flagged, ["$Work"]), new DateTimeOffset(2025, 11, 21, 1, 0, 0, TimeSpan.Zero));
        ThirdModSeq = (await _fixture.AppendAsync("Subject: last\r\n\r\n" + new string('x', 500), internalDate: new DateTimeOffset(2025, 11, 22, 23, 59, 0, TimeSpan.FromHours(-8)))).ModSeq;
        await _fixture.DeliverAsync("Subject: delivered\r\n\r\nbody\r\n", "Delivered-To: ann@example.test\r\nDate: Tue, 25 Nov 2025 08:00:00 +0000\r\n");
        _inbox = await _fixture.InboxAsync();
    }

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    internal async Task<IEnumerable<uint>> SearchAsync(SearchCriteria criteria)
        => (await _fixture.Mailboxes.SearchAsync(_fixture.Account.Id, _inbox.Id, criteria, default)).Select(uid => uid.Value);
}

public sealed class MailboxSearchTests(SearchedInbox inbox) : IClassFixture<SearchedInbox>
{
    public static TheoryData<SearchCriteria, uint[]> Searches => new()
    {
        { new SearchCriteria.All(), [1, 2, 3, 4] },
        { new SearchCriteria.And([]), [1, 2, 3, 4] },
        { new SearchCriteria.Uids(UidSet.Of([new UidRange(new Uid(2), new Uid(3))])), [2, 3] },
        { new SearchCriteria.And([new SearchCriteria.Uids(UidSet.Of(new Uid(2), new Uid(3))), new SearchCriteria.Uids(UidSet.Of(new Uid(3), new Uid(4)))]), [3] },
        { new SearchCriteria.HasFlag(SystemFlags.Seen), [1] },
        { new SearchCriteria.Not(new SearchCriteria.HasFlag(SystemFlags.Seen)), [2, 3, 4] },
        { new SearchCriteria.HasKeyword("$work"), [2] },
        { new SearchCriteria.RecentFrom(new Uid(3)), [3, 4] },
        { new SearchCriteria.Larger(400), [3] },
        { new SearchCriteria.Smaller(100), [4] },
        { new SearchCriteria.Internal(new DateOnly(2025, 11, 21), null), [2, 3, 4] },
        { new SearchCriteria.Internal(new DateOnly(2025, 11, 22), new DateOnly(2025, 11, 23)), [3] },
        { new SearchCriteria.Internal(null, new DateOnly(2025, 11, 21)), [1] },
        { new SearchCriteria.Sent(new DateOnly(2025, 11, 24), new DateOnly(2025, 11, 25)), [1] },
        { new SearchCriteria.Sent(null, new DateOnly(2030, 1, 1)), [1, 4] },
        { new SearchCriteria.Header("Subject", "GR\u00dc\u00dfe"), [1] },
        { new SearchCriteria.Header("FROM", "j\u00d6rg <joerg@"), [1] },
        { new SearchCriteria.Header("to", "doe, ann"), [1] },
        { new SearchCriteria.Header("To", ""), [1] },
        { new SearchCriteria.Header("Bcc", ""), [2] },
        { new SearchCriteria.Header("Sender", "bob"), [] },
        { new SearchCriteria.Header("X-Mailer", ""), [1] },
        { new SearchCriteria.Header("x-mailer", "PIGEON"), [1] },
        { new SearchCriteria.Header("Delivered-To", "ann"), [4] },
        { new SearchCriteria.Header("Date", "25 nov"), [4] },
        { new SearchCriteria.Body("hello"), [1] },
        { new SearchCriteria.Body("gr\u00fc\u00dfe"), [2] },
        { new SearchCriteria.Anywhere("gr\u00fc\u00dfe"), [1, 2] },
        { new SearchCriteria.Anywhere("delivered-to: ann"), [4] },
        { new SearchCriteria.And([new SearchCriteria.Body("hello"), new SearchCriteria.HasFlag(SystemFlags.Flagged)]), [] },
        { new SearchCriteria.And([new SearchCriteria.Body("gr\u00fc"), new SearchCriteria.And([new SearchCriteria.HasFlag(SystemFlags.Flagged), new SearchCriteria.Larger(10)])]), [2] },
        { new SearchCriteria.Or(new SearchCriteria.Body("hello"), new SearchCriteria.HasKeyword("$Work")), [1, 2] },
        { new SearchCriteria.Not(new SearchCriteria.Or(new SearchCriteria.Body("hello"), new SearchCriteria.HasKeyword("$Work"))), [3, 4] },
    };

    [Theory]
    [MemberData(nameof(Searches), DisableDiscoveryEnumeration = true)]
    public async Task Finds(SearchCriteria criteria, uint[] expected) => (await inbox.SearchAsync(criteria)).Should().Equal(expected);

    [Fact]
    public async Task Finds_by_modseq() => (await inbox.SearchAsync(new SearchCriteria.ModSeqFrom(inbox.ThirdModSeq))).Should().Equal(3, 4);

    [Fact]
    public async Task Passes_over_a_damaged_message()
    {
        await using var fixture = new MailboxesFixture();
        var sound = await fixture.AppendAsync("Subject: sound\r\n\r\nhello\r\n");
        var damaged = await fixture.AppendAsync("Subject: damaged\r\n\r\nhello too\r\n");
        await fixture.Contents.DeleteAsync([damaged.Content], default);
        var id = (await fixture.InboxAsync()).Id;
        (await fixture.Mailboxes.SearchAsync(fixture.Account.Id, id, new SearchCriteria.Body("hello"), default)).Should().Equal(sound.Uid);
        (await fixture.Mailboxes.SearchAsync(fixture.Account.Id, id, new SearchCriteria.Header("Subject", "damaged"), default)).Should().Equal(damaged.Uid);
    }

    [Fact]
    public async Task Finds_nothing_in_a_mailbox_that_is_gone()
        => (await inbox.Fixture.Mailboxes.SearchAsync(inbox.Fixture.Account.Id, new MailboxId(Guid.NewGuid()), new SearchCriteria.Body("hello"), default)).Should().BeEmpty();
}
