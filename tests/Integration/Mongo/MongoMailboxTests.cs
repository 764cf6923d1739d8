using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Tests.Contracts.Mailboxes;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Integration.Mongo;

public sealed class MongoMailboxTree : MailboxTreeContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxMessages : MailboxMessagesContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxAnnotations : MailboxAnnotationsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxDelivery : MailboxDeliveryContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxGrants : MailboxGrantsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxOrder : MailboxOrderContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoMailboxModel : MailboxModelContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

public sealed class MongoSearch : SearchIndexContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => MongoMailboxStoreHost.StartAsync();
}

/// <summary>Reopening is another process: the one before it goes on clearing away, as one that was not stopped in time would.</summary>
internal sealed class MongoMailboxStoreHost : IMailboxStoreHost
{
    private readonly MongoServer _server;

    private MongoMailboxStoreHost() => _server = new MongoServer(Time, MongoStoreKinds.Mailboxes);

    public ISearchIndex Index => _server.Stores.SearchIndex;

    public IMailboxStore Store => _server.Stores.Mailboxes;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public static async ValueTask<IMailboxStoreHost> StartAsync()
    {
        var host = new MongoMailboxStoreHost();
        await host.ReopenAsync();
        return host;
    }

    public async ValueTask ReopenAsync() => await _server.OpenAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
