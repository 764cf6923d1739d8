using System.Globalization;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.TestKit.Smtp;

namespace Merpati.Tests.Faults;

/// <summary>Numbered messages for other servers, put into the queue as acceptance does, and what of them arrived there.</summary>
internal sealed record RelayLoad(int Messages, int Arrived, int Doubled)
{
    private const int Domains = 10;

    public int Lost => Messages - Arrived;

    /// <summary>Where the domains of <see cref="Recipients"/> are.</summary>
    public static string Zone { get; } = string.Join('\n', Enumerable.Range(0, Domains).Select(i => $"d{i}.test MX 10 mx.d{i}.test\nmx.d{i}.test A 127.0.0.1"));

    public static IEnumerable<string> Recipients(int messages) => Enumerable.Range(0, messages).Select(i => $"user{i}@d{i % Domains}.test");

    /// <summary>One message for each recipient, due in this order; its Message-ID is <c>number@test</c>.</summary>
    public static async Task EnqueueAsync(IContentStore contents, IMailQueue queue, IEnumerable<string> recipients)
    {
        var number = 0;
        foreach (var part in recipients.Chunk(200))
        {
            var first = number;
            var entries = await Task.WhenAll(part.Select((recipient, i) => EntryAsync(contents, first + i, recipient)));
            await queue.EnqueueAsync(entries, default);
            number += part.Length;
        }
    }

    /// <summary>What of so many messages is at the remote server now.</summary>
    public static RelayLoad ArrivedAt(ScriptedSmtpServer remote, int messages)
    {
        var copies = remote.Messages.CountBy(message => NumberOf(message.Octets)).ToList();
        return new RelayLoad(messages, copies.Count, copies.Sum(copy => copy.Value - 1));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Messages} messages, {Arrived} arrived, lost {Lost}, doubled {Doubled}");

    private static int NumberOf(byte[] message)
    {
        var text = Encoding.ASCII.GetString(message);
        var start = text.IndexOf("Message-ID: <", StringComparison.Ordinal) + "Message-ID: <".Length;
        return int.Parse(text.AsSpan(start, text.IndexOf('@', start) - start), CultureInfo.InvariantCulture);
    }

    private static async Task<QueueEntry> EntryAsync(IContentStore contents, int number, string recipient)
    {
        var address = EmailAddress.Parse(recipient);
        var text = string.Create(CultureInfo.InvariantCulture, $"From: ann@example.test\r\nTo: {recipient}\r\nSubject: {number}\r\nMessage-ID: <{number}@test>\r\n\r\n{new string('x', 2000)}\r\n");
        await using var writer = await contents.CreateAsync(default);
        await writer.WriteAsync(Encoding.ASCII.GetBytes(text), default);
        var content = await writer.CommitAsync(default);
        var now = TimeProvider.System.GetUtcNow();
        return new QueueEntry
        {
            Id = QueueId.New(TimeProvider.System),
            Route = QueueRoute.Relay,
            Destination = address.Domain,
            Content = content.Id,
            Size = content.Size,
            TraceHeaders = ReadOnlyMemory<byte>.Empty,
            // Of many senders, as on a busy day; none of them hears of anything.
            ReversePath = new ReversePath(EmailAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"sender{number % 50}@example.test"))),
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(address, DsnNotify.Never) }],
            AcceptedAt = now,
            NextAttemptAt = now,
        };
    }
}
