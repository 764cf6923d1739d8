using System.Globalization;
using System.Text;
using System.Text.Json;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>A data folder whose queue holds mail for other servers, and a Standalone on it that finds them in a zone of the test.</summary>
internal sealed class RelayBacklog : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("merpati-relay-").FullName;

    /// <summary>One message for each recipient, due in this order; its Message-ID is <c>number@test</c>.</summary>
    public async Task EnqueueAsync(IEnumerable<string> recipients)
    {
        await using var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = Folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance);
        var number = 0;
        foreach (var part in recipients.Chunk(200))
        {
            var first = number;
            var entries = await Task.WhenAll(part.Select((recipient, i) => EntryAsync(stores, first + i, recipient)));
            await stores.Queue.EnqueueAsync(entries, default);
            number += part.Length;
        }
    }

    /// <summary>Who has what in the queue when nobody has the folder open.</summary>
    public async Task<Ledger> LedgerAsync()
    {
        await using var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = Folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance);
        return await stores.Queue.LedgerAsync(default);
    }

    /// <param name="port">Where mail hosts are.</param>
    /// <param name="dns">Address of the resolver.</param>
    /// <param name="relay">Further keys of the section outboundRelay.</param>
    public async Task<StandaloneProcess> StartAsync(int port, string dns, Dictionary<string, object>? relay = null)
    {
        var keys = new Dictionary<string, object>(relay ?? []) { ["port"] = port };
        var configuration = new Dictionary<string, object>
        {
            ["outboundRelay"] = keys,
            ["dns"] = new { servers = new[] { dns } },
            ["destinations"] = new { allowPrivateAddresses = true },
        };
        var file = Folder + ".json";
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(configuration));
        return await StandaloneProcess.StartInAsync(Folder, "--config", file, "--hostname", "relay.example.test");
    }

    public static int NumberOf(byte[] message)
    {
        var text = Encoding.ASCII.GetString(message);
        var start = text.IndexOf("Message-ID: <", StringComparison.Ordinal) + "Message-ID: <".Length;
        return int.Parse(text.AsSpan(start, text.IndexOf('@', start) - start), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        File.Delete(Folder + ".json");
    }

    private static async Task<QueueEntry> EntryAsync(SqliteStores stores, int number, string recipient)
    {
        var address = EmailAddress.Parse(recipient);
        var text = string.Create(CultureInfo.InvariantCulture, $"From: ann@example.test\r\nTo: {recipient}\r\nSubject: {number}\r\nMessage-ID: <{number}@test>\r\n\r\n{new string('x', 2000)}\r\n");
        await using var writer = await stores.Content.CreateAsync(default);
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
