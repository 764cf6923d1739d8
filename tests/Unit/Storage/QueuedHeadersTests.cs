using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Xunit;

namespace Merpati.Tests.Unit.Storage;

public sealed class QueuedHeadersTests
{
    [Theory]
    [InlineData("Subject: hello\r\nTo: ann@example.test\r\n\r\nSecret\r\n", "Subject: hello\r\nTo: ann@example.test\r\n")]
    [InlineData("Subject: no body\r\n", "Subject: no body\r\n")]
    [InlineData("\r\nSecret", "")]
    [InlineData("Subject: bare\n\nSecret", "Subject: bare\n")]
    [InlineData("", "")]
    public async Task The_header_is_shown_with_what_acceptance_put_on_top_and_nothing_of_the_body(string message, string shown)
    {
        var (id, headers) = await QueuedAsync(message);
        (await ReadAsync(headers, id)).Should().Be("Received: by us\r\n" + shown);
    }

    [Fact]
    public async Task A_header_without_end_is_cut_off()
    {
        var (id, headers) = await QueuedAsync(string.Concat(Enumerable.Repeat("X-Filler: 0123456789\r\n", 10_000)));
        (await ReadAsync(headers, id))!.Length.Should().Be(IQueuedHeaders.MaxOctets);
    }

    [Fact]
    public async Task The_beginning_is_the_message_as_it_came()
    {
        var (id, headers) = await QueuedAsync("Subject: hello\r\n\r\nbody\r\n");
        Encoding.ASCII.GetString((await headers.ReadBeginningAsync(id, CancellationToken.None))!.Value.Span).Should().Be("Subject: hello\r\n\r\nbody\r\n");
        (id, headers) = await QueuedAsync(new string('x', IQueuedHeaders.MaxBeginning + 1));
        (await headers.ReadBeginningAsync(id, CancellationToken.None))!.Value.Length.Should().Be(IQueuedHeaders.MaxBeginning);
        (await headers.ReadBeginningAsync(QueueId.New(TimeProvider.System), CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task What_is_not_in_the_queue_has_none()
    {
        var (_, headers) = await QueuedAsync("Subject: hello\r\n\r\n");
        (await ReadAsync(headers, QueueId.New(TimeProvider.System))).Should().BeNull();
    }

    private static async Task<(QueueId, QueuedHeaders)> QueuedAsync(string message)
    {
        var (queue, contents) = (new InMemoryMailQueue(TimeProvider.System), new InMemoryContentStore(TimeProvider.System));
        await using var writer = await contents.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(Encoding.ASCII.GetBytes(message), CancellationToken.None);
        var content = await writer.CommitAsync(CancellationToken.None);
        var entry = new QueueEntry
        {
            Id = QueueId.New(TimeProvider.System),
            Route = QueueRoute.Relay,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = "Received: by us\r\n"u8.ToArray(),
            ReversePath = ReversePath.Null,
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("ann@example.test")) }],
            AcceptedAt = DateTimeOffset.UnixEpoch,
        };
        await queue.EnqueueAsync(entry, CancellationToken.None);
        return (entry.Id, new QueuedHeaders(queue, contents));
    }

    private static async Task<string?> ReadAsync(QueuedHeaders headers, QueueId id)
        => await headers.ReadAsync(id, CancellationToken.None) is { } octets ? Encoding.ASCII.GetString(octets.Span) : null;
}
