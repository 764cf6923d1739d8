using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.OutboundRelay.Sending;
using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>A message for many domains is signed once.</summary>
public sealed class RecentSignaturesTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly RecentSignatures _recent;
    private int _made;

    public RecentSignaturesTests() => _recent = new RecentSignatures(_time);

    [Fact]
    public async Task Entries_of_one_content_share_it_also_at_the_same_time()
    {
        var content = ContentId.New(_time);
        var gate = new TaskCompletionSource();
        var asked = Enumerable.Range(0, 10).Select(i => PrefixAsync(Entry(content, $"bob@d{i}.test"), gate.Task)).ToList();
        gate.SetResult();
        (await Task.WhenAll(asked)).Should().OnlyContain(prefix => prefix == "signature 1");
    }

    [Fact]
    public async Task What_differs_in_sender_header_or_form_is_signed_by_itself()
    {
        var content = ContentId.New(_time);
        await PrefixAsync(Entry(content, "bob@a.test"));
        (await PrefixAsync(Entry(content, "bob@b.test") with { TraceHeaders = "Received: another\r\n"u8.ToArray() })).Should().Be("signature 2");
        (await PrefixAsync(Entry(content, "bob@c.test") with { ReversePath = ReversePath.Null })).Should().Be("signature 3");
        (await PrefixAsync(Entry(content, "bob@d.test") with { Body = BodyType.EightBitMime })).Should().Be("signature 4");
        (await PrefixAsync(Entry(ContentId.New(_time), "bob@e.test"))).Should().Be("signature 5");
    }

    [Fact]
    public async Task After_a_minute_it_is_signed_anew()
    {
        var entry = Entry(ContentId.New(_time), "bob@a.test");
        await PrefixAsync(entry);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await PrefixAsync(entry)).Should().Be("signature 2");
    }

    [Fact]
    public async Task What_fails_for_one_is_tried_by_the_others()
    {
        var content = ContentId.New(_time);
        var gate = new TaskCompletionSource();
        var first = PrefixAsync(Entry(content, "bob@a.test"), gate.Task);
        var second = PrefixAsync(Entry(content, "bob@b.test"), Task.CompletedTask);
        gate.SetException(new IOException("The directory is away."));
        await first.Invoking(task => task).Should().ThrowAsync<IOException>();
        (await second).Should().Be("signature 1");
        (await PrefixAsync(Entry(content, "bob@c.test"))).Should().Be("signature 2");
    }

    private async Task<string> PrefixAsync(QueueEntry entry, Task? before = null)
        => Encoding.ASCII.GetString((await _recent.PrefixAsync(entry, entry.Body, async _ =>
        {
            await (before ?? Task.CompletedTask);
            return Encoding.ASCII.GetBytes($"signature {Interlocked.Increment(ref _made)}");
        }, CancellationToken.None)).Span);

    private QueueEntry Entry(ContentId content, string recipient) => new()
    {
        Id = QueueId.New(_time),
        Route = QueueRoute.Relay,
        Content = content,
        Size = 100,
        TraceHeaders = "Received: from a by b\r\n"u8.ToArray(),
        ReversePath = new ReversePath(EmailAddress.Parse("ann@example.test")),
        Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse(recipient)) }],
        AcceptedAt = _time.GetUtcNow(),
        NextAttemptAt = _time.GetUtcNow(),
    };
}
