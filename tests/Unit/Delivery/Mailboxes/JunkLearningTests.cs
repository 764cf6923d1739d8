using AwesomeAssertions;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Classifier;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Delivery.Mailboxes;

/// <summary>What people move to and from junk teaches the classifier.</summary>
public sealed class JunkLearningTests : IAsyncLifetime
{
    private readonly MailboxesFixture _fixture = new();
    private SharedClassifier _classifier = null!;
    private JunkLearning _learning = null!;
    private MailboxInfo _inbox = null!;
    private MailboxInfo _junk = null!;

    public async Task InitializeAsync()
    {
        _inbox = await _fixture.InboxAsync();
        _junk = await WithUseAsync(SpecialUse.Junk);
        _classifier = new SharedClassifier(new InMemorySharedRecords(_fixture.Time), _fixture.Time);
        _learning = new JunkLearning(_fixture.Store, _fixture.Contents, _classifier, _fixture.Time, NullLogger<JunkLearning>.Instance);
        _fixture.Moved.Learner = _learning;
        await _learning.StartAsync(default);
    }

    public async Task DisposeAsync()
    {
        await _learning.StopAsync(default);
        _learning.Dispose();
        _classifier.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Into_junk_is_junk_and_out_of_it_is_none()
    {
        var message = await _fixture.AppendAsync("Subject: cheap pills\r\n\r\nbuy now\r\n");
        var moved = await MoveAsync(_inbox, message.Uid, _junk);
        await LearnedAsync(junk: 1, other: 0);

        await MoveAsync(_junk, moved, _inbox);
        await LearnedAsync(junk: 0, other: 1);
    }

    [Fact]
    public async Task A_copy_counts_as_clients_without_MOVE_make_it()
    {
        var message = await _fixture.AppendAsync("Subject: cheap pills\r\n\r\nbuy now\r\n");
        (await _fixture.Mailboxes.CopyAsync(_fixture.Account.Id, _inbox.Id, UidSet.Of(message.Uid), _junk.Id, default)).Should().BeOfType<CopyOutcome.Done>();
        await LearnedAsync(junk: 1, other: 0);
    }

    [Fact]
    public async Task From_junk_into_deleted_messages_teaches_nothing_nor_do_moves_elsewhere()
    {
        var trash = await WithUseAsync(SpecialUse.Trash);
        var archive = await WithUseAsync(SpecialUse.Archive);
        var one = await _fixture.AppendAsync("Subject: one\r\n\r\nfirst message\r\n");
        var two = await _fixture.AppendAsync("Subject: two\r\n\r\nsecond message\r\n");
        var junk = await MoveAsync(_inbox, one.Uid, _junk);
        await LearnedAsync(junk: 1, other: 0);

        await MoveAsync(_junk, junk, trash);
        var kept = await MoveAsync(_inbox, two.Uid, archive);
        await MoveAsync(archive, kept, _inbox);
        // Something to wait for that comes after them.
        var three = await _fixture.AppendAsync("Subject: three\r\n\r\nthird message\r\n");
        await MoveAsync(_inbox, three.Uid, _junk);
        await LearnedAsync(junk: 2, other: 0);
    }

    private async Task<Uid> MoveAsync(MailboxInfo from, Uid uid, MailboxInfo to)
        => (await _fixture.Mailboxes.MoveAsync(_fixture.Account.Id, from.Id, UidSet.Of(uid), to.Id, default)).Should().BeOfType<CopyOutcome.Done>().Which.Messages.Should().ContainSingle().Which.Destination;

    private async Task<MailboxInfo> WithUseAsync(SpecialUse use)
    {
        await _fixture.InboxAsync();
        await foreach (var mailbox in ListAsync())
        {
            if (mailbox.SpecialUse == use) return mailbox;
        }
        (await _fixture.Mailboxes.CreateAsync(_fixture.Account.Id, MailboxName.Parse(use.ToString()), use, default)).Should().Be(MailboxOutcome.Done);
        return (await _fixture.Mailboxes.FindAsync(_fixture.Account.Id, MailboxName.Parse(use.ToString()), default))!;
    }

    private async IAsyncEnumerable<MailboxInfo> ListAsync()
    {
        foreach (var mailbox in await _fixture.Mailboxes.ListAsync(_fixture.Account.Id, default)) yield return mailbox;
    }

    private async Task LearnedAsync(int junk, int other)
    {
        for (var attempt = 0; ; attempt++)
        {
            var model = await _classifier.ReadAsync(default);
            if ((model.Junk, model.Other) == (junk, other)) return;
            attempt.Should().BeLessThan(1000, $"{junk} of junk and {other} others were to be learned, and {model.Junk} and {model.Other} are");
            _fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }
    }
}
