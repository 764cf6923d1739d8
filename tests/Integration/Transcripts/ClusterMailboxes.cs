using Merpati.Accounts;
using Merpati.Delivery.Mailboxes;
using Merpati.Local.ForTests;
using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Storage.MongoDb;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Rpc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Merpati.Tests.Integration.Transcripts;

/// <summary>The mailboxes of the cluster without its processes: MongoDB, Delivery's <c>Mailboxes</c>, a gRPC server on loopback, and the gateways' client. One database serves all; each test has an account of its own.</summary>
internal static class ClusterMailboxes
{
    private static readonly string Database = "test-" + Guid.NewGuid().ToString("N")[..20];
    private static readonly Lock Turn = new();
    private static Task? _prepared;

    public static StoredMailboxes Of(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory) => new(feed, time, () => StartAsync(feed, time, directory));

    private static Task PreparedAsync()
    {
        lock (Turn) return _prepared ??= PrepareAsync();
    }

    private static async Task<StoredMailboxes.Parts> StartAsync(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory)
    {
        await PreparedAsync();
        var stores = await OpenAsync(time);
        var firstFetches = new FirstFetches(stores.Journal, directory, time, NullLogger<FirstFetches>.Instance);
        var search = Merpati.Tests.Contracts.Mailboxes.Searches.Over(stores.Mailboxes, stores.Content, stores.SearchIndex);
        var mailboxes = new Merpati.Delivery.Mailboxes.Mailboxes(stores.Mailboxes, stores.Content, feed, directory, firstFetches, search, Options.Create(new MailboxesOptions()), time);
        var pair = await RpcPair.StartAsync<IMailboxes>(mailboxes, endpoints => endpoints.MapMailboxes(), services => services.AddMailboxesClient());
        return new StoredMailboxes.Parts(stores.Mailboxes, stores.Content, pair.Client);
    }

    private static async Task PrepareAsync()
    {
        await using var stores = await OpenAsync(TimeProvider.System);
        await stores.PrepareAsync(MongoStoreKinds.Content | MongoStoreKinds.Mailboxes | MongoStoreKinds.Journal, CancellationToken.None);
    }

    private static async Task<MongoStores> OpenAsync(TimeProvider time)
        => new(new MongoStoreOptions { ConnectionString = await TestMongo.ConnectionStringAsync(), Database = Database }, time, NullLogger<MongoStores>.Instance);
}
