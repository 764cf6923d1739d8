using System.Text;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary><see cref="IMailboxAnnotations"/>: set, change, remove; whose they are, what they may weigh, and when they go.</summary>
public abstract class MailboxAnnotationsContract : MailboxStoreContract
{
    [Fact]
    public async Task AnnotationsAreKeptByMailboxAndEntry()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        var sent = (await MailboxAsync("Sent")).Id;
        (await SetAsync(inbox, ("/shared/comment", "ours"), ("/private/comment", ""))).Should().Be(AnnotationOutcome.Done);
        (await SetAsync(sent, ("/private/comment", "what I sent"))).Should().Be(AnnotationOutcome.Done);
        (await SetAsync(Annotations.OfServer, ("/private/comment", "mine"))).Should().Be(AnnotationOutcome.Done);

        await ReopenAsync();

        (await GetAsync(inbox)).Should().Equal(("/private/comment", ""), ("/shared/comment", "ours"));
        (await GetAsync(sent)).Should().Equal(("/private/comment", "what I sent"));
        (await GetAsync(Annotations.OfServer)).Should().Equal(("/private/comment", "mine"));
        (await GetAsync(null)).Should().HaveCount(4);
    }

    [Fact]
    public async Task AValueIsReplacedAndRemovedAndHoldsAnyOctet()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        await SetAsync(inbox, ("/private/a", "1"), ("/private/b", "2"));
        (await SetAsync(inbox, ("/private/a", null), ("/private/none", null), ("/private/b", "3"), ("/private/b", "4"))).Should().Be(AnnotationOutcome.Done);
        (await GetAsync(inbox)).Should().Equal(("/private/b", "4"));

        byte[] all = [.. Enumerable.Range(0, 256).Select(octet => (byte)octet)];
        await Store.AnnotateAsync(Ann, inbox, [new AnnotationChange("/private/b", all)], None);
        (await Store.AnnotationsAsync(Ann, inbox, None).ToListAsync()).Single().Value.ToArray().Should().Equal(all);
    }

    [Fact]
    public async Task NobodyReachesWhatIsAnothers()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        await SetAsync(inbox, ("/shared/comment", "ann's"));

        (await Store.AnnotationsAsync(Bob, inbox, None).ToListAsync()).Should().BeEmpty();
        (await Store.AnnotationsAsync(Bob, null, None).ToListAsync()).Should().BeEmpty();
        (await Store.AnnotateAsync(Bob, inbox, [new AnnotationChange("/shared/comment", Encoding.UTF8.GetBytes("bob's"))], None)).Should().Be(AnnotationOutcome.NoSuchMailbox);
        (await GetAsync(inbox)).Should().Equal(("/shared/comment", "ann's"));
    }

    [Fact]
    public async Task AnnotationsGoWithTheirMailboxAndStayThroughARename()
    {
        var box = await CreateAsync("Projects");
        var other = await CreateAsync("Projects/Other");
        await SetAsync(box.Id, ("/private/comment", "x"));
        await SetAsync(other.Id, ("/private/comment", "y"));
        await Store.RenameAsync(Ann, box.Name, MailboxName.Parse("Work"), None);
        (await GetAsync(box.Id)).Should().Equal(("/private/comment", "x"));

        await Store.DeleteAsync(Ann, MailboxName.Parse("Work"), None);

        (await GetAsync(box.Id)).Should().BeEmpty();
        (await GetAsync(other.Id)).Should().Equal(("/private/comment", "y"));
        (await SetAsync(box.Id, ("/private/comment", "z"))).Should().Be(AnnotationOutcome.NoSuchMailbox);
        (await GetAsync(null)).Should().HaveCount(1);
    }

    [Fact]
    public async Task WhatIsTooMuchChangesNothing()
    {
        var inbox = (await MailboxAsync("INBOX")).Id;
        (await SetAsync(inbox, [.. Enumerable.Range(1, Annotations.MaxEntries).Select(n => ($"/private/{n}", (string?)"x"))])).Should().Be(AnnotationOutcome.Done);
        (await SetAsync(inbox, ("/private/1", "changed"), ("/private/more", "x"))).Should().Be(AnnotationOutcome.TooMany);
        (await SetAsync(inbox, ("/private/1", null), ("/private/more", "x"))).Should().Be(AnnotationOutcome.Done);
        (await GetAsync(inbox)).Should().HaveCount(Annotations.MaxEntries);

        var large = new string('x', Annotations.MaxValueLength);
        var outcome = AnnotationOutcome.Done;
        for (var i = 0; outcome == AnnotationOutcome.Done && i < 10; i++)
            outcome = await SetAsync((await CreateAsync($"Box {i}")).Id, [.. Enumerable.Range(1, Annotations.MaxEntries).Select(n => ($"/private/{n}", (string?)large))]);
        outcome.Should().Be(AnnotationOutcome.OverQuota);
        // What makes it less is taken all the same, and there is room again.
        (await SetAsync((await MailboxAsync("Box 0")).Id, [.. Enumerable.Range(1, Annotations.MaxEntries).Select(n => ($"/private/{n}", (string?)null))])).Should().Be(AnnotationOutcome.Done);
        (await SetAsync((await MailboxAsync("Sent")).Id, ("/private/1", large))).Should().Be(AnnotationOutcome.Done);
    }

    private ValueTask<AnnotationOutcome> SetAsync(MailboxId mailbox, params (string Entry, string? Value)[] changes)
        => Store.AnnotateAsync(Ann, mailbox, [.. changes.Select(change => new AnnotationChange(change.Entry, change.Value is null ? null : (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(change.Value)))], None);

    private async Task<List<(string Entry, string Value)>> GetAsync(MailboxId? mailbox)
        => [.. (await Store.AnnotationsAsync(Ann, mailbox, None).ToListAsync()).Select(annotation => (annotation.Entry, Encoding.UTF8.GetString(annotation.Value.Span)))];
}
