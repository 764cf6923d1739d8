using System.Text.Json;
using Merpati.Local.Cluster;
using Merpati.Local.ForTests;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using MongoDB.Bson;
using MongoDB.Driver;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>One bad message is the trouble of that message alone: it is put aside with a reason that people find, and the queue goes on.</summary>
[Collection(ClusterFaults.Name)]
public sealed class PoisonTest(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_poisoned_message_is_held_and_named_and_the_others_are_delivered()
    {
        var database = "";
        await using var server = await ClusterServer.StartAsync(settings =>
        {
            database = settings.Database;
            return settings;
        });
        var account = server.Accounts[0];
        var delivery = server.Cluster.First(ServiceKind.Delivery);
        await delivery.StopAsync();
        var ids = new List<string>();
        for (var number = 0; number < 5; number++) ids.Add(await AcceptAsync(server, account.Address, number));

        // Octets that the disk has changed, and an entry that the program cannot make sense of.
        var (damaged, unreadable) = (ids[1], ids[3]);
        var store = new MongoClient(await TestMongo.ConnectionStringAsync()).GetDatabase(database);
        var entries = store.GetCollection<BsonDocument>("queue.entries");
        var entry = await (await entries.FindAsync(IdOf(damaged))).SingleAsync();
        var chunks = store.GetCollection<BsonDocument>("contents.chunks");
        var chunk = await (await chunks.FindAsync(new BsonDocument("files_id", entry["content"]))).FirstAsync();
        var octets = chunk["data"].AsByteArray;
        octets[octets.Length / 2] ^= 0x40;
        Assert.Equal(1, (await chunks.UpdateOneAsync(new BsonDocument("_id", chunk["_id"]), new BsonDocument("$set", new BsonDocument("data", octets)))).ModifiedCount);
        Assert.Equal(1, (await entries.UpdateOneAsync(IdOf(unreadable), new BsonDocument("$set", new BsonDocument("body", "poison")))).ModifiedCount);

        await delivery.StartAsync();
        await delivery.WaitUntilReadyAsync();
        using var patience = new CancellationTokenSource(Patience);
        await using var reader = await MailboxClient.OpenAsync("reader", server.ImapsPort, account, Patience);
        while (reader.Count < 3) await LookAsync();
        while (!(await TraceAsync(server, damaged)).Contains("eld", StringComparison.Ordinal)) patience.Token.ThrowIfCancellationRequested();
        output.WriteLine(await TraceAsync(server, damaged));
        Assert.Contains("damaged", await TraceAsync(server, damaged), StringComparison.OrdinalIgnoreCase);

        var listed = await server.MerpatiAsync(null, "queue", "list", "--json");
        Assert.True(listed.ExitCode == 0, listed.ToString());
        Assert.Contains(damaged, listed.Output, StringComparison.Ordinal);
        while (!(await File.ReadAllTextAsync(delivery.LogFile)).Contains(unreadable, StringComparison.Ordinal)) patience.Token.ThrowIfCancellationRequested();

        // Nothing is forgotten: both are still open, and new mail goes its way.
        var status = await server.MerpatiAsync(null, "queue", "status", "--json");
        var ledger = JsonDocument.Parse(status.Output).RootElement.GetProperty("ledger");
        Assert.Equal(2, ledger.GetProperty("open").GetInt64());
        Assert.Equal(0, ledger.GetProperty("unaccounted").GetInt64());
        await AcceptAsync(server, account.Address, 5);
        while (reader.Count < 4) await LookAsync();

        Task LookAsync()
        {
            patience.Token.ThrowIfCancellationRequested();
            return reader.NoopAsync();
        }
    }

    private static BsonDocument IdOf(string queueId) => new("_id", new BsonBinaryData(Guid.ParseExact(queueId, "N"), GuidRepresentation.Standard));

    private static async Task<string> AcceptAsync(ClusterServer server, string address, int number)
    {
        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<>");
        await smtp.SmtpAsync($"RCPT TO:<{address}>");
        await smtp.SmtpAsync("DATA");
        var reply = await smtp.SmtpDataAsync(System.Text.Encoding.ASCII.GetBytes($"Subject: number {number}\r\n\r\nthe text of message {number}\r\n"));
        Assert.StartsWith("250 2.0.0 Ok: queued as ", reply, StringComparison.Ordinal);
        return reply.TrimEnd().Split(' ')[^1];
    }

    private static async Task<string> TraceAsync(ClusterServer server, string id) => (await server.MerpatiAsync(null, "trace", id)).Output;
}
